// A bucket behind the host's cache: listings, attributes and small bodies, forgotten on every write.
import type { Cache } from '../hooks.js';
import type { Bucket, ListRequest, Page, ReadRequest, ReadResult, StatResult } from './bucket.js';
import { shelfOf } from './cache-shelf.js';
import type { Shelf } from './cache-shelf.js';
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
  readonly signal: AbortSignal;
  readonly onCall: (operation: string) => void;
}

/** Told of every question that the cache was asked. */
export type OnLookup = (hit: boolean) => void;

type Open = (container: string, call: CachedCall) => Bucket;

/** Fills that others wait for, by what they fill. */
type Flights = Map<string, Promise<unknown>>;

// A fill belongs to everyone who waits for it, so it does not end when its first asker leaves;
// storage's own time limits end it.
const NEVER = new AbortController().signal;

const FILE = 'file';

/** Buckets that answer from the cache where they can; the very same buckets when there is none. */
export function cachedBuckets(settings: CacheSettings, open: Open, onLookup: OnLookup): Open {
  const { cache, cacheTtlSeconds } = settings;
  if (cache === undefined) return open;
  const { bucket, endpoint } = settings.storage;
  const flights: Flights = new Map();
  return (container, call) => {
    const namespace = `s3files:${endpoint ?? 'aws'}/${bucket}/${container}:`;
    return cachedBucket({
      direct: open(container, call),
      filling: open(container, { ...call, signal: NEVER }),
      shelf: shelfOf(cache, namespace, cacheTtlSeconds),
      once: (what, fill) => singleFlight(flights, namespace + what, fill),
      maxBodyBytes: settings.cacheMaxBodyBytes,
      onLookup,
    });
  };
}

interface Parts {
  readonly direct: Bucket;
  /** The same bucket, whose calls outlive the client. */
  readonly filling: Bucket;
  readonly shelf: Shelf;
  readonly once: <T>(what: string, fill: () => Promise<T>) => Promise<T>;
  readonly maxBodyBytes: number;
  readonly onLookup: OnLookup;
}

function cachedBucket(parts: Parts): Bucket {
  const { direct, shelf } = parts;

  // Forgotten before, for readers who would otherwise find it while the write runs, and after, for
  // fills that read the old bytes meanwhile; also when the write failed, since it may have happened.
  async function outdate<T>(keys: readonly string[], write: () => Promise<T>): Promise<T> {
    const paths = withListings(keys);
    await shelf.forget(paths);
    try {
      return await write();
    } finally {
      await shelf.forget(paths);
    }
  }

  return {
    list: (request) => list(parts, request),
    stat: (key, conditions = {}) => stat(parts, key, conditions),
    read: (key, request = {}) => read(parts, key, request),
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

async function list(parts: Parts, request: ListRequest): Promise<Page> {
  const { shelf, filling, once, onLookup } = parts;
  const place = await shelf.place(request.prefix);
  if (place === undefined) return parts.direct.list(request);
  const variant = JSON.stringify([request.recursive, request.limit ?? 0, request.after ?? '']);
  const page = decodePage(await shelf.get(place, variant));
  onLookup(page !== undefined);
  if (page !== undefined) return page;
  return once(`${place}:${variant}`, async () => {
    const fresh = await filling.list(request);
    shelf.set(place, variant, encodePage(fresh));
    return fresh;
  });
}

async function stat(
  parts: Parts,
  key: string,
  conditions: Parameters<Bucket['stat']>[1] & object,
): Promise<StatResult> {
  const { shelf, filling, once } = parts;
  const place = await shelf.place(key);
  if (place === undefined) return parts.direct.stat(key, conditions);
  const file = await lookUp(parts, place, key);
  if (file !== undefined) {
    const kind = decide(file.stat, conditions);
    return kind === 'precondition-failed' ? { kind } : { kind, stat: file.stat };
  }
  // Storage decides conditions in the same one call; only plain answers are kept.
  if (Object.keys(conditions).length > 0) return parts.direct.stat(key, conditions);
  return once(`${place}:stat`, async () => {
    const result = await filling.stat(key);
    if (result.kind === 'found')
      shelf.set(place, FILE, encodeFile({ stat: result.stat, bytes: null }));
    return result;
  });
}

async function read(parts: Parts, key: string, request: ReadRequest): Promise<ReadResult> {
  const { shelf, once } = parts;
  const where = shelf.place(key);
  const place = typeof where === 'object' ? await where : where;
  if (place === undefined) return parts.direct.read(key, request);
  const file = await lookUp(parts, place, key);
  if (file !== undefined && file.bytes !== null) return readFrom(file.stat, file.bytes, request);
  const plain = Object.keys(request).length === 0;
  const tooLarge = file !== undefined && file.stat.size > parts.maxBodyBytes;
  if (!plain || tooLarge) return parts.direct.read(key, request);

  // Exactly one of those who wait may take the stream of a body that is too large to be kept.
  let leads = false;
  const result = await once(`${place}:read`, () => {
    leads = true;
    return fill(parts, place, key);
  });
  if (result.kind !== 'found' || result.body instanceof Uint8Array || leads) return result;
  return parts.direct.read(key, request);
}

async function lookUp(parts: Parts, place: string, key: string): Promise<CachedFile | undefined> {
  const file = decodeFile(await parts.shelf.get(place, FILE), key);
  parts.onLookup(file !== undefined);
  return file;
}

async function fill(parts: Parts, place: string, key: string): Promise<ReadResult> {
  const result = await parts.filling.read(key);
  if (result.kind !== 'found') return result;
  const { stat, body } = result;
  if (stat.size > parts.maxBodyBytes) {
    parts.shelf.set(place, FILE, encodeFile({ stat, bytes: null }));
    return result;
  }
  // A body that breaks off throws here, so only whole ones are kept.
  const bytes = body instanceof Uint8Array ? body : Buffer.concat(await body.toArray());
  parts.shelf.set(place, FILE, encodeFile({ stat, bytes }));
  return { ...result, body: bytes };
}

function singleFlight<T>(flights: Flights, what: string, fill: () => Promise<T>): Promise<T> {
  const flying = flights.get(what);
  // Keyed by place and kind, so whoever joins wants the same type.
  if (flying !== undefined) return flying as Promise<T>;
  const flight = fill().finally(() => flights.delete(what));
  flights.set(what, flight);
  return flight;
}
