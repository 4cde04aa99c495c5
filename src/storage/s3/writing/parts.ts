// The parts of one multipart upload on their way to storage, several at a time.
import type { CompletedPart } from '@aws-sdk/client-s3';
import { FileServiceError } from '../../../core/errors.js';
import { MOST_PARTS } from '../../../core/part-size.js';
import type { Piece } from '../../streams/cut-parts.js';
import type { S3Context } from '../call.js';
import type { Input, Output } from '../wire/commands.js';
import { checksumInput, learning, type ChecksumInput } from './checksum.js';
import { storedEtag } from './put-object.js';
import { watchedBytes } from './watched-bytes.js';

// Enough to hide the wait for answers; more would only take buffers from other uploads.
const PARTS_IN_FLIGHT = 4;

/** Ends a write by parts from either side. */
export interface Halt {
  readonly signal: AbortSignal;
  /** Stops reading and sending; the first cause counts. */
  now(cause: unknown): void;
  cause(): unknown;
  /** Nothing is left to stop. */
  end(): void;
}

/** A halt that the request's signal works too; `stop` ends the body. */
export function haltOf({ call }: S3Context, stop: () => void): Halt {
  const controller = new AbortController();
  let cause: unknown;
  const now = (error: unknown): void => {
    cause ??= error;
    // Not the error itself: what the sender did would count against storage.
    controller.abort(new Error('the write was given up'));
    stop();
  };
  const onAbort = (): void => now(call.signal.reason);
  call.signal.addEventListener('abort', onAbort);
  if (call.signal.aborted) onAbort();
  return {
    signal: controller.signal,
    now,
    cause: () => cause,
    end: () => call.signal.removeEventListener('abort', onAbort),
  };
}

/** Parts on their way. */
export interface Parts {
  /** Begins to send a part, when there is room in flight for it. Releases it when it is sent. */
  add(piece: Piece): Promise<void>;
  /** Waits for all. */
  done(): Promise<{ readonly parts: readonly CompletedPart[]; readonly size: number }>;
}

interface PartsOptions {
  readonly key: string;
  readonly uploadId: string;
  /** Number of the first part. @default 1 */
  readonly first?: number;
  readonly halt: Halt;
  /** Hears the number of each part that was stored. */
  readonly onStored?: (number: number) => void;
}

/** Sends parts; none is under way yet. */
export function partsOf(
  context: S3Context,
  { key, uploadId, first = 1, halt, onStored }: PartsOptions,
): Parts {
  const parts: CompletedPart[] = [];
  const inFlight = new Set<Promise<void>>();
  let number = first - 1;
  let size = 0;

  const send = async (piece: Piece, PartNumber: number): Promise<void> => {
    try {
      const output = await sendPart(context, {
        input: { Key: context.keyOf(key), UploadId: uploadId, PartNumber },
        bytes: piece.bytes,
        signal: halt.signal,
      });
      parts.push({ PartNumber, ETag: storedEtag(output) });
      onStored?.(PartNumber);
    } catch (error) {
      // The client may be silent for long: its stream must end, not the next chunk be waited for.
      halt.now(error);
    } finally {
      piece.release();
    }
  };
  const check = (): void => {
    if (halt.signal.aborted) throw halt.cause();
  };

  return {
    async add(piece) {
      number += 1;
      size += piece.bytes.length;
      if (number > MOST_PARTS) {
        piece.release();
        throw new FileServiceError('too_large', 'The file has more parts than storage accepts.');
      }
      const sending = send(piece, number).finally(() => inFlight.delete(sending));
      inFlight.add(sending);
      if (inFlight.size >= PARTS_IN_FLIGHT) await Promise.race(inFlight);
      check();
    },
    async done() {
      await Promise.all(inFlight);
      check();
      return { parts, size };
    },
  };
}

/** One part. */
interface PartOf {
  readonly input: Omit<Input<'UploadPart'>, 'Body'>;
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal;
}

/** Sends one part. Throws as `send` does. */
export function sendPart(
  context: S3Context,
  { input, bytes, signal }: PartOf,
): Promise<Output<'UploadPart'>> {
  const { connection, settings } = context;
  const { idleMs } = settings.timeouts;
  const body = () => watchedBytes(bytes, { idleMs, signal });
  const send = (checksum: Partial<ChecksumInput>) =>
    context.send('UploadPart', { ...input, ...checksum }, { body, answerMs: null });
  // Of the kind that says nothing of the whole upload, which was begun without a checksum.
  const withChecksum = () => send(checksumInput(bytes, 'md5'));
  if (connection.learnt.needsChecksum === true) return withChecksum();
  return learning(context, () => send({}), withChecksum);
}
