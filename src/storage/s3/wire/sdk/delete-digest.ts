// Content-MD5 for DeleteObjects, which stores older than flexible checksums insist on.
import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';

/** Adds Content-MD5 to DeleteObjects beside the SDK's own CRC32: each store takes the one it knows. */
export function digestDeletes(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => (args) => {
      // Border with the SDK: a middleware's request is typed unknown.
      const request = args.request as { body?: unknown; headers: Record<string, string> };
      if (context.commandName === 'DeleteObjectsCommand' && typeof request.body === 'string') {
        request.headers['content-md5'] = createHash('md5').update(request.body).digest('base64');
      }
      return next(args);
    },
    { step: 'build', name: 's3files-content-md5', priority: 'low' },
  );
}
