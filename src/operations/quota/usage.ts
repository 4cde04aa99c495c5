// GET of the root with `usage`: how much of its quota the container has used.
import { FileServiceError } from '../../core/errors.js';
import { access } from '../../core/hooks.js';
import { flag, whenSet } from '../../http/parameters.js';
import { json } from '../../http/reply.js';
import type { Operation } from '../operation.js';

const NAME = 'read_usage';

/** GET /?usage=true */
export const usage: Operation = {
  name: NAME,
  sentence: 'Answers how many bytes and files there are, and how many bytes may be.',
  methods: ['GET', 'HEAD'],
  targets: ['root'],
  query: { usage: flag('Answers the use of the quota; needs the option `quota`.') },
  headers: {},
  body: [],
  replies: { 200: { sentence: 'The use of the quota.', schema: 'Usage' } },
  refusals: [400],
  enabled: ({ hasQuota }) => hasQuota,
  when: whenSet('usage'),
  plan: ({ target, verb, settings }) => {
    if (!settings.hasQuota)
      throw new FileServiceError(
        'invalid_parameter',
        'The parameter "usage" needs the option "quota" of this service, which is off.',
      );
    return {
      access: [access('list', target.key, verb, NAME)],
      run: async ({ bucket }) => json(200, await bucket.usage(), { 'Cache-Control': 'no-store' }),
    };
  },
};
