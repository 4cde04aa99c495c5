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
  const given = (cause as { code?: unknown }).code;
  const code = typeof given === 'string' ? given : 'ECONNRESET';
  const isForeign = code.startsWith('UND_ERR') || code.startsWith('HPE_');
  if (!isForeign) return transportError(code, cause.message, { isSent, cause });
  // A bad head and a body cut short may have the same code.
  const isCut =
    code === 'HPE_INVALID_EOF_STATE' ||
    (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' && isAnswered) ||
    (code === 'UND_ERR_SOCKET' && !cause.message.startsWith('bad '));
  return isCut
    ? transportError('ECONNRESET', 'storage closed the connection', { isSent, cause })
    : transportError('EPROTO', 'storage did not answer in HTTP', { isSent, cause });
}
