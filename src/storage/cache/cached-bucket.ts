// A bucket behind the host's cache: listings, attributes and small bodies, forgotten on every write.
import type { ClientSignal } from '../../core/client-signal.js';
import type { Cache } from '../../core/hooks.js';
import type { Bucket, ListRequest, Page, ReadRequest, ReadResult, StatResult } from '../bucket.js';
import { isPromise, shelfOf } from './versioned-cache.js';
import type { Looked, Shelf } from './versioned-cache.js';
import {
  decide,
  decodeFile,
  decodePage,
  encodeFile,
  encodePage,
  readFrom,
} from './cached-value.js';
import type { CachedFile } from './cached-value.js';

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

/** What a fill brought, and when the cache has it. */
interface Filled<T> {
  readonly result: T;
  readonly kept: Promise<void> | undefined;
}

/** Runs a fill, or joins the one that already runs for this place. */
type Once = <T>(place: string, fill: () => Promise<Filled<T>>) => Promise<T>;

/** Buckets that answer from the cache where they can; the very same buckets when there is none. */
export function cachedBuckets(settings: CacheSettings, open: Open, onLookup: OnLookup): Open {
  const { cache, cacheTtlSeconds, cacheMaxBodyBytes: maxBodyBytes } = settings;
  if (cache === undefined) return open;
  const { bucket, endpoint } = settings.storage;
  const namespace = `s3files:${endpoint ?? 'aws'}/${bucket}:`;
  const shelf = shelfOf(cache, namespace, cacheTtlSeconds);
  const once = singleFlight();
  return (container, call) =>
    cachedBucket({
      container,
      direct: open(container, call),
      // A fill belongs to everyone who waits for it, so it does not end when its first asker leaves;
      // storage's own time limits end it.
      filling: () => open(container, { ...call, signal: new AbortController().signal }),
      shelf,
      once,
      maxBodyBytes,
      onLookup,
    });
}

interface Parts {
  readonly container: string;
  readonly direct: Bucket;
  /** The same bucket, for calls that outlive the client. */
  readonly filling: () => Bucket;
  readonly shelf: Shelf;
  readonly once: Once;
  readonly maxBodyBytes: number;
  readonly onLookup: OnLookup;
}

