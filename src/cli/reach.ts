// How `ls`, `upload`, `download` and `share` reach files: a running service, or one in this process over a bucket.
import { fileClient } from '../client/file-client.js';
import type { FileClient } from '../client/file-client.js';
import { allowAll } from '../core/hooks.js';
import { createFetchHandler } from '../server/fetch/fetch-handler.js';
import { nonEmpty, storageOf } from './config.js';
import { UsageError, type Io } from './io.js';
import type { Given } from './options.js';

/** Files that can be reached, and what ends that. */
export interface Reached {
  readonly files: FileClient;
  /** The running service that is asked; undefined for a bucket. */
  readonly url: string | undefined;
  readonly close: () => Promise<void>;
}

/** A fetch that tells how many bytes of bodies it has taken. */
export type Fetch = typeof fetch;

/** The files of `--url`, else of the bucket. `through` may wrap what carries the requests. */
export async function reach(
  given: Given,
  io: Io,
  through: (carry: Fetch) => Fetch = (carry) => carry,
): Promise<Reached> {
  const named = given.text('bucket') === undefined ? io.env['S3FILES_URL'] : undefined;
  const url = given.text('url') ?? nonEmpty(named);
  if (url !== undefined) {
    if (!/^https?:\/\/[^/]/.test(url))
      throw new UsageError(
        `--url takes the address of a service, https://files.example/api/v2/s3files, not "${url}".`,
      );
    const key = given.text('key') ?? nonEmpty(io.env['S3FILES_KEY']);
    const headers: Record<string, string> = key === undefined ? {} : { 'X-API-Key': key };
    const files = fileClient({ baseUrl: url, headers, fetch: through(fetch) });
    return { files, url, close: () => Promise.resolve() };
  }
  const storage = await storageOf(given, io);
  const service = createFetchHandler({ ...storage, authorize: allowAll });
  const carry: Fetch = (target, init) => service(new Request(target, init));
  // The host is never asked: requests go to the handler.
  const files = fileClient({ baseUrl: 'http://bucket.invalid', fetch: through(carry) });
  return { files, url: undefined, close: () => service.close() };
}
