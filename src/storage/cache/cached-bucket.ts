// A bucket behind the host's cache: listings, attributes and small bodies, invalidated by every write.
import { Readable } from 'node:stream';
import type { ClientSignal } from '../../core/client-signal.js';
import { isPromise } from '../../core/hooks.js';
import { isInternal } from '../../core/key.js';
import type { Cache } from '../../core/hooks.js';
import type { UploadStore } from '../upload-store.js';
import type { Bucket, ListRequest, Page, ReadRequest, ReadResult, StatResult } from '../bucket.js';
import {
  decide,
  decodePage,
  encodeFile,
  encodePage,
  fileDecoder,
  readFrom,
} from './cached-value.js';
import type { CachedFile, DecodeFile } from './cached-value.js';
import { joinedCalls, type Filled, type Join } from './joined-calls.js';
import { versionedCache, type Lookup, type VersionedCache } from './versioned-cache.js';

/** What a cache needs to know. */
export interface CacheSettings {
  readonly cache: Cache | undefined;
  readonly cacheTtlSeconds: number;
  readonly cacheMaxBodyBytes: number;
  readonly storage: { readonly bucket: string; readonly endpoint: string | undefined };
}

/** On whose behalf a bucket is used. */
export interface CachedCall {
  readonly signal: ClientSignal;
  readonly onCall: (operation: string) => void;
}

/** Told of every answer that the cache was asked for; an answer that it could not give is no hit. */
export type OnLookup = (hit: boolean) => void;

type Open = (container: string, call: CachedCall) => Bucket;

/** Buckets that answer from the cache where they can; the very same buckets when there is none. */
export function cachedBuckets(settings: CacheSettings, open: Open, onLookup: OnLookup): Open {
  const { cache, cacheTtlSeconds, cacheMaxBodyBytes: maxBodyBytes } = settings;
  if (cache === undefined) return open;
  const { bucket, endpoint } = settings.storage;
  const namespace = `s3files:${endpoint ?? 'aws'}/${bucket}:`;
  const shared = {
    cache: versionedCache(cache, namespace, cacheTtlSeconds),
    decodeFile: fileDecoder(),
    join: joinedCalls(),
    maxBodyBytes,
    onLookup,
  };
  return (container, call) =>
    cachedBucket({
      ...shared,
      container,
      signal: call.signal,
      direct: open(container, call),
      directFor: (signal) => open(container, { ...call, signal }),
    });
}

interface Parts {
  readonly container: string;
  readonly signal: ClientSignal;
  readonly direct: Bucket;
  /** The same bucket under another signal, for calls that others join. */
  readonly directFor: (signal: ClientSignal) => Bucket;
  readonly cache: VersionedCache;
  readonly decodeFile: DecodeFile;
  readonly join: Join;
  readonly maxBodyBytes: number;
  readonly onLookup: OnLookup;
}

function cachedBucket(parts: Parts): Bucket {
  const { container, direct, cache } = parts;
  // Relative keys of one container mean nothing in another, even where the files are the same.
  const fileVariant = `f${container.length}`;
  const lookUpFile = (key: string) => cache.lookup(container + key, fileVariant);

  // Invalidated before, so that little is outdated should this process die in between, and after, because
  // reads may have stored the old bytes meanwhile; also when the write failed: it may have happened.
  async function invalidating<T>(keys: readonly string[], write: () => Promise<T>): Promise<T> {
    const paths = withListings(keys.map((key) => container + key));
    await cache.invalidate(paths);
    try {
      return await write();
    } finally {
      await cache.invalidate(paths);
    }
  }

  return {
    list: async (request) => {
      // How far an upload has come is asked of storage each time: any process may have gone on with it.
      if (isInternal(request.prefix)) return direct.list(request);
      const variant = listVariant(container, request);
      return list(parts, await cache.lookup(container + request.prefix, variant), request);
    },
    // What is kept is the newest version.
    stat: async (key, conditions = {}) =>
      isInternal(key) || conditions.versionId !== undefined
        ? direct.stat(key, conditions)
        : stat(parts, await lookUpFile(key), key, conditions),
    read: (key, request = {}) => {
      if (isInternal(key) || request.versionId !== undefined) return direct.read(key, request);
      const lookup = lookUpFile(key);
      return isPromise(lookup)
        ? lookup.then((found) => read(parts, found, key, request))
        : read(parts, lookup, key, request);
    },
    write: (key, body, request) => invalidating([key], () => direct.write(key, body, request)),
    copy: (request) => invalidating([request.to], () => direct.copy(request)),
    remove: (key, ifMatch) => invalidating([key], () => direct.remove(key, ifMatch)),
    removeMany: (keys) => invalidating(keys, () => direct.removeMany(keys)),
    listVersions: (request) => direct.listVersions(request),
    removeVersions: (versions) =>
      invalidating(
        versions.map(({ key }) => key),
        () => direct.removeVersions(versions),
      ),
    sign: (request) => direct.sign(request),
    signedWritesAreBound: () => direct.signedWritesAreBound(),
    usage: () => direct.usage(),
    conditionalWrites: () => direct.conditionalWrites(),
    uploads: () => {
      const uploads = direct.uploads();
      const complete: UploadStore['complete'] = (upload, request) =>
        invalidating([upload.key], () => uploads.complete(upload, request));
      return { ...uploads, complete };
    },
  };
}