function cachedBucket(parts: Parts): Bucket {
  const { container, direct, shelf } = parts;
  // Relative keys of one container mean nothing in another, even where the files are the same.
  const fileVariant = `f${container.length}`;
  const lookAtFile = (key: string) => shelf.look(container + key, fileVariant);

  // Forgotten before, so that little is left to outdate should this process die in between, and
  // after, for fills that read the old bytes meanwhile; also when the write failed: it may have happened.
  async function outdate<T>(keys: readonly string[], write: () => Promise<T>): Promise<T> {
    const paths = withListings(keys.map((key) => container + key));
    await shelf.forget(paths);
    try {
      return await write();
    } finally {
      await shelf.forget(paths);
    }
  }

  return {
    list: async (request) => {
      const looked = await shelf.look(container + request.prefix, listVariant(container, request));
      return list(parts, looked, request);
    },
    stat: async (key, conditions = {}) => stat(parts, await lookAtFile(key), key, conditions),
    read: (key, request = {}) => {
      const looked = lookAtFile(key);
      return isPromise(looked)
        ? looked.then((found) => read(parts, found, key, request))
        : read(parts, looked, key, request);
    },
    write: (key, body, request) => outdate([key], () => direct.write(key, body, request)),
    copy: (request) => outdate([request.to], () => direct.copy(request)),
    remove: (key, ifMatch) => outdate([key], () => direct.remove(key, ifMatch)),
    removeMany: (keys) => outdate(keys, () => direct.removeMany(keys)),
    sign: (request) => direct.sign(request),
    conditionalWrites: () => direct.conditionalWrites(),
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

function listVariant(container: string, { recursive, limit = 0, after = '' }: ListRequest): string {
  return `l${container.length}:${JSON.stringify([recursive, limit, after])}`;
}

async function list(parts: Parts, { place, value }: Looked, request: ListRequest): Promise<Page> {
  const page = place === undefined ? undefined : decodePage(place, value);
  parts.onLookup(page !== undefined);
  if (page !== undefined) return page;
  if (place === undefined) return parts.direct.list(request);
  return parts.once(place, async () => {
    const fresh = await parts.filling().list(request);
    const isEmpty = fresh.files.length === 0 && fresh.folders.length === 0;
    // That something is not there is never kept.
    const kept = isEmpty ? undefined : parts.shelf.keep(place, encodePage(place, fresh));
    return { result: fresh, kept };
  });
}

async function stat(
  parts: Parts,
  { place, value }: Looked,
  key: string,
  conditions: Parameters<Bucket['stat']>[1] & object,
): Promise<StatResult> {
  const file = place === undefined ? undefined : decodeFile(place, value);
  parts.onLookup(file !== undefined);
  if (file !== undefined) {
    const kind = decide(file.stat, conditions);
    return kind === 'precondition-failed' ? { kind } : { kind, stat: file.stat };
  }
  // Storage decides conditions in the same one call; only plain answers are kept.
  if (place === undefined || !isEmpty(conditions)) return parts.direct.stat(key, conditions);
  return parts.once(`stat:${place}`, async () => {
    const result = await parts.filling().stat(key);
    const file = result.kind === 'found' ? { stat: result.stat, bytes: null } : undefined;
    return { result, kept: keep(parts, place, file) };
  });
}

function read(
  parts: Parts,
  { place, value }: Looked,
  key: string,
  request: ReadRequest,
): Promise<ReadResult> {
  const file = place === undefined ? undefined : decodeFile(place, value);
  const answer = file === undefined ? undefined : answerFrom(file, request);
  parts.onLookup(answer !== undefined);
  if (answer !== undefined) return Promise.resolve(answer);
  const isTooLarge = file !== undefined && file.stat.size > parts.maxBodyBytes;
  if (place === undefined || isTooLarge || !isEmpty(request))
    return parts.direct.read(key, request);
  return readTogether(parts, place, key);
}

/** Undefined when the answer needs bytes that are not there. */
function answerFrom({ stat, bytes }: CachedFile, request: ReadRequest): ReadResult | undefined {
  if (bytes !== null) return readFrom(stat, bytes, request);
  const kind = decide(stat, request);
  if (kind === 'found') return undefined;
  return kind === 'not-modified' ? { kind, stat } : { kind };
}

async function readTogether(parts: Parts, place: string, key: string): Promise<ReadResult> {
  // Exactly one of those who wait may take the stream of a body that is too large to be kept.
  let leads = false;
  const result = await parts.once(`read:${place}`, () => {
    leads = true;
    return fill(parts, place, key);
  });
  if (result.kind !== 'found' || result.body instanceof Uint8Array || leads) return result;
  return parts.direct.read(key);
}

async function fill(parts: Parts, place: string, key: string): Promise<Filled<ReadResult>> {
  const result = await parts.filling().read(key);
  if (result.kind !== 'found') return { result, kept: undefined };
  const { stat, body } = result;
  if (stat.size > parts.maxBodyBytes)
    return { result, kept: keep(parts, place, { stat, bytes: null }) };
  // A body that breaks off throws here, so only whole ones are kept.
  const bytes = body instanceof Uint8Array ? body : Buffer.concat(await body.toArray());
  const file = bytes.length === stat.size ? { stat, bytes } : undefined;
  return { result: { ...result, body: bytes }, kept: keep(parts, place, file) };
}

function keep(
  { shelf }: Parts,
  place: string,
  file: CachedFile | undefined,
): Promise<void> | undefined {
  // RFC 9111 section 5.2.2.5: whoever stored the file with no-store meant caches like this one too.
  if (file === undefined || /no-store/i.test(file.stat.cacheControl ?? '')) return undefined;
  return shelf.keep(place, encodeFile(place, file));
}

function isEmpty(request: object): boolean {
  return Object.keys(request).length === 0;
}

function singleFlight(): Once {
  const flights = new Map<string, Promise<unknown>>();
  return <T>(place: string, fill: () => Promise<Filled<T>>) => {
    const flying = flights.get(place);
    // A place has one kind of value, so whoever joins wants the same type.
    if (flying !== undefined) return flying as Promise<T>;
    const land = (): void => void flights.delete(place);
    const flight = fill().then(
      ({ result, kept }) => {
        // Whoever looked just before the cache had it still finds the flight.
        if (kept === undefined) land();
        else void kept.then(land);
        return result;
      },
      (error: unknown) => {
        land();
        throw error;
      },
    );
    flights.set(place, flight);
    return flight;
  };
}
