// The end of an upload whose parts went straight to storage: what storage says of them counts, never what the client says.
import { access } from '../../core/hooks.js';
import { baseName, encodeKey } from '../../core/key.js';
import { tooLarge } from '../../core/too-large.js';
import { readJson } from '../../http/body/json.js';
import { text } from '../../http/parameters.js';
import type { FileReply } from '../../http/reply.js';
import { declaredLength } from '../../http/request.js';
import type { Bucket } from '../../storage/bucket.js';
import type { UploadPart } from '../../storage/upload-store.js';
import { invalidBody } from '../shared/invalid-body.js';
import { alreadyExists } from '../shared/missing.js';
import { fileArrived } from '../shared/upload/arrived.js';
import { finishingOf } from '../resumable/receiving.js';
import type { Ask, Operation, RunContext } from '../operation.js';
import { finishParts, place, type FinishResult } from '../uploads/finish.js';
import { uploadGone } from '../uploads/refusals.js';
import { discard } from '../uploads/session.js';
import { endOf } from '../uploads/state.js';
import { sessionName, uploadIn, type UploadSession } from '../uploads/upload-session.js';
import { addressOf, directSettings, directStep, directUpload, uncached } from './direct-session.js';

const NAME = 'complete_direct';
// 10,000 parts, each with its number and its ETag.
const MAX_BODY_BYTES = 2 * 2 ** 20;

/** POST /_uploads/s3/multipart/{token}/complete */
export const completeDirect: Operation = {
  name: NAME,
  sentence: 'Makes the file of the parts that storage has.',
  methods: ['POST'],
  targets: ['direct'],
  query: { key: text('The key that the upload was answered with.') },
  headers: {},
  body: [{ media: 'application/json', schema: 'DirectEnd' }],
  replies: { 200: { sentence: 'The file is stored.', schema: 'DirectFile' } },
  refusals: [400, 403, 404, 409, 412, 413],
  enabled: ({ direct }) => direct !== undefined,
  when: (request) => directStep(request)?.step === 'complete',
  plan: async (ask) => {
    const session = directUpload(ask);
    const numbers = await readNumbers(ask);
    return {
      access: [access('write', session.key, session.verb, NAME)],
      run: async (context) => run(ask, context, { session, numbers }),
    };
  },
};

// Their ETags are the client's word; that it has sent these parts and no others is a question worth asking.
async function readNumbers({ request, settings }: Ask): Promise<readonly number[] | undefined> {
  const body = await readJson(request.body, {
    maxBytes: MAX_BODY_BYTES,
    idleMs: settings.timeouts.idleMs,
    signal: request.signal,
    length: declaredLength(request.headers),
    allowEmpty: true,
  });
  const { parts } = Object(body) as { readonly parts?: unknown };
  if (parts === undefined) return undefined;
  const numbers = Array.isArray(parts)
    ? parts.map((part: unknown) => (Object(part) as { PartNumber?: unknown }).PartNumber)
    : [Number.NaN];
  if (numbers.every((number): number is number => Number.isInteger(number))) return numbers;
  throw invalidBody('The field "parts" takes a list of { "PartNumber", "ETag" }.');
}

interface Completing {
  readonly session: UploadSession;
  readonly numbers: readonly number[] | undefined;
}

async function run(ask: Ask, context: RunContext, completing: Completing): Promise<FileReply> {
  const { session } = completing;
  // The client may leave: what it has sent becomes the file all the same.
  const result = await finished(ask, context, context.lasting(), completing);
  if (result.kind === 'incomplete') throw incomplete();
  if (result.kind !== 'finished') throw alreadyExists(session.key);
  return answer(ask, context, session, result);
}

async function answer(
  ask: Ask,
  context: RunContext,
  session: UploadSession,
  { etag, size }: { readonly etag: string; readonly size: number },
): Promise<FileReply> {
  const file = {
    name: baseName(session.key),
    path: session.key,
    content_type: session.contentType,
    content_length: size,
    type: 'file',
    ...(etag === '' ? {} : { etag }),
  } as const;
  const upload = { via: 'direct', id: sessionName(session) } as const;
  const { data } = await fileArrived(ask, context, file, upload);
  return uncached({
    location: addressOf(ask, encodeKey(session.key)),
    key: session.key,
    etag,
    ...(data === undefined ? {} : { data }),
  });
}

async function finished(
  ask: Ask,
  context: RunContext,
  bucket: Bucket,
  { session, numbers }: Completing,
): Promise<FinishResult> {
  const finishing = finishingOf(ask, context, session, NAME);
  const upload = uploadIn(session);
  const found = upload === undefined ? undefined : await bucket.uploads().parts(upload);
  if (found?.kind !== 'open') {
    // The answer to the request before this one was lost.
    const state = await endOf(bucket, session);
    if (state.kind === 'finished')
      return { kind: 'finished', etag: state.file.etag, size: state.file.size ?? 0 };
    if (state.kind !== 'assembled') throw uploadGone();
    await finishing.authorize();
    return place(bucket, session, state.size, finishing);
  }
  const { parts } = found;
  const total = parts.reduce((sum, { size }) => sum + size, 0);
  if (total > session.maxBytes) {
    await discard(bucket, session);
    throw tooLarge(`The upload is larger than ${session.maxBytes} bytes.`, session.maxBytes);
  }
  checkParts(parts, numbers, directSettings(ask).minPartBytes);
  // An empty file is one part of no bytes, which is no size for parts.
  const partSize = parts[0]?.size || session.partSize;
  await finishing.authorize();
  return finishParts(bucket, { ...session, partSize }, total, finishing);
}

// R2 takes only parts of one size; AWS none below 5 MiB but the last.
function checkParts(
  parts: readonly UploadPart[],
  numbers: readonly number[] | undefined,
  least: number,
): void {
  const isWhole = parts.length > 0 && parts.every(({ number }, index) => number === index + 1);
  const isAsSaid =
    numbers === undefined ||
    (numbers.length === parts.length &&
      new Set(numbers).size === parts.length &&
      numbers.every((number) => number >= 1 && number <= parts.length));
  if (!isWhole || !isAsSaid) throw incomplete();
  const [first] = parts;
  const size = first?.size ?? 0;
  const isEven = parts.every((part, index) =>
    index === parts.length - 1 ? part.size <= size : part.size === size,
  );
  if (isEven && (parts.length === 1 || size >= least)) return;
  throw invalidBody(`All parts but the last have one size, of ${least} bytes at least.`);
}

function incomplete() {
  return invalidBody('Storage does not have every part of the file.');
}
