// The parts of an upload that goes straight to storage: which are there, and URLs for those that are to come.
import { FileServiceError } from '../../core/errors.js';
import { access } from '../../core/hooks.js';
import { text } from '../../http/parameters.js';
import { lastValue } from '../../http/request.js';
import type { Ask, Operation, RunContext } from '../operation.js';
import { uploadGone } from '../uploads/refusals.js';
import { sealPart } from '../uploads/token.js';
import { uploadIn, type UploadSession } from '../uploads/upload-session.js';
import {
  checkPartNumber,
  directSettings,
  directStep,
  directUpload,
  tokenAddress,
  uncached,
} from './direct-session.js';

const NAME = 'direct_parts';
/** URLs that one request may ask for. */
const MOST_OF_A_BATCH = 100;
const NUMBERS = /^[1-9]\d{0,4}(?:,[1-9]\d{0,4})*$/;

const query = {
  key: text('The key that the upload was answered with.'),
  partNumbers: text('With `batch`: numbers of parts, separated by commas, at most 100.'),
};

/** GET /_uploads/s3/multipart/{token}, also {number} below it and batch */
export const directParts: Operation = {
  name: NAME,
  sentence:
    'Lists the parts that storage has of an upload, or gives the URLs that take further ones.',
  methods: ['GET', 'HEAD'],
  targets: ['direct'],
  query,
  headers: {},
  body: [],
  replies: { 200: { sentence: 'The parts, or a URL.', schema: 'DirectParts' } },
  refusals: [400, 404, 413],
  enabled: ({ direct }) => direct !== undefined,
  when: (request) => ['parts', 'part', 'batch'].includes(directStep(request)?.step ?? ''),
  plan: (ask) => {
    const session = directUpload(ask);
    const step = directStep(ask.request);
    const numbers = step?.step === 'batch' ? batchOf(ask) : step?.part == null ? [] : [step.part];
    for (const number of numbers) checkPartNumber(ask, session, number);
    return {
      access: [access('write', session.key, session.verb, NAME)],
      run: async (context) => {
        if (step?.step === 'parts') return uncached(await listed(context, session));
        const urls = await urlsOf(ask, context, session, numbers);
        return uncached(step?.step === 'batch' ? { presignedUrls: urls } : oneOf(ask, urls));
      },
    };
  },
};

function batchOf({ request }: Ask): readonly number[] {
  const asked = lastValue(request.query, 'partNumbers') ?? '';
  const numbers = NUMBERS.test(asked) ? asked.split(',').map(Number) : [];
  if (numbers.length > 0 && numbers.length <= MOST_OF_A_BATCH) return numbers;
  throw new FileServiceError(
    'invalid_parameter',
    `The parameter "partNumbers" takes 1 to ${MOST_OF_A_BATCH} numbers of parts, separated by commas.`,
  );
}

function oneOf(ask: Ask, urls: Readonly<Record<number, string>>) {
  return { url: Object.values(urls)[0], expires: directSettings(ask).partExpiresSeconds };
}

async function listed({ bucket }: RunContext, session: UploadSession) {
  const upload = uploadIn(session);
  if (upload === undefined) throw uploadGone();
  const found = await bucket.uploads().parts(upload);
  if (found.kind === 'gone') throw uploadGone();
  return found.parts.map(({ number, size, etag }) => ({
    PartNumber: number,
    Size: size,
    ETag: etag,
  }));
}

// Where storage takes headers that were not signed, the URL of a part could be made a copy of somebody else's object.
async function urlsOf(
  ask: Ask,
  { bucket, principal }: RunContext,
  session: UploadSession,
  numbers: readonly number[],
): Promise<Readonly<Record<number, string>>> {
  const upload = uploadIn(session);
  if (upload === undefined) throw uploadGone();
  const { partExpiresSeconds } = directSettings(ask);
  const { directUploads, hasQuota } = ask.settings;
  // A quota counts the bytes as they come, which go past the service otherwise.
  const isSigned = directUploads && !hasQuota && (await bucket.signedWritesAreBound());
  const expiresAt = Math.floor(Date.now() / 1000) + partExpiresSeconds;
  const urls: Record<number, string> = {};
  for (const part of numbers)
    urls[part] = isSigned
      ? (await bucket.uploads().signPart(upload, part, partExpiresSeconds)).url
      : tokenAddress(
          ask,
          sealPart(ask.settings.uploadSecrets, { part, session, principal, expiresAt }),
        );
  return urls;
}
