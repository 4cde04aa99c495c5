// Forms with files (RFC 7578): one file after another, streamed, and believed only when all has come.
import type { Busboy } from 'busboy';
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../../core/client-signal.js';
import { FileServiceError, isFileServiceError } from '../../core/errors.js';
import { tooLarge } from '../../core/too-large.js';
import { guardBody, type GuardedBody } from './guarded-body.js';
import { expectedDigests } from './digest.js';
import { refuseChunk } from './partial-upload.js';
import { boundaryOf } from './form-boundary.js';
import { declaredType, fieldName, fileName, formPart, namelessFile } from './form-part.js';
import type { FormPart } from './form-part.js';

/** How much of a form to take, and how patiently. */
export interface FormLimits {
  readonly maxFiles: number;
  /** What a file too many is answered with. @default `too_large` */
  readonly tooManyFiles?: FileServiceError;
  readonly maxFields: number;
  readonly fieldNameBytes: number;
  /** Bytes of one file. */
  readonly maxBytes: number;
  /** How long the sender may be silent while its bytes are wanted. */
  readonly idleMs: number;
  /** Bytes of the whole body that HTTP declared; undefined when it did not say. */
  readonly length: number | undefined;
  /** Fires when the client has gone. */
  readonly signal: ClientSignal;
}

/** One file of a form. */
export interface FormFile {
  /** The name of its field. */
  readonly field: string;
  /** As sent, without any path before it. */
  readonly filename: string;
  /**
   * The essence of its type; null when there was none. RFC 7578 section 4.4 makes text/plain of none, and the
   * parser does so: it counts as none where the name's extension is known.
   */
  readonly contentType: string | null;
  /**
   * Ends only when the part ended with its boundary and, for the last file, the whole form arrived.
   * Errs with a FileServiceError otherwise.
   */
  readonly stream: Readable;
  /** From 0, in order. */
  readonly index: number;
}

/** What a form held beside what `onFile` was given. */
export interface FormResult {
  readonly files: number;
  /** Without prototype; of a field given twice, the last value. */
  readonly fields: Readonly<Record<string, string>>;
}

interface Form {
  readonly limits: FormLimits;
  readonly onFile: (file: FormFile) => Promise<void>;
  readonly parser: Busboy;
  readonly body: GuardedBody;
  readonly parts: FormPart[];
  readonly fields: Record<string, string>;
  /** Bytes handed to the parser. */
  written: number;
  fieldBytes: number;
  /** Files that have begun to arrive and are not handled yet. */
  waiting: number;
  /** Settles when every file so far is handled; never rejects. */
  work: Promise<void>;
  failure: FileServiceError | null;
  readonly onFinish: () => void;
  readonly onFailure: () => void;
}

const FIELD_BYTES = 64 * 1024;
const MAX_PARTS = 1000;
// Part headers, preamble and epilogue: what a form weighs beside files and fields.
const MAX_OVERHEAD_BYTES = 64 * 1024;
// How long a file's handler may take to clean up before the form's failure is told.
const SETTLE_MS = 500;

/**
 * Reads a form. Files are handled strictly one after another, in order: `onFile` owns the stream and
 * settles when the file is stored or refused, then the rest of that part passes by; its rejection ends
 * the form. `headers` have lower-case names; their digests hold for the form as a whole.
 *
 * @throws FileServiceError `invalid_body` for a malformed form, a file without a name, a field name that
 * is not allowed; `too_large` beyond a limit; and as {@link guardBody}'s stream errs
 */
export async function readForm(
  body: Readable,
  headers: Readonly<Record<string, string>>,
  limits: FormLimits,
  onFile: (file: FormFile) => Promise<void>,
): Promise<FormResult> {
  const { 'content-digest': content, 'repr-digest': repr, 'content-md5': md5 } = headers;
  const digests = expectedDigests({
    ...(content === undefined ? {} : { 'content-digest': content }),
    ...(repr === undefined ? {} : { 'repr-digest': repr }),
    ...(md5 === undefined ? {} : { 'content-md5': md5 }),
  });
  const parser = await parserFor(headers['content-type'] ?? '', limits);
  const { length, idleMs, signal } = limits;
  let onFinish: () => void = () => undefined;
  let onFailure: () => void = () => undefined;
  const isFinished = new Promise<void>((resolve) => (onFinish = resolve));
  const isFailed = new Promise<void>((resolve) => (onFailure = resolve));
  const form: Form = {
    limits,
    onFile,
    parser,
    body: guardBody(body, { length, maxBytes: Infinity, idleMs, signal, digests }),
    parts: [],
    fields: Object.create(null) as Record<string, string>,
    written: 0,
    fieldBytes: 0,
    waiting: 0,
    work: Promise.resolve(),
    failure: null,
    onFinish,
    onFailure,
  };
  const onAbort = (): void => fail(form, signal.reason);
  signal.addEventListener('abort', onAbort);
  listen(form);
  await Promise.race([isFinished.then(() => form.work), isFailed]);
  signal.removeEventListener('abort', onAbort);
  const { failure, parts, fields } = form;
  if (failure !== null) {
    await atMost(SETTLE_MS, form.work);
    throw failure;
  }
  return { files: parts.length, fields };
}

