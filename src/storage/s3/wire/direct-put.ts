// Storing bytes that are in memory the lean way: one PutObject, said in headers.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
import type { WriteResult } from '../../bucket.js';
import { attributesInput, keepingInput, quoted } from '../attributes.js';
import type { S3Context } from '../call.js';
import type { NoAnswer } from './exchange.js';
import { leanSend, type SentBody, type Stored } from './direct-send.js';
import type { Writing } from '../writing/put-object.js';
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
  return { kind: 'written', etag: quoted(answer.headers['etag']), size: bytes.length };
}

/** Stores a stream; `unasked` when the SDK had better. Throws as a call of the SDK does. */
export function leanPutStream(
  context: S3Context,
  body: SentBody,
  writing: Writing,
): Promise<Stored | 'unasked'> {
  const what = {
    operation: 'PutObject',
    s3Key: context.keyOf(writing.key),
    query: 'x-id=PutObject',
    headers: headersOf(context, writing),
  };
  return leanSend(context, what, body);
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
