// A ticket: an endpoint for uploads into one folder that needs no other credential.
import { randomBytes } from 'node:crypto';
import { FileServiceError } from '../../core/errors.js';
import { access } from '../../core/hooks.js';
import { jsonDate } from '../../http/entry.js';
import { flag, integer, names, readParameters, whenSet } from '../../http/parameters.js';
import { createsOnly, writeVerb } from '../shared/upload/store-file.js';
import { checkExist } from '../shared/upload/parameters.js';
import type { Operation } from '../operation.js';
import { sealTicket } from '../uploads/token.js';
import { directSettings, tokenAddress, uncached } from './direct-session.js';

const NAME = 'make_ticket';
const DEFAULT_SECONDS = 900;
/** AWS: a signature lives for 7 days at most; a ticket is no better. */
const MOST_SECONDS = 604_800;
const TYPE = /^[\w.+-]+\/(?:\*|[\w.+-]+)$/;

const query = {
  ticket: flag('Makes a ticket: an endpoint for uploads into this folder, for whoever has it.'),
  expires: integer('Seconds that it lives. Default 900.', { min: 1, max: MOST_SECONDS }),
  max_files: integer(
    'Most files that come by it: exact in one instance, and in several with `linkStore`, but for those at the same moment.',
    { min: 1 },
  ),
  max_bytes: integer('Most bytes of a file that comes by it.', { min: 0 }),
  types: names('Media types that files may have, `image/png` or `image/*`, separated by commas.'),
  check_exist: checkExist,
};

/** POST /folder/?ticket=true */
export const makeTicket: Operation = {
  name: NAME,
  sentence:
    'Makes an endpoint by which people without an account upload into the folder, and see nothing.',
  methods: ['POST'],
  targets: ['root', 'folder'],
  query,
  headers: {},
  body: [],
  replies: { 200: { sentence: '`endpoint` and `expires_at`.', schema: 'Ticket' } },
  refusals: [400, 404],
  enabled: ({ direct }) => direct !== undefined,
  when: whenSet('ticket'),
  plan: (ask) => {
    directSettings(ask);
    const { settings, target, request } = ask;
    const given = readParameters(request.query, query);
    const seconds = given.expires ?? DEFAULT_SECONDS;
    const { types } = given;
    if (types?.every((type) => TYPE.test(type)) === false)
      throw new FileServiceError(
        'invalid_parameter',
        'The parameter "types" takes media types such as "image/png" or "image/*", separated by commas.',
      );
    const verb = writeVerb(ask);
    return {
      access: [access('write', target.key, verb, NAME)],
      run: async ({ principal }) => {
        const expiresAt = Math.floor(Date.now() / 1000) + seconds;
        const token = sealTicket(settings.uploadSecrets, {
          key: target.key,
          id: randomBytes(9).toString('base64url'),
          verb,
          createOnly: createsOnly(ask),
          ...(given.max_files === undefined ? {} : { maxFiles: given.max_files }),
          ...(given.max_bytes === undefined ? {} : { maxBytes: given.max_bytes }),
          ...(types === undefined ? {} : { types }),
          tenant: ask.tenant(),
          principal,
          expiresAt,
        });
        return uncached({
          endpoint: tokenAddress(ask, `t/${token}`),
          expires_at: jsonDate(new Date(expiresAt * 1000)),
        });
      },
    };
  },
};
