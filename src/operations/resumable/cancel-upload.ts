// An upload is given up: DELETE of its URL, by tus 1.0 (Termination) or by Resumable Uploads for HTTP.
import { empty, type FileReply } from '../../http/reply.js';
import type { Operation, RunContext } from '../operation.js';
import { uploadGone } from '../uploads/refusals.js';
import { cancel } from '../uploads/session.js';
import { lookAt } from '../uploads/state.js';
import { sessionName, type UploadSession } from '../uploads/upload-session.js';
import { methodOf } from './protocol.js';
import { planUpload } from './receiving.js';

const NAME = 'cancel_upload';

/** DELETE /_uploads/{token} */
export const cancelUpload: Operation = {
  name: NAME,
  sentence: 'Gives an upload up; nothing of it stays.',
  methods: ['DELETE', 'POST'],
  targets: ['upload'],
  query: {},
  headers: {
    'tus-resumable': { sentence: '`1.0.0` speaks tus.' },
    'x-http-method-override': { sentence: 'tus: `DELETE` makes a POST one.' },
  },
  body: [],
  replies: { 204: { sentence: 'The upload is gone.' } },
  refusals: [403, 404, 412],
  enabled: ({ resumable }) => resumable !== undefined,
  when: (request, { resumable }) => resumable !== undefined && methodOf(request) === 'DELETE',
  plan: (ask) => planUpload(ask, NAME, run),
};

async function run(context: RunContext, session: UploadSession): Promise<FileReply> {
  await context.appends.end(sessionName(session));
  const bucket = context.lasting();
  const state = await lookAt(bucket, session);
  // A finished upload is a file, which is deleted by its own path.
  if (state.kind === 'gone' || state.kind === 'finished') throw uploadGone();
  await cancel(bucket, session);
  return empty(204);
}
