// Where a browser sends a small file by one form, in the wire form of Companion: to a sealed link through the service.
import { access } from '../../core/hooks.js';
import { resolveName } from '../../core/key.js';
import { readParameters, text } from '../../http/parameters.js';
import { lastValue } from '../../http/request.js';
import { refuseType, storedType } from '../shared/upload/rules.js';
import { createsOnly } from '../shared/upload/store-file.js';
import { checkExist } from '../shared/upload/parameters.js';
import type { Bucket } from '../../storage/bucket.js';
import type { Ask, Operation } from '../operation.js';
import { sealGrant } from '../uploads/token.js';
import {
  directSettings,
  directStep,
  mostBytesOf,
  ticketIn,
  tokenAddress,
  uncached,
} from './direct-session.js';

const NAME = 'direct_form';
const query = {
  filename: text('Name of the file, below the folder of the ticket, else from the root.'),
  type: text("The type to store; generic ones are replaced by the extension's."),
  check_exist: checkExist,
};

/** GET /_uploads/s3/params */
export const directForm: Operation = {
  name: NAME,
  sentence:
    'Says where a form with one file is to be sent: to a link that takes this upload and no other.',
  methods: ['GET', 'HEAD'],
  targets: ['direct'],
  query,
  headers: {},
  body: [],
  replies: { 200: { sentence: '`method`, `url` and `fields` of the form.', schema: 'DirectForm' } },
  refusals: [400, 404, 413, 415],
  enabled: ({ direct }) => direct !== undefined,
  when: (request) => directStep(request)?.step === 'params',
  plan: (ask) => {
    const { settings, rules } = ask;
    const { partExpiresSeconds } = directSettings(ask);
    const ticket = ticketIn(ask);
    const { filename = '', type } = readParameters(ask.request.query, query);
    const relativePath = lastValue(ask.request.query, 'metadata[relativePath]') ?? '';
    const name = ['', 'null'].includes(relativePath) ? filename : relativePath;
    const key = resolveName(ticket?.key ?? '', name, 'file', rules);
    const contentType = storedType(type === '' ? undefined : type, key);
    refuseType(contentType, settings.allowedTypes);
    refuseType(contentType, ticket?.types);
    // The form is a POST, whatever asks for it.
    const post = { ...ask, verb: 'POST' };
    const verb = ticket?.verb ?? 'POST';
    return {
      access: [access('write', key, verb, NAME)],
      run: async ({ principal, bucket }) => {
        if (ticket !== null) await ask.links.countFile(ticket);
        const createOnly = ticket?.createOnly ?? createsOnly(post);
        if (!createOnly && (await storageTakesForms(ask, bucket))) {
          const maxBytes = Math.min(mostBytesOf(ask, ticket), MOST_BYTES_OF_A_FORM);
          const form = { contentType, maxBytes, expiresSeconds: partExpiresSeconds };
          const signed = await bucket.uploads().signForm(key, form);
          if (signed !== null)
            return uncached({ method: 'POST', url: signed.url, fields: signed.fields });
        }
        const token = sealGrant(settings.uploadSecrets, {
          key,
          verb,
          createOnly,
          contentType,
          ...(ticket?.maxBytes === undefined ? {} : { maxBytes: ticket.maxBytes }),
          tenant: ask.tenant(),
          principal,
          expiresAt: Math.floor(Date.now() / 1000) + partExpiresSeconds,
        });
        return uncached({ method: 'POST', url: tokenAddress(ask, token), fields: { key } });
      },
    };
  },
};

/** AWS: one form stores at most 5 GiB. */
const MOST_BYTES_OF_A_FORM = 5 * 2 ** 30;

// What a policy cannot hold, only the service can; and a store that takes what was not signed would take more than a file.
async function storageTakesForms({ settings }: Ask, bucket: Bucket): Promise<boolean> {
  const { scan, onUploaded, hasQuota, directUploads } = settings;
  if (settings.direct?.postsForms !== true || !directUploads || hasQuota) return false;
  if (scan !== undefined || onUploaded !== undefined) return false;
  return bucket.signedWritesAreBound();
}
