// Buckets that tell how long storage took for each of their operations, and whether it failed.
import { isFileServiceError } from '../errors.js';
import type { Bucket } from './bucket.js';

/**
 * Told of every operation of a bucket that storage answered: repeated calls and all parts of an upload
 * included, a read until its first byte. `ok` is false when storage failed, not when it said no.
 */
export type OnStorage = (operation: keyof Bucket, durationMs: number, ok: boolean) => void;

/** Whose departure says nothing about storage. */
interface MeasuredCall {
  readonly signal: AbortSignal;
}

/** The same buckets, measured. Signing makes no call, and whether writes are conditional is asked once. */
export function measuredBuckets<Call extends MeasuredCall>(
  open: (container: string, call: Call) => Bucket,
  onStorage: OnStorage,
): (container: string, call: Call) => Bucket {
  return (container, call) => {
    const bucket = open(container, call);

    async function measured<T>(operation: keyof Bucket, work: Promise<T>): Promise<T> {
      const startedAt = performance.now();
      try {
        const result = await work;
        onStorage(operation, performance.now() - startedAt, true);
        return result;
      } catch (error) {
        const failed = !isFileServiceError(error) || error.reason.startsWith('storage_');
        if (!call.signal.aborted) onStorage(operation, performance.now() - startedAt, !failed);
        throw error;
      }
    }

    return {
      list: (request) => measured('list', bucket.list(request)),
      stat: (key, conditions) => measured('stat', bucket.stat(key, conditions)),
      read: (key, request) => measured('read', bucket.read(key, request)),
      write: (key, body, request) => measured('write', bucket.write(key, body, request)),
      copy: (request) => measured('copy', bucket.copy(request)),
      remove: (key, ifMatch) => measured('remove', bucket.remove(key, ifMatch)),
      removeMany: (keys) => measured('removeMany', bucket.removeMany(keys)),
      sign: (request) => bucket.sign(request),
      conditionalWrites: () => bucket.conditionalWrites(),
    };
  };
}
