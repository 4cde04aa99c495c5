// An upload is given up whose parts went straight to storage.
import { access } from '../../core/hooks.js';
import { text } from '../../http/parameters.js';
import type { Operation } from '../operation.js';
import { discard } from '../uploads/session.js';
import { directStep, directUpload, uncached } from './direct-session.js';

const NAME = 'cancel_direct';

/** DELETE /_uploads/s3/multipart/{token} */
export const cancelDirect: Operation = {
  name: NAME,
  sentence: 'Gives an upload up whose parts went straight to storage; nothing of it stays.',
  methods: ['DELETE'],
  targets: ['direct'],
  query: { key: text('The key that the upload was answered with.') },
  headers: {},
  body: [],
  replies: { 200: { sentence: 'The upload is gone.', schema: 'Empty' } },
  refusals: [404],
  enabled: ({ direct }) => direct !== undefined,
  when: (request) => directStep(request)?.step === 'parts',
  plan: (ask) => {
    const session = directUpload(ask);
    return {
      access: [access('write', session.key, session.verb, NAME)],
      run: async (context) => {
        await discard(context.lasting(), session);
        return uncached({});
      },
    };
  },
};
