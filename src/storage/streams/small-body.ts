// A small body of known length, taken into memory whole: then storage can be sent it again.
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../../core/client-signal.js';
import { senderError } from './exact-body.js';

/**
 * The bytes of a body that ended well with exactly `length` of them. Throws `incomplete_body`, or the
 * FileServiceError that the body was destroyed with; the signal's reason when it fires.
 */
export function smallBody(source: Readable, length: number, signal: ClientSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    const done = (settle: () => void): void => {
      source.off('data', take).off('end', finish).off('error', fail).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const fail = (cause: unknown): void => done(() => reject(senderError(cause)));
    const onClose = (): void => fail(source.errored ?? new Error('the sender went away'));
    const onAbort = (): void => done(() => reject(signal.reason));
    const take = (chunk: Buffer): void => {
      received += chunk.length;
      if (received > length) fail(new Error('more bytes than announced'));
      else chunks.push(chunk);
    };
    const finish = (): void => {
      if (received !== length) return fail(new Error('fewer bytes than announced'));
      done(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    };
    if (signal.aborted) return reject(signal.reason);
    if (source.destroyed) return fail(source.errored ?? new Error('no body'));
    signal.addEventListener('abort', onAbort);
    source.on('end', finish).on('error', fail).on('close', onClose).on('data', take);
  });
}
