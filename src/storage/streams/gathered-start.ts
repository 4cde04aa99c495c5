// The start of a body, taken into memory before a socket to storage is claimed: a slow sender keeps none waiting.
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../../core/client-signal.js';
import { listenTo } from './sender.js';

/** How much of a body is taken, and for how long. */
export interface GatherOptions {
  /** Bytes that the body has. */
  readonly length: number;
  /** Bytes after which the sender is worth a socket. @default 65536 */
  readonly enoughBytes?: number;
  /** How long they may take, in milliseconds. @default 1000 */
  readonly withinMs?: number;
  /** Rejects with its reason. */
  readonly signal: ClientSignal;
}

/**
 * What has come. `whole`: every byte, to be sent from memory. `fast`: enough in time, so the body may be streamed
 * to storage as it comes. `slow`: it must be sent by parts, each of which claims a socket once it is complete.
 * Of a `fast` and a `slow` body nothing is lost: the bytes taken are given back to it, and it is paused.
 */
export type GatheredStart =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'fast' }
  | { readonly kind: 'slow' };

// As much as a socket's buffer holds.
const ENOUGH_BYTES = 64 * 1024;
const WITHIN_MS = 1000;

/**
 * Takes the start of `source`. Throws `incomplete_body`, or the FileServiceError that the body was destroyed with;
 * the signal's reason when it fires.
 */
export function gatherStart(source: Readable, options: GatherOptions): Promise<GatheredStart> {
  const { length, enoughBytes = ENOUGH_BYTES, withinMs = WITHIN_MS, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const chunks: Buffer[] = [];
    let received = 0;

    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      stopListening();
    };
    const giveBack = (kind: 'fast' | 'slow'): void => {
      stop();
      source.pause();
      // One by one: what is as large as a socket's buffer is not copied once more.
      for (const chunk of chunks.splice(0).reverse()) source.unshift(chunk);
      resolve({ kind });
    };
    const onAbort = (): void => {
      stop();
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => giveBack('slow'), withinMs);
    const stopListening = listenTo(source, length, {
      data(chunk) {
        chunks.push(chunk);
        received += chunk.length;
        // The whole body is only there once its stream has ended well.
        if (received >= enoughBytes && received < length) giveBack('fast');
      },
      end() {
        stop();
        resolve({ kind: 'whole', bytes: Buffer.concat(chunks) });
      },
      fail(error) {
        stop();
        reject(error);
      },
    });
    signal.addEventListener('abort', onAbort);
  });
}
