// How far an upload has come: HEAD of its URL, by tus 1.0 or by Resumable Uploads for HTTP.
import { empty, type FileReply } from '../../http/reply.js';
import type { Ask, Operation, RunContext } from '../operation.js';
import { lookAt } from '../uploads/state.js';
import { uploadGone } from '../uploads/refusals.js';
import { sessionName, type UploadSession } from '../uploads/upload-session.js';
import { expiry } from './answers.js';
import { isTus, uploadLimit } from './protocol.js';
import { planUpload } from './receiving.js';

const NAME = 'read_upload';

/** HEAD or GET /_uploads/{token} */
export const readUpload: Operation = {
  name: NAME,
  sentence: 'Says in `Upload-Offset` how many bytes of an upload need not be sent again.',
  methods: ['GET', 'HEAD'],
  targets: ['upload'],
  query: {},
  headers: { 'tus-resumable': { sentence: '`1.0.0` speaks tus.' } },
  body: [],
  replies: {
    204: {
      sentence: 'How far the upload has come.',
      headers: ['Upload-Offset', 'Upload-Complete', 'Upload-Length', 'Upload-Limit'],
    },
    200: {
      sentence: 'The same, as tus has it.',
      headers: ['Upload-Offset', 'Upload-Length', 'Upload-Expires'],
    },
  },
  refusals: [403, 404, 412],
  enabled: ({ resumable }) => resumable !== undefined,
  when: (_, { resumable }) => resumable !== undefined,
  plan: (ask) => planUpload(ask, NAME, (context, session) => run(ask, context, session)),
};

async function run(ask: Ask, context: RunContext, session: UploadSession): Promise<FileReply> {
  // Draft, "Concurrency": what an earlier request still brings would make this answer outdated.
  await context.appends.end(sessionName(session));
  const state = await lookAt(context.lasting(), session);
  if (state.kind === 'gone') throw uploadGone();
  const isComplete = state.kind === 'finished';
  const offset = isComplete ? (state.file.size ?? 0) : state.offset;
  const saidLater = state.kind === 'open' ? state.tails.length : undefined;
  const length = session.length ?? (isComplete ? offset : saidLater);
  const known: Readonly<Record<string, string>> = {
    'Upload-Offset': String(offset),
    'Cache-Control': 'no-store',
    ...(length === undefined ? {} : { 'Upload-Length': String(length) }),
  };
  if (!isTus(ask.request))
    return empty(204, {
      ...known,
      'Upload-Complete': isComplete ? '?1' : '?0',
      'Upload-Limit': uploadLimit(ask.settings, session),
    });
  return empty(200, {
    ...known,
    'Content-Length': '0',
    'Upload-Expires': expiry(session),
    ...(length === undefined ? { 'Upload-Defer-Length': '1' } : {}),
    ...(session.metadata === undefined ? {} : { 'Upload-Metadata': session.metadata }),
  });
}
