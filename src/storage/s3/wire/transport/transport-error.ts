// Why there is no answer, in Node's words: undici has codes of its own.
import type { TransportError } from './transport.js';

/** A {@link TransportError}. */
export function transportError(
  code: string,
  message: string,
  { isSent, cause }: { readonly isSent: boolean; readonly cause?: unknown },
): TransportError {
  return Object.assign(new Error(message, { cause }), { code, isSent });
}

/** How far an exchange had come when it failed. */
export interface Progress {
  readonly isSent: boolean;
  /** The head of an answer was there. */
  readonly isAnswered: boolean;
}

/** What undici, TLS or the network failed with, as a {@link TransportError}. */
export function failureOf(cause: Error, { isSent, isAnswered }: Progress): TransportError {
  const { code } = cause as { readonly code?: unknown };
  // undici's parser gives no code.
  const isNative = typeof code === 'string' && !code.startsWith('UND_ERR');
  if (isNative) return transportError(code, cause.message, { isSent, cause });
  const isCut =
    (code === 'UND_ERR_SOCKET' && !cause.message.startsWith('bad ')) ||
    // A length that is none and content that is cut short look the same.
    (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' && isAnswered) ||
    cause.message.includes('(Invalid EOF state)');
  return isCut
    ? transportError('ECONNRESET', 'storage closed the connection', { isSent, cause })
    : transportError('EPROTO', 'storage did not answer in HTTP', { isSent, cause });
}
