// Buckets that tell how long storage took for each of their operations, and whether it failed.
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../core/client-signal.js';
import { isFileServiceError } from '../core/errors.js';
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
} from './bucket.js';
import type { UploadStore } from './upload-store.js';

/**
 * Told of every operation of a bucket that storage answered: repeated calls and all parts of an upload
 * included, a read until its first byte. `ok` is false when storage failed, not when it said no.
 */
export type OnStorage = (operation: keyof Bucket, durationMs: number, ok: boolean) => void;

/** Whose departure says nothing about storage. */
interface MeasuredCall {
  readonly signal: ClientSignal;
}

/** The same buckets, measured. Signing makes no call, and whether writes are conditional is asked once. */
export function measuredBuckets<Call extends MeasuredCall>(
  open: (container: string, call: Call) => Bucket,
  onStorage: OnStorage,
): (container: string, call: Call) => Bucket {
  return (container, call) => new MeasuredBucket(open(container, call), call.signal, onStorage);
}

// A class, because one is made for every request.
class MeasuredBucket implements Bucket {
  readonly #bucket: Bucket;
  readonly #signal: ClientSignal;
  readonly #onStorage: OnStorage;

  constructor(bucket: Bucket, signal: ClientSignal, onStorage: OnStorage) {
    this.#bucket = bucket;
    this.#signal = signal;
    this.#onStorage = onStorage;
  }

  list(request: ListRequest): Promise<Page> {
    return this.#measured('list', this.#bucket.list(request));
  }

  stat(key: string, conditions?: ReadConditions): Promise<StatResult> {
    return this.#measured('stat', this.#bucket.stat(key, conditions));
  }

  read(key: string, request?: ReadRequest): Promise<ReadResult> {
    return this.#measured('read', this.#bucket.read(key, request));
  }

  write(key: string, body: Readable | Uint8Array, request: WriteRequest): Promise<WriteResult> {
    return this.#measured('write', this.#bucket.write(key, body, request));
  }

  copy(request: CopyRequest): Promise<CopyResult> {
    return this.#measured('copy', this.#bucket.copy(request));
  }

  remove(key: string, ifMatch?: string): ReturnType<Bucket['remove']> {
    return this.#measured('remove', this.#bucket.remove(key, ifMatch));
  }

  removeMany(keys: readonly string[]): Promise<RemoveManyResult> {
    return this.#measured('removeMany', this.#bucket.removeMany(keys));
  }

  listVersions(request: VersionsRequest): Promise<VersionPage> {
    return this.#measured('listVersions', this.#bucket.listVersions(request));
  }

  removeVersions(versions: readonly VersionRemoval[]): Promise<RemoveManyResult> {
    return this.#measured('removeVersions', this.#bucket.removeVersions(versions));
  }

  sign(request: SignRequest): Promise<Signed> {
    return this.#bucket.sign(request);
  }

  signedWritesAreBound(): Promise<boolean> {
    return this.#bucket.signedWritesAreBound();
  }

  usage(): Promise<Usage | null> {
    return this.#bucket.usage();
  }

  conditionalWrites(): Promise<boolean> {
    return this.#bucket.conditionalWrites();
  }

  uploads(): UploadStore {
    const uploads = this.#bucket.uploads();
    const measured = <A extends unknown[], T>(work: (...given: A) => Promise<T>) => {
      return (...given: A): Promise<T> => this.#measured('uploads', work(...given));
    };
    return {
      open: measured(uploads.open),
      parts: measured(uploads.parts),
      putPart: measured(uploads.putPart),
      // Takes as long as its client does, which says nothing of storage.
      putParts: uploads.putParts,
      signPart: uploads.signPart,
      signForm: uploads.signForm,
      complete: measured(uploads.complete),
      abort: measured(uploads.abort),
      made: measured(uploads.made),
    };
  }

  async #measured<T>(operation: keyof Bucket, work: Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      const result = await work;
      this.#onStorage(operation, performance.now() - startedAt, true);
      return result;
    } catch (error) {
      const failed = !isFileServiceError(error) || error.reason.startsWith('storage_');
      if (!this.#signal.aborted) this.#onStorage(operation, performance.now() - startedAt, !failed);
      throw error;
    }
  }
}
