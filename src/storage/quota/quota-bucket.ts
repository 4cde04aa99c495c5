// Buckets within a quota: room is reserved when a write begins, settled when it ends, given back on deletion.
import type { Readable } from 'node:stream';
import { ClientAbort, type ClientSignal } from '../../core/client-signal.js';
import { isFileServiceError } from '../../core/errors.js';
import { isInternal } from '../../core/key.js';
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
  SignRequest,
  Signed,
  StatResult,
  Usage,
  VersionPage,
  VersionRemoval,
  VersionsRequest,
  WriteRequest,
  WriteResult,
} from '../bucket.js';
import { changesOf, type Changes } from './changes.js';
import { countFiles, ledgerOf, type Ledger, type LedgerParts } from './ledger.js';
import type { UploadStore } from '../upload-store.js';
import { meteredBody } from './metered-body.js';
import { quotaUploads } from './quota-uploads.js';
import { keyChanges, type KeyChange, type Seen } from './same-key.js';
import type { QuotaStore } from './store.js';

/** On whose behalf a bucket is used, and how many bytes its container may hold. */
export interface QuotaCall {
  readonly signal: ClientSignal;
  readonly onCall: (operation: string) => void;
  readonly allowed: () => number;
}

type Open<Call> = (container: string, call: Call) => Bucket;

/** The same buckets, within the quota of a store. */
export function quotaBuckets<Call extends QuotaCall>(
  store: QuotaStore,
  open: Open<Call>,
  terms: Pick<LedgerParts, 'timeoutMs' | 'onFailure'>,
): Open<Call> {
  const changes = keyChanges();
  return (container, call) => {
    const bucket = open(container, call);
    const { allowed } = call;
    const ledger = ledgerOf({ store, container, allowed, bucket, ...terms });
    // A container ends in `/`, or is the bucket's root.
    return new QuotaBucket(bucket, {
      ledger,
      allowed,
      changeOf: (key) => changes(container + key),
      lasting: () => open(container, { ...call, signal: new ClientAbort() }),
    });
  };
}

/** Counts a container again and sets its quota to that; what was reserved is forgotten. */
export async function reconcileQuota(
  store: QuotaStore,
  container: string,
  bucket: Bucket,
): Promise<{ readonly used: number; readonly files: number }> {
  const counted = await countFiles(bucket);
  await store.reset(container, { ...counted, isFirst: false });
  return counted;
}

// Sizes that are remembered between listing and removing; more are looked up again.
const MOST_REMEMBERED = 100_000;

const NOTHING = { bytes: 0, files: 0 };

interface QuotaParts {
  readonly ledger: Ledger;
  readonly allowed: () => number;
  readonly changeOf: (key: string) => KeyChange;
  /** The same bucket, for what has to be counted although the client has gone. */
  readonly lasting: () => Bucket;
}

// A class, because one is made for every request.
class QuotaBucket implements Bucket {
  readonly #bucket: Bucket;
  readonly #ledger: Ledger;
  readonly #allowed: () => number;
  readonly #changes: Changes;
  /** By key, of what this request has seen. */
  readonly #sizes = new Map<string, { readonly size: number; readonly etag: string }>();

