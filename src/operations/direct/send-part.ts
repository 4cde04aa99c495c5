// A part through the service, for stores whose signed URLs would give more than that part.
import { access } from '../../core/hooks.js';
import { FileServiceError } from '../../core/errors.js';
import { tooLarge } from '../../core/too-large.js';
import { guardBody } from '../../http/body/guarded-body.js';
import { empty, type FileReply } from '../../http/reply.js';
import { bodyLength } from '../shared/upload/body-length.js';
import type { Ask, Plan, RunContext } from '../operation.js';
import { uploadGone } from '../uploads/refusals.js';
import type { PartGrant } from '../uploads/token.js';
import { uploadIn } from '../uploads/upload-session.js';

const NAME = 'upload_link';
// It waits in memory until storage has it; whoever sends larger parts cuts them differently.
const MOST_PART_BYTES = 64 * 2 ** 20;

/** The plan for one part, by the link that was made for it. */
export function planPart(ask: Ask, grant: PartGrant): Plan {
  const { session } = grant;
  const length = bodyLength(ask.request);
  if (length === undefined)
    throw new FileServiceError('length_required', 'A part needs its "Content-Length".');
  const most = Math.min(MOST_PART_BYTES, session.maxBytes);
  if (length > most) throw tooLarge(`The part is larger than ${most} bytes.`, most);
  return {
    access: [access('write', session.key, session.verb, NAME)],
    run: async (context) => sendPart(ask, context, { grant, length }),
  };
}

interface Sending {
  readonly grant: PartGrant;
  readonly length: number;
}

async function sendPart(
  { request, settings }: Ask,
  context: RunContext,
  { grant, length }: Sending,
): Promise<FileReply> {
  const upload = uploadIn(grant.session);
  if (upload === undefined) throw uploadGone();
  const guarded = guardBody(request.body, {
    length,
    maxBytes: length,
    idleMs: settings.timeouts.idleMs,
    minBytesPerSecond: settings.minUploadBytesPerSecond,
    digests: null,
    signal: context.signal,
  });
  context.countBytesIn(guarded.bytes);
  const uploads = context.lasting().uploads();
  // One part of this size: all of the body is one piece, which counts in the budget of the process.
  const source = { chunks: guarded.stream, stop: () => void guarded.stream.destroy() };
  const sent = await uploads.putParts(upload, source, { first: grant.part, size: length + 1 });
  if (sent.kind === 'gone') throw uploadGone();
  try {
    const stored = await uploads.putPart(upload, grant.part, sent.rest);
    if (stored.kind === 'gone') throw uploadGone();
    return empty(200, { ETag: stored.etag, 'Content-Length': '0' });
  } finally {
    sent.release();
  }
}
