// Answers that are documents (XML, errors) are read whole before they are parsed: bounded in bytes and time.
// Bytes of an object are never touched here.
import type { S3Client } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { endlessAnswer, lateError, unlikeS3 } from './answer-error.js';

/** A page of 1000 keys of 1024 bytes, each byte percent-encoded, is 3.5 MB. */
export const MOST_DOCUMENT_BYTES = 8 * 2 ** 20;

// S3 begins these answers at once and sends spaces until the work is done, which may take minutes.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
const SLOW = new Set([
  'CompleteMultipartUploadCommand',
  'CopyObjectCommand',
  'DeleteObjectsCommand',
  'UploadPartCopyCommand',
]);

/** Whether the header of a successful answer says that it is a page of a web server instead of S3's. */
export function isWebPage(contentType: string | undefined): boolean {
  return /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(contentType ?? '');
}

/** Makes a client refuse endless documents, web pages in the place of S3's answers, and documents that stall. */
export function boundAnswers(client: S3Client, withinMs: number): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      // Border with the SDK: a middleware's response is typed unknown.
      const { statusCode, headers, body } = result.response as SdkResponse;
      const isPlain = statusCode < 300;
      const name = context.commandName ?? '';
      if (isPlain && OBJECTS.has(name)) return result;
      if (isPlain && isWebPage(headers['content-type'])) throw unlikeS3('with a web page');
      if (body instanceof Readable) {
        const isSlow = SLOW.has(name);
        const patience = withinMs + keysOf(args.input) * MS_A_KEY;
        (result.response as SdkResponse).body = await collect(body, { withinMs: patience, isSlow });
      }
      return result;
    },
    { step: 'deserialize', name: 's3files-bounded-answers', priority: 'low' },
  );
}

// Ceph begins the answer to a batch of deletions at once and says no more until the last is done.
const MS_A_KEY = 50;

function keysOf(input: unknown): number {
  const { Delete } = input as { readonly Delete?: { readonly Objects?: readonly unknown[] } };
  return Delete?.Objects?.length ?? 0;
}

// Answers with the type of an object.
const OBJECTS = new Set(['GetObjectCommand', 'HeadObjectCommand']);

interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  body?: unknown;
}

interface Bounds {
  readonly withinMs: number;
  /** Time runs from the last byte instead of from the first. */
  readonly isSlow: boolean;
}

async function collect(body: Readable, { withinMs, isSlow }: Bounds): Promise<Uint8Array> {
  const late = lateError('storage stalled in an answer');
  const timer = setTimeout(() => body.destroy(late), withinMs);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MOST_DOCUMENT_BYTES) throw endlessAnswer();
      chunks.push(chunk);
      if (isSlow) timer.refresh();
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks, size);
}
