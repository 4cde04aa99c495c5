// Answers that are documents (XML, errors) are read whole before they are parsed: bounded in bytes and time.
// Bytes of an object are never touched here.
import type { S3Client } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { nonsense } from '../errors.js';

// A page of 1000 keys of 1024 bytes, each byte percent-encoded, is 3.5 MB.
const MOST_BYTES = 8 * 2 ** 20;

// S3 begins these answers at once and sends spaces until the work is done, which may take minutes.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
const SLOW = new Set([
  'CompleteMultipartUploadCommand',
  'CopyObjectCommand',
  'UploadPartCopyCommand',
]);

/** Makes a client refuse endless documents (`storage_failed`) and those that stall (`ETIMEDOUT`). */
export function boundAnswers(client: S3Client, withinMs: number): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      // Border with the SDK: a middleware's response is typed unknown.
      const response = result.response as { statusCode: number; body?: unknown };
      const isObject = context.commandName === 'GetObjectCommand' && response.statusCode < 300;
      if (!isObject && response.body instanceof Readable) {
        const isSlow = SLOW.has(context.commandName ?? '');
        response.body = await collect(response.body, { withinMs, isSlow });
      }
      return result;
    },
    { step: 'deserialize', name: 's3files-bounded-answers', priority: 'low' },
  );
}

interface Bounds {
  readonly withinMs: number;
  /** Time runs from the last byte instead of from the first. */
  readonly isSlow: boolean;
}

async function collect(body: Readable, { withinMs, isSlow }: Bounds): Promise<Uint8Array> {
  const late = Object.assign(new Error('storage stalled in an answer'), { code: 'ETIMEDOUT' });
  const timer = setTimeout(() => body.destroy(late), withinMs);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MOST_BYTES) throw nonsense('Storage gave an answer without end.');
      chunks.push(chunk);
      if (isSlow) timer.refresh();
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks, size);
}
