// Whether an endpoint is S3 at all: a console's port or a captive portal answers 200 with a web page to everything.
import { detached, type S3Context } from '../call.js';
import { nonsense, refusalOf } from '../errors.js';
import { isWebPage } from '../wire/bounded-answers.js';
import type { Output } from '../wire/commands.js';

type Found = Output<'GetObject'> | Output<'HeadObject'>;

/**
 * Throws `storage_failed` when what looks like a file is the page of a web server. An HTML file of a bucket looks the
 * same where a store gives its answers no request id: such an endpoint is asked once for what only S3 has, a listing
 * or a refusal with a code.
 */
export async function assertSpeaksS3(context: S3Context, found: Found): Promise<void> {
  if (!isWebPage(found.ContentType)) return;
  const { connection, call } = context;
  await connection.known.speaksS3.get(() => listOne(detached(context)), call.signal);
}

async function listOne(context: S3Context): Promise<void> {
  try {
    await context.send('ListObjectsV2', { Prefix: context.container, MaxKeys: 1 });
  } catch (error) {
    const refusal = refusalOf(error);
    const isS3 = refusal?.status !== undefined && refusal.code !== '';
    if (!isS3) throw refusal?.kind === 'nonsense' ? notS3(error) : error;
  }
}

function notS3(cause: unknown): Error {
  return nonsense('What answers is not S3; check the "endpoint" option.', cause);
}
