// One file part of a form: its bytes, ended only when the form says that they are all, and its names.
import { Readable } from 'node:stream';
import { FileServiceError } from '../../core/errors.js';
import { tooLarge } from '../../core/too-large.js';
import { knownType } from '../media-type.js';

/** A file part on its way. */
export interface FormPart {
  /** Errs when the form does; destroying it lets the rest of the part pass by. */
  readonly stream: Readable;
  /** The part has ended with its boundary, and something true came after it. */
  readonly confirm: () => void;
  /** Bytes that have left the parser. */
  readonly bytes: () => number;
}

/** What may become of a part. */
export interface PartLimits {
  readonly maxBytes: number;
  /** The part has gone on too long after it was refused for its size. */
  readonly onEndless: (error: FileServiceError) => void;
}

// The rest of a part that is too large has to pass by before the next can be read; not for ever.
const MAX_EXCESS_BYTES = 16 * 1024 * 1024;

const BUFFER_BYTES = 64 * 1024;

/** Wraps the parser's stream of a part. */
export function formPart(inner: Readable, { maxBytes, onEndless }: PartLimits): FormPart {
  let bytes = 0;
  let ended = false;
  let confirmed = false;
  const stream = new Readable({
    highWaterMark: BUFFER_BYTES,
    read: () => void inner.resume(),
    destroy: (error, done) => {
      inner.resume();
      done(error);
    },
  });
  const finish = (): void => {
    if (ended && confirmed && !stream.destroyed) stream.push(null);
  };
  // Whoever handles the part hears of its errors; nobody has to.
  stream.on('error', () => undefined);
  inner.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) stream.destroy(overLimit(maxBytes));
    if (bytes > maxBytes + MAX_EXCESS_BYTES) onEndless(overLimit(maxBytes));
    if (!stream.destroyed && !stream.push(chunk)) inner.pause();
  });
  inner.on('end', () => {
    ended = true;
    finish();
  });
  inner.on('error', (cause) => stream.destroy(incomplete(cause)));
  inner.pause();
  return {
    stream,
    confirm: () => {
      confirmed = true;
      finish();
    },
    bytes: () => bytes + inner.readableLength,
  };
}

function overLimit(maxBytes: number): FileServiceError {
  return tooLarge(`The file is larger than ${maxBytes} bytes.`, maxBytes);
}

function incomplete(cause: unknown): FileServiceError {
  return new FileServiceError('incomplete_body', 'The form ended in the middle of a file.', {
    cause,
  });
}

/**
 * A file's name as sent: UTF-8 if its bytes are, else Latin-1. It may be a path below the folder, as browsers
 * send of a chosen folder; of a name with backslashes the last segment counts.
 *
 * @throws FileServiceError `invalid_body` when there is none
 */
export function fileName(sent: string): string {
  // HTML "Multipart form data": a quote in a file's name is sent as %22.
  const whole = decode(sent).replaceAll('%22', '"');
  const name = whole.includes('\\') ? (whole.split(/[/\\]/).at(-1) ?? '') : whole;
  if (name === '') throw namelessFile();
  return name;
}

/**
 * The type that a part was sent with; null when it is the one that forms give to parts without a type, and the file's name
 * stands for another. Where the name says text/plain too, nothing tells the two apart, and the type stays as sent.
 */
export function declaredType(mimeType: string, filename: string): string | null {
  const known = knownType(filename);
  // RFC 7578 section 4.4.
  const isDefault = mimeType === 'text/plain' && known !== undefined && known !== mimeType;
  return isDefault ? null : mimeType;
}

/** The refusal of a file without a name. */
export function namelessFile(): FileServiceError {
  return new FileServiceError('invalid_body', 'Each file of a form needs a "filename".');
}

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
const NESTING = /[.[\]]/;
// An index that some parser would turn into an array of that length.
const HUGE_INDEX = /\[\d{5,}\]/;

/**
 * A field's name: flat, bounded, and nothing that reaches a prototype in anybody's hands.
 *
 * @throws FileServiceError `invalid_body`; `too_large` beyond `maxBytes`
 */
export function fieldName(sent: string | undefined, maxBytes: number): string {
  const name = decode(sent ?? '');
  if (name === '')
    throw new FileServiceError('invalid_body', 'Each part of a form needs a "name".');
  if (Buffer.byteLength(name) > maxBytes) {
    throw tooLarge(`A field name takes at most ${maxBytes} bytes.`, maxBytes);
  }
  if (HUGE_INDEX.test(name) || name.split(NESTING).some((part) => FORBIDDEN.has(part))) {
    throw new FileServiceError('invalid_body', 'The form has a field name that is not allowed.');
  }
  return name;
}

// The parser hands names over as bytes in Latin-1, but those of `filename*` already decoded.
function decode(name: string): string {
  if (!/^[\u0000-\u00ff]*$/.test(name)) return name;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(name, 'latin1'),
    );
  } catch {
    return name;
  }
}