async function parserFor(contentType: string, limits: FormLimits): Promise<Busboy> {
  const boundary = boundaryOf(contentType);
  if (boundary === null) throw malformed();
  // Loaded with the first form.
  const { default: busboy } = await import('busboy');
  try {
    return busboy({
      headers: { 'content-type': `multipart/form-data; boundary="${boundary}"` },
      // Names come as they were sent: see form-part.ts.
      preservePath: true,
      limits: {
        // Counted here, because an empty file input is none: see addFile.
        files: Infinity,
        fields: limits.maxFields,
        fieldSize: FIELD_BYTES,
        parts: MAX_PARTS,
      },
    });
  } catch (cause) {
    throw malformed(cause);
  }
}

function listen(form: Form): void {
  const { parser, body, limits } = form;
  parser.on('file', (field, stream, { filename, mimeType }) => {
    // Also of a file that nobody will look at, because the form has failed by now.
    stream.on('error', () => undefined);
    attempt(form, () => addFile(form, stream, { field, filename, mimeType }));
  });
  parser.on('field', (field, value, { valueTruncated }) =>
    attempt(form, () => addField(form, field, value, valueTruncated)),
  );
  parser.on('fieldsLimit', () => fail(form, tooMany('fields', limits.maxFields)));
  parser.on('partsLimit', () => fail(form, tooMany('parts', MAX_PARTS)));
  parser.on('error', (error) => fail(form, malformed(error)));
  parser.on('drain', () => feed(form));
  // The parser has seen the closing boundary, and the body its end and length.
  parser.on('finish', () => {
    form.parts.at(-1)?.confirm();
    form.onFinish();
  });
  body.stream.on('data', (chunk: Buffer) => {
    form.written += chunk.length;
    parser.write(chunk);
    attempt(form, () => checkOverhead(form));
    feed(form);
  });
  body.stream.on('end', () => parser.end());
  body.stream.on('error', (error) => fail(form, error));
}

// Nothing more is read while a file waits for its turn, so that memory does not grow with the form.
function feed({ waiting, parser, body }: Form): void {
  if (waiting > 0 || parser.writableNeedDrain) body.stream.pause();
  else body.stream.resume();
}

function attempt(form: Form, act: () => void): void {
  if (form.failure !== null) return;
  try {
    act();
  } catch (error) {
    fail(form, error);
  }
}

interface FileHead {
  readonly field: string | undefined;
  readonly filename: string | undefined;
  readonly mimeType: string;
}

function addFile(form: Form, inner: Readable, head: FileHead): void {
  const { limits, parts } = form;
  if (head.filename === undefined || head.filename === '') return skipEmpty(form, inner);
  if (parts.length === limits.maxFiles)
    throw limits.tooManyFiles ?? tooMany('files', limits.maxFiles);
  const part = formPart(inner, {
    maxBytes: limits.maxBytes,
    onEndless: (error) => fail(form, error),
  });
  const index = parts.push(part) - 1;
  const field = fieldName(head.field, limits.fieldNameBytes);
  const filename = fileName(head.filename);
  const contentType = declaredType(head.mimeType, filename);
  // Another file begins, so the one before is complete.
  parts[index - 1]?.confirm();
  form.waiting += 1;
  form.work = form.work.then(() =>
    handle(form, part, { field, filename, contentType, stream: part.stream, index }),
  );
}

// HTML "Constructing the entry list": a file input that nothing was chosen for is sent without name and bytes.
function skipEmpty(form: Form, inner: Readable): void {
  inner.once('data', () => fail(form, namelessFile()));
  inner.resume();
}

async function handle(form: Form, part: FormPart, file: FormFile): Promise<void> {
  if (form.failure !== null) return;
  form.waiting -= 1;
  feed(form);
  try {
    await form.onFile(file);
  } catch (error) {
    fail(form, error);
  }
  part.stream.destroy();
}

function addField(form: Form, sent: string, value: string, isTruncated: boolean): void {
  const name = fieldName(sent, form.limits.fieldNameBytes);
  if (isTruncated) throw tooMany('bytes in a field', FIELD_BYTES);
  form.fieldBytes += Buffer.byteLength(value);
  form.fields[name] = value;
  refuseChunk((field) => form.fields[field]);
}

function checkOverhead({ written, parser, parts, fieldBytes }: Form): void {
  const files = parts.reduce((sum, part) => sum + part.bytes(), 0);
  const overhead = written - parser.writableLength - files - fieldBytes;
  // A field counts when it is complete.
  if (overhead <= MAX_OVERHEAD_BYTES + FIELD_BYTES) return;
  throw tooMany('bytes beside its files', MAX_OVERHEAD_BYTES);
}

function fail(form: Form, error: unknown): void {
  if (form.failure !== null) return;
  const failure = isFileServiceError(error)
    ? error
    : new FileServiceError('incomplete_body', 'The form did not arrive as a whole.', {
        cause: error,
      });
  form.failure = failure;
  for (const part of form.parts) part.stream.destroy(failure);
  form.body.stream.destroy();
  form.parser.destroy();
  form.onFailure();
}

function atMost(ms: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function malformed(cause?: unknown): FileServiceError {
  return new FileServiceError('invalid_body', 'The body must be a complete multipart form.', {
    cause,
  });
}

function tooMany(what: string, limit: number): FileServiceError {
  return tooLarge(`The form has more than ${limit} ${what}.`, limit);
}
