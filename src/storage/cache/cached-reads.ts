// Reads answered from the cache, or by storage and then kept: one call of storage for all who ask at once.
import { Readable } from 'node:stream';
import type { ClientSignal } from '../../core/client-signal.js';
import type {
  Bucket,
  ListRequest,
  Page,
  ReadConditions,
  ReadRequest,
  ReadResult,
  StatResult,
} from '../bucket.js';
import {
  decide,
  decodePage,
  encodeFile,
  encodePage,
  readFrom,
  type CachedFile,
  type DecodeFile,
} from './cached-value.js';
import type { Filled, Join } from './joined-calls.js';
import type { Lookup, VersionedCache } from './versioned-cache.js';

/** On whose behalf a bucket is used. */
export interface CachedCall {
  readonly signal: ClientSignal;
  readonly onCall: (operation: string) => void;
}

/** Told of every answer that the cache was asked for; an answer that it could not give is no hit. */
export type OnLookup = (hit: boolean) => void;

/** Opens the bucket below a container. */
export type Open = (container: string, call: CachedCall) => Bucket;

/** What all buckets of one cache have in common. */
export interface Shared {
  readonly cache: VersionedCache;
  readonly decodeFile: DecodeFile;
  readonly join: Join;
  readonly maxBodyBytes: number;
  readonly onLookup: OnLookup;
  readonly open: Open;
}

/** On whose behalf, and what answers where the cache cannot. */
export interface Asked {
  readonly shared: Shared;
  readonly signal: ClientSignal;
  readonly direct: Bucket;
  /** The same bucket under another signal, for calls that others join. */
  readonly directFor: (signal: ClientSignal) => Bucket;
}

/** A page. */
export async function list(
  asked: Asked,
  { slot, value }: Lookup,
  request: ListRequest,
): Promise<Page> {
  const page = slot === undefined ? undefined : decodePage(slot, value);
  asked.shared.onLookup(page !== undefined);
  if (page !== undefined) return page;
  if (slot === undefined) return asked.direct.list(request);
  return asked.shared.join(slot, asked.signal, async (signal) => {
    const fresh = await asked.directFor(signal).list(request);
    const isEmpty = fresh.files.length === 0 && fresh.folders.length === 0;
    // That something is not there is never stored.
    const stored = isEmpty ? undefined : asked.shared.cache.store(slot, encodePage(slot, fresh));
    return { result: fresh, stored };
  });
}

/** The attributes of a file. */
export async function stat(
  asked: Asked,
  { slot, value }: Lookup,
  key: string,
  conditions: ReadConditions,
): Promise<StatResult> {
  const file = slot === undefined ? undefined : asked.shared.decodeFile(slot, value);
  asked.shared.onLookup(file !== undefined);
  if (file !== undefined) {
    const kind = decide(file.stat, conditions);
    return kind === 'precondition-failed' ? { kind } : { kind, stat: file.stat };
  }
  // Storage decides conditions in the same one call; only plain answers are stored.
  if (slot === undefined || !isEmpty(conditions)) return asked.direct.stat(key, conditions);
  return asked.shared.join(`stat:${slot}`, asked.signal, async (signal) => {
    const result = await asked.directFor(signal).stat(key);
    const file = result.kind === 'found' ? { stat: result.stat, bytes: null } : undefined;
    return { result, stored: store(asked, slot, file) };
  });
}

/** A file. */
export function read(
  asked: Asked,
  { slot, value }: Lookup,
  key: string,
  request: ReadRequest,
): Promise<ReadResult> {
  const file = slot === undefined ? undefined : asked.shared.decodeFile(slot, value);
  const answer = file === undefined ? undefined : answerFrom(file, request);
  asked.shared.onLookup(answer !== undefined);
  if (answer !== undefined) return Promise.resolve(answer);
  const isTooLarge = file !== undefined && isOver(file.stat.size, asked.shared.maxBodyBytes);
  if (slot === undefined || isTooLarge || !isEmpty(request)) return asked.direct.read(key, request);
  return readTogether(asked, slot, key);
}

/** Undefined when the answer needs bytes that are not there. */
function answerFrom({ stat, bytes }: CachedFile, request: ReadRequest): ReadResult | undefined {
  if (bytes !== null) return readFrom(stat, bytes, request);
  const kind = decide(stat, request);
  if (kind === 'found') return undefined;
  return kind === 'not-modified' ? { kind, stat } : { kind };
}

async function readTogether(asked: Asked, slot: string, key: string): Promise<ReadResult> {
  const take = await asked.shared.join(`read:${slot}`, asked.signal, (signal) =>
    fill(asked, { signal, slot, key }),
  );
  return take() ?? asked.direct.read(key);
}

/** The result, for each who asks; one that is a stream only for the first, since it can be read once. */
type Take = () => ReadResult | undefined;

async function fill(
  asked: Asked,
  {
    signal,
    slot,
    key,
  }: { readonly signal: ClientSignal; readonly slot: string; readonly key: string },
): Promise<Filled<Take>> {
  const result = await asked.directFor(signal).read(key);
  if (result.kind !== 'found') return { result: () => result, stored: undefined };
  const { stat, body } = result;
  // Nobody is left who could take the stream.
  if (body instanceof Readable && signal.aborted) body.destroy();
  if (isOver(stat.size, asked.shared.maxBodyBytes))
    return { result: takenOnce(result), stored: store(asked, slot, { stat, bytes: null }) };
  // A body that breaks off throws here, so only whole ones are stored.
  const bytes = body instanceof Readable ? await wholeBody(body, signal) : body;
  const file = bytes.length === stat.size ? { stat, bytes } : undefined;
  return { result: () => ({ ...result, body: bytes }), stored: store(asked, slot, file) };
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
  { shared }: Pick<Asked, 'shared'>,
  slot: string,
  file: CachedFile | undefined,
): Promise<void> | undefined {
  // RFC 9111 section 5.2.2.5: whoever stored the file with no-store meant caches like this one too.
  if (file === undefined || /no-store/i.test(file.stat.cacheControl ?? '')) return undefined;
  return shared.cache.store(slot, encodeFile(slot, file));
}

function isEmpty(request: object): boolean {
  return Object.keys(request).length === 0;
}
