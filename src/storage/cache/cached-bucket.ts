// A bucket behind the host's cache: listings, attributes and small bodies, invalidated by every write.
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../../core/client-signal.js';
import { isPromise } from '../../core/hooks.js';
import { isInternal } from '../../core/key.js';
import type { Cache } from '../../core/hooks.js';
import type { UploadStore } from '../upload-store.js';
import type {
  Bucket,
  CopyRequest,
  CopyResult,
  ListRequest,
  Page,
  ReadConditions,
  ReadRequest,
  ReadResult,
  RemoveManyResult,
  Signed,
  SignRequest,
  StatResult,
  Usage,
  VersionPage,
  VersionRemoval,
  VersionsRequest,
  WriteRequest,
  WriteResult,
} from '../bucket.js';
import {
  list,
  read,
  stat,
  type Asked,
  type CachedCall,
  type OnLookup,
  type Open,
  type Shared,
} from './cached-reads.js';
import { fileDecoder } from './cached-value.js';
import { joinedCalls } from './joined-calls.js';
import { versionedCache, type Lookup } from './versioned-cache.js';

/** What a cache needs to know. */
export interface CacheSettings {
  readonly cache: Cache | undefined;
  readonly cacheTtlSeconds: number;
  readonly cacheMaxBodyBytes: number;
  readonly storage: { readonly bucket: string; readonly endpoint: string | undefined };
}

/** Buckets that answer from the cache where they can; the very same buckets when there is none. */
export function cachedBuckets(settings: CacheSettings, open: Open, onLookup: OnLookup): Open {
  const { cache, cacheTtlSeconds, cacheMaxBodyBytes: maxBodyBytes } = settings;
  if (cache === undefined) return open;
  const { bucket, endpoint } = settings.storage;
  const namespace = `s3files:${endpoint ?? 'aws'}/${bucket}:`;
  const shared: Shared = {
    cache: versionedCache(cache, namespace, cacheTtlSeconds),
    decodeFile: fileDecoder(),
    join: joinedCalls(),
    maxBodyBytes,
    onLookup,
    open,
  };
  return (container, call) => new CachedBucket(shared, container, call);
}

/** A class, because one is made for every request: its functions are shared. */
class CachedBucket implements Bucket, Asked {
  readonly shared: Shared;
  readonly signal: ClientSignal;
  readonly direct: Bucket;
  readonly #container: string;
  readonly #call: CachedCall;

  constructor(shared: Shared, container: string, call: CachedCall) {
    this.shared = shared;
    this.signal = call.signal;
    this.direct = shared.open(container, call);
    this.#container = container;
    this.#call = call;
  }

  directFor(signal: ClientSignal): Bucket {
    return this.shared.open(this.#container, { ...this.#call, signal });
  }

  // Relative keys of one container mean nothing in another, even where the files are the same.
  #lookUpFile(key: string): Lookup | Promise<Lookup> {
    const container = this.#container;
    return this.shared.cache.lookup(container + key, `f${container.length}`);
  }

  // Invalidated before, so that little is outdated should this process die in between, and after, because
  // reads may have stored the old bytes meanwhile; also when the write failed: it may have happened.
  async #invalidating<T>(keys: readonly string[], write: () => Promise<T>): Promise<T> {
    const { cache } = this.shared;
    const paths = withListings(keys.map((key) => this.#container + key));
    await cache.invalidate(paths);
    try {
      return await write();
    } finally {
      await cache.invalidate(paths);
    }
  }

  async list(request: ListRequest): Promise<Page> {
    // How far an upload has come is asked of storage each time: any process may have gone on with it.
    if (isInternal(request.prefix)) return this.direct.list(request);
    const variant = listVariant(this.#container, request);
    const path = this.#container + request.prefix;
    return list(this, await this.shared.cache.lookup(path, variant), request);
  }

  // What is kept is the newest version.
  async stat(key: string, conditions: ReadConditions = {}): Promise<StatResult> {
    return isInternal(key) || conditions.versionId !== undefined
      ? this.direct.stat(key, conditions)
      : stat(this, await this.#lookUpFile(key), key, conditions);
  }

  read(key: string, request: ReadRequest = {}): Promise<ReadResult> {
    if (isInternal(key) || request.versionId !== undefined) return this.direct.read(key, request);
    const lookup = this.#lookUpFile(key);
    return isPromise(lookup)
      ? lookup.then((found) => read(this, found, key, request))
      : read(this, lookup, key, request);
  }

  write(key: string, body: Readable | Uint8Array, request: WriteRequest): Promise<WriteResult> {
    return this.#invalidating([key], () => this.direct.write(key, body, request));
  }

  copy(request: CopyRequest): Promise<CopyResult> {
    return this.#invalidating([request.to], () => this.direct.copy(request));
  }

  remove(key: string, ifMatch?: string): ReturnType<Bucket['remove']> {
    return this.#invalidating([key], () => this.direct.remove(key, ifMatch));
  }

  removeMany(keys: readonly string[]): Promise<RemoveManyResult> {
    return this.#invalidating(keys, () => this.direct.removeMany(keys));
  }

  listVersions(request: VersionsRequest): Promise<VersionPage> {
    return this.direct.listVersions(request);
  }

  removeVersions(versions: readonly VersionRemoval[]): Promise<RemoveManyResult> {
    const keys = versions.map(({ key }) => key);
    return this.#invalidating(keys, () => this.direct.removeVersions(versions));
  }

  sign(request: SignRequest): Promise<Signed> {
    return this.direct.sign(request);
  }

  signedWritesAreBound(): Promise<boolean> {
    return this.direct.signedWritesAreBound();
  }

  usage(): Promise<Usage | null> {
    return this.direct.usage();
  }

  conditionalWrites(): Promise<boolean> {
    return this.direct.conditionalWrites();
  }

  uploads(): UploadStore {
    const uploads = this.direct.uploads();
    const complete: UploadStore['complete'] = (upload, request) =>
      this.#invalidating([upload.key], () => uploads.complete(upload, request));
    return { ...uploads, complete };
  }
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