/** The keys themselves, and every folder whose listing may show them. */
function withListings(keys: readonly string[]): ReadonlySet<string> {
  const paths = new Set(keys);
  for (const key of keys)
    for (
      let slash = key.lastIndexOf('/');
      slash !== -1;
      slash = slash === 0 ? -1 : key.lastIndexOf('/', slash - 1)
    )
      paths.add(key.slice(0, slash + 1));
  return paths.add('');
}

function listVariant(container: string, request: ListRequest): string {
  const { recursive, limit = 0, after = '', afterKey } = request;
  const behind = afterKey === undefined ? [after] : [after, afterKey];
  return `l${container.length}:${JSON.stringify([recursive, limit, ...behind])}`;
}

async function list(parts: Parts, { slot, value }: Lookup, request: ListRequest): Promise<Page> {
  const page = slot === undefined ? undefined : decodePage(slot, value);
  parts.onLookup(page !== undefined);
  if (page !== undefined) return page;
  if (slot === undefined) return parts.direct.list(request);
  return parts.join(slot, parts.signal, async (signal) => {
    const fresh = await parts.directFor(signal).list(request);
    const isEmpty = fresh.files.length === 0 && fresh.folders.length === 0;
    // That something is not there is never stored.
    const stored = isEmpty ? undefined : parts.cache.store(slot, encodePage(slot, fresh));
    return { result: fresh, stored };
  });
}

async function stat(
  parts: Parts,
  { slot, value }: Lookup,
  key: string,
  conditions: Parameters<Bucket['stat']>[1] & object,
): Promise<StatResult> {
  const file = slot === undefined ? undefined : parts.decodeFile(slot, value);
  parts.onLookup(file !== undefined);
  if (file !== undefined) {
    const kind = decide(file.stat, conditions);
    return kind === 'precondition-failed' ? { kind } : { kind, stat: file.stat };
  }
  // Storage decides conditions in the same one call; only plain answers are stored.
  if (slot === undefined || !isEmpty(conditions)) return parts.direct.stat(key, conditions);
  return parts.join(`stat:${slot}`, parts.signal, async (signal) => {
    const result = await parts.directFor(signal).stat(key);
    const file = result.kind === 'found' ? { stat: result.stat, bytes: null } : undefined;
    return { result, stored: store(parts, slot, file) };
  });
}

function read(
  parts: Parts,
  { slot, value }: Lookup,
  key: string,
  request: ReadRequest,
): Promise<ReadResult> {
  const file = slot === undefined ? undefined : parts.decodeFile(slot, value);
  const answer = file === undefined ? undefined : answerFrom(file, request);
  parts.onLookup(answer !== undefined);
  if (answer !== undefined) return Promise.resolve(answer);
  const isTooLarge = file !== undefined && isOver(file.stat.size, parts.maxBodyBytes);
  if (slot === undefined || isTooLarge || !isEmpty(request)) return parts.direct.read(key, request);
  return readTogether(parts, slot, key);
}

/** Undefined when the answer needs bytes that are not there. */
function answerFrom({ stat, bytes }: CachedFile, request: ReadRequest): ReadResult | undefined {
  if (bytes !== null) return readFrom(stat, bytes, request);
  const kind = decide(stat, request);
  if (kind === 'found') return undefined;
  return kind === 'not-modified' ? { kind, stat } : { kind };
}

async function readTogether(parts: Parts, slot: string, key: string): Promise<ReadResult> {
  const take = await parts.join(`read:${slot}`, parts.signal, (signal) =>
    fill({ ...parts, signal }, slot, key),
  );
  return take() ?? parts.direct.read(key);
}

/** The result, for each who asks; one that is a stream only for the first, since it can be read once. */
type Take = () => ReadResult | undefined;

async function fill(parts: Parts, slot: string, key: string): Promise<Filled<Take>> {
  const result = await parts.directFor(parts.signal).read(key);
  if (result.kind !== 'found') return { result: () => result, stored: undefined };
  const { stat, body } = result;
  // Nobody is left who could take the stream.
  if (body instanceof Readable && parts.signal.aborted) body.destroy();
  if (isOver(stat.size, parts.maxBodyBytes))
    return { result: takenOnce(result), stored: store(parts, slot, { stat, bytes: null }) };
  // A body that breaks off throws here, so only whole ones are stored.
  const bytes = body instanceof Readable ? await wholeBody(body, parts.signal) : body;
  const file = bytes.length === stat.size ? { stat, bytes } : undefined;
  return { result: () => ({ ...result, body: bytes }), stored: store(parts, slot, file) };
}

// A body whose length is not known before its end is not kept.
function isOver(size: number | null, mostBytes: number): boolean {
  return size === null || size > mostBytes;
}

function takenOnce(result: ReadResult): Take {
  let left: ReadResult | undefined = result;
  return () => {
    const taken = left;
    left = undefined;
    return taken;
  };
}

async function wholeBody(body: Readable, signal: ClientSignal): Promise<Uint8Array> {
  const onAbort = (): void => void body.destroy();
  signal.addEventListener('abort', onAbort);
  try {
    return Buffer.concat(await body.toArray());
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function store(
  { cache }: Parts,
  slot: string,
  file: CachedFile | undefined,
): Promise<void> | undefined {
  // RFC 9111 section 5.2.2.5: whoever stored the file with no-store meant caches like this one too.
  if (file === undefined || /no-store/i.test(file.stat.cacheControl ?? '')) return undefined;
  return cache.store(slot, encodeFile(slot, file));
}

function isEmpty(request: object): boolean {
  return Object.keys(request).length === 0;
}
