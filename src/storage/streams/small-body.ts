// A small body of known length, taken into memory whole: then storage can be sent it again.
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../../core/client-signal.js';
import { listenTo } from './sender.js';

/**
 * The bytes of a body that ended well with exactly `length` of them. Throws `incomplete_body`, or the
 * FileServiceError that the body was destroyed with; the signal's reason when it fires.
 */
export function smallBody(source: Readable, length: number, signal: ClientSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const chunks: Buffer[] = [];
    const onAbort = (): void => {
      stopListening();
      reject(signal.reason as Error);
    };
    const settled = (): void => signal.removeEventListener('abort', onAbort);
    const stopListening = listenTo(source, length, {
      data: (chunk) => void chunks.push(chunk),
      end() {
        settled();
        resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
      },
      fail(error) {
        settled();
        reject(error);
      },
    });
    signal.addEventListener('abort', onAbort);
  });
}
