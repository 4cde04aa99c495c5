// What must hold of a body, and how it is refused when it does not.
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../../core/client-signal.js';
import { FileServiceError, isFileServiceError, type Reason } from '../../core/errors.js';
import { tooLarge } from '../../core/too-large.js';
import type { ExpectedDigests } from './digest.js';

/** What must hold of a body. */
export interface BodyLimits {
  /** Bytes that HTTP declared; undefined when it did not say. */
  readonly length: number | undefined;
  readonly maxBytes: number;
  /** How long the sender may be silent while its bytes are wanted. */
  readonly idleMs: number;
  /** Fewer bytes a second than this, over a minute in which they are wanted, are too few; 0 is no bound. @default 1024 */
  readonly minBytesPerSecond?: number;
  readonly digests?: ExpectedDigests | null;
  /** Sees every chunk as it comes, also those that nobody reads any more. */
  readonly onChunk?: (chunk: Uint8Array) => void;
  /** Fires when the client has gone. */
  readonly signal: ClientSignal;
  /** The last say, after length and digests and before the last byte; a rejection fails the body. */
  readonly beforeEnd?: () => Promise<void>;
}

// A sender that trickles below this keeps a connection for nothing (slow loris).
export const MIN_BYTES_PER_SECOND = 1024;

/** Why a body need not be read at all; null when it has to be. */
export function refusalAtOnce(source: Readable, limits: BodyLimits): FileServiceError | null {
  const { length, maxBytes, signal } = limits;
  if (signal.aborted) return abortReason(signal);
  if (length !== undefined && length > maxBytes) return overLimit(maxBytes);
  if (source.readableEnded && length !== 0) {
    return refuse('body_already_consumed', 'Something in front of this service has read the body.');
  }
  if (!source.destroyed || source.readableEnded) return null;
  return isFileServiceError(source.errored) ? source.errored : incomplete(source.errored);
}

/** The refusal of a sender that trickles. */
export function tooSlow({
  minBytesPerSecond = MIN_BYTES_PER_SECOND,
}: BodyLimits): FileServiceError {
  return refuse(
    'request_timeout',
    `The body came too slowly: at least ${minBytesPerSecond} bytes a second are accepted.`,
  );
}

/** The error of a body whose request has ended. */
export function abortReason(signal: ClientSignal): FileServiceError {
  return isFileServiceError(signal.reason) ? signal.reason : incomplete(signal.reason);
}

/** The error of a body that broke off. */
export function incomplete(cause?: unknown): FileServiceError {
  return new FileServiceError('incomplete_body', 'The body did not arrive as a whole.', { cause });
}

/** The refusal of a body over the limit. */
export function overLimit(maxBytes: number): FileServiceError {
  return tooLarge(`The body is larger than ${maxBytes} bytes.`, maxBytes);
}

/** Any other refusal of a body. */
export function refuse(reason: Reason, sentence: string): FileServiceError {
  return new FileServiceError(reason, sentence);
}