  constructor(bucket: Bucket, { ledger, allowed, changeOf, lasting }: QuotaParts) {
    this.#bucket = bucket;
    this.#ledger = ledger;
    this.#allowed = allowed;
    this.#changes = changesOf({
      ledger,
      changeOf,
      look: (key) => this.#look(key),
      stat: (key) => lookAt(lasting(), key),
    });
  }

  async usage(): Promise<Usage> {
    const { used, files } = await this.#ledger.look();
    return { used, allowed: this.#allowed(), files };
  }

  async list(request: ListRequest): Promise<Page> {
    const page = await this.#bucket.list(request);
    if (this.#sizes.size + page.files.length > MOST_REMEMBERED) this.#sizes.clear();
    for (const { key, size, etag } of page.files) this.#sizes.set(key, { size, etag });
    return page;
  }

  async stat(key: string, conditions?: ReadConditions): Promise<StatResult> {
    const result = await this.#bucket.stat(key, conditions);
    if (result.kind === 'found' && conditions?.versionId === undefined) {
      const { size, etag } = result.stat;
      this.#sizes.set(key, { size: size ?? 0, etag });
    }
    return result;
  }

  async write(
    key: string,
    body: Readable | Uint8Array,
    request: WriteRequest,
  ): Promise<WriteResult> {
    if (!isCounted(key)) return this.#bucket.write(key, body, request);
    try {
      return await this.#changes.one(key, request, async (before, reservation) => {
        const length = body instanceof Uint8Array ? body.length : request.length;
        const metered =
          length === undefined && !(body instanceof Uint8Array)
            ? meteredBody(body, reservation)
            : body;
        if (length !== undefined) await reservation.add(length - before);
        const result = await this.#written(key, metered, request);
        return { result, after: result.kind === 'written' ? result : undefined };
      });
    } catch (error) {
      if (!(body instanceof Uint8Array)) body.destroy();
      throw error;
    }
  }

  async #written(
    key: string,
    body: Readable | Uint8Array,
    request: WriteRequest,
  ): Promise<WriteResult> {
    try {
      this.#sizes.delete(key);
      return await this.#bucket.write(key, body, request);
    } catch (error) {
      // The body knows why it stopped; storage only knows that it did.
      const why = body instanceof Uint8Array ? null : body.errored;
      throw isFileServiceError(why) ? why : error;
    }
  }

  async copy(request: CopyRequest): Promise<CopyResult> {
    const { from, to, versionId } = request;
    const isInPlace = from === to && versionId === undefined;
    if (isInPlace || !isCounted(to)) return this.#bucket.copy(request);
    return this.#changes.one(to, request, async (before, reservation) => {
      const size = request.size ?? (await lookAt(this.#bucket, from, versionId))?.size ?? 0;
      await reservation.add(size - before);
      const result = await this.#bucket.copy(request);
      this.#sizes.delete(to);
      const { kind } = result;
      const after =
        kind === 'copied' ? { size: result.size ?? size, etag: result.etag } : undefined;
      return { result, after };
    });
  }

  async remove(key: string, ifMatch?: string): ReturnType<Bucket['remove']> {
    if (!isCounted(key)) return this.#bucket.remove(key, ifMatch);
    return this.#changes.one(key, {}, async () => {
      const result = await this.#bucket.remove(key, ifMatch);
      this.#sizes.delete(key);
      return { result, after: result.kind === 'removed' ? null : undefined };
    });
  }

  async removeMany(keys: readonly string[]): Promise<RemoveManyResult> {
    return this.#changes.removeMany(keys.filter(isCounted), async () => {
      const result = await this.#bucket.removeMany(keys);
      for (const key of keys) this.#sizes.delete(key);
      return result;
    });
  }

  async removeVersions(versions: readonly VersionRemoval[]): Promise<RemoveManyResult> {
    const reservation = this.#ledger.reserve();
    const appearing = versions.filter(({ bytes = 0 }) => bytes > 0);
    try {
      await reservation.add(sumOf(appearing).bytes);
      const result = await this.#bucket.removeVersions(versions);
      const failed = new Set(result.failed);
      await reservation.settle(sumOf(versions.filter(({ key }) => !failed.has(key))));
      return result;
    } catch (error) {
      await reservation.settle(NOTHING);
      throw error;
    }
  }

  read(key: string, request?: ReadRequest): Promise<ReadResult> {
    return this.#bucket.read(key, request);
  }

  listVersions(request: VersionsRequest): Promise<VersionPage> {
    return this.#bucket.listVersions(request);
  }

  uploads(): UploadStore {
    return quotaUploads({
      uploads: this.#bucket.uploads(),
      ledger: this.#ledger,
      changes: this.#changes,
      isCounted,
    });
  }

  sign(request: SignRequest): Promise<Signed> {
    return this.#bucket.sign(request);
  }

  signedWritesAreBound(): Promise<boolean> {
    return this.#bucket.signedWritesAreBound();
  }

  conditionalWrites(): Promise<boolean> {
    return this.#bucket.conditionalWrites();
  }

  /** What is there. What the request has seen before is not looked at again. */
  async #look(key: string): Promise<Seen> {
    return this.#sizes.get(key) ?? (await lookAt(this.#bucket, key));
  }
}

async function lookAt(bucket: Bucket, key: string, versionId?: string): Promise<Seen> {
  const result = await bucket.stat(key, versionId === undefined ? {} : { versionId });
  return result.kind === 'found' ? { size: result.stat.size ?? 0, etag: result.stat.etag } : null;
}

/** What the service keeps for itself is not counted, nor are placeholders, which hold nothing. */
function isCounted(key: string): boolean {
  return !isInternal(key) && !key.endsWith('/');
}

function sumOf(versions: readonly VersionRemoval[]) {
  let bytes = 0;
  let files = 0;
  for (const version of versions) {
    bytes += version.bytes ?? 0;
    if (isCounted(version.key)) files += version.files ?? 0;
  }
  return { bytes, files };
}
