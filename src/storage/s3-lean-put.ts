// Storing bytes that are in memory the lean way: one PutObject, said in headers.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
import type { Readable } from 'node:stream';
import type { Leaving } from '../leaving.js';
import type { WriteResult } from './bucket.js';
import { attributesInput, keepingInput, quoted, textOf } from './s3-attributes.js';
import type { S3Context } from './s3-client.js';
import { answerError, nonsense, translate } from './s3-errors.js';
import type { NoAnswer } from './s3-exchange.js';
import type { Writing } from './s3-put.js';
import { sha256 } from './sigv4.js';

// Larger ones are watched for progress, which one deadline for the whole call is not.
const MOST_BYTES = 256 * 1024;

/** What became of the write, or why the SDK had better make it. */
export async function leanPut(
  context: S3Context,
  bytes: Uint8Array,
  writing: Writing,
): Promise<WriteResult | NoAnswer> {
  const { lean } = context.connection;
  if (lean === null || bytes.length > MOST_BYTES) return 'unasked';
  const answer = await lean.ask(
    {
      operation: 'PutObject',
      method: 'PUT',
      s3Key: context.keyOf(writing.key),
      query: 'x-id=PutObject',
      headers: headersOf(context, writing),
      body: { bytes, length: bytes.length, payload: sha256(bytes) },
      whole: 0,
      streamed: false,
    },
    context.call,
  );
  if (typeof answer === 'string') return answer;
  if (answer.status === 412)
    return { kind: writing.request.createOnly === true ? 'exists' : 'precondition-failed' };
  if (answer.status < 200 || answer.status > 299) return 'failed';
  return { kind: 'written', etag: quoted(textOf(answer.headers, 'etag')), size: bytes.length };
}

/** A body that can be read once. */
export interface StreamedPut {
  readonly stream: Readable;
  readonly length: number;
  /** Ends the call: the sender has failed, storage stands still, the client has left. */
  readonly signal: Leaving;
}

/**
 * The ETag of what was stored, or `unasked`: then nothing of the stream was read. Throws as a call of the
 * SDK does.
 */
export async function leanPutStream(
  context: S3Context,
  { stream, length, signal }: StreamedPut,
  writing: Writing,
): Promise<{ readonly etag: string } | 'unasked'> {
  const { lean } = context.connection;
  if (lean === null) return 'unasked';
  const answer = await lean
    .ask(
      {
        operation: 'PutObject',
        method: 'PUT',
        s3Key: context.keyOf(writing.key),
        query: 'x-id=PutObject',
        headers: headersOf(context, writing),
        // As the SDK sends streams: hashing them first would need them twice.
        body: { bytes: stream, length, payload: 'UNSIGNED-PAYLOAD' },
        whole: 0,
        streamed: false,
      },
      { signal, onCall: context.call.onCall },
    )
    .catch((error: unknown) => {
      throw signal.aborted ? signal.reason : translate(error);
    });
  if (answer === 'unasked') return answer;
  if (answer === 'failed') throw nonsense('Storage did not answer as S3 does.');
  const { status, headers, body } = answer;
  if (status >= 200 && status <= 299) return { etag: quoted(headers['etag']) };
  const text = body instanceof Uint8Array ? Buffer.from(body).toString('utf8') : '';
  throw translate(answerError(status, headers, text));
}

function headersOf(context: S3Context, { request, nonce, guard }: Writing): [string, string][] {
  const { Metadata, ...attributes } = attributesInput(request, nonce);
  const keeping = keepingInput(context.settings);
  const named: readonly (readonly [string, string | undefined])[] = [
    ['content-type', attributes.ContentType],
    ['cache-control', attributes.CacheControl],
    ['content-disposition', attributes.ContentDisposition],
    ['content-encoding', attributes.ContentEncoding],
    ['content-language', attributes.ContentLanguage],
    ['if-match', guard.IfMatch],
    ['if-none-match', guard.IfNoneMatch],
    ['x-amz-server-side-encryption', keeping.ServerSideEncryption],
    ['x-amz-server-side-encryption-aws-kms-key-id', keeping.SSEKMSKeyId],
    ['x-amz-storage-class', keeping.StorageClass],
  ];
  const headers: [string, string][] = [];
  for (const [name, value] of named) if (value !== undefined) headers.push([name, value]);
  for (const name in Metadata) headers.push([`x-amz-meta-${name}`, Metadata[name] ?? '']);
  return headers;
}
