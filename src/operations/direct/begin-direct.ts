// An upload begins whose parts the client sends straight to storage.
import { randomBytes } from 'node:crypto';
import { access } from '../../core/hooks.js';
import { resolveName } from '../../core/key.js';
import { readJson } from '../../http/body/json.js';
import type { FileReply } from '../../http/reply.js';
import { declaredLength } from '../../http/request.js';
import { invalidBody } from '../shared/invalid-body.js';
import { alreadyExists } from '../shared/missing.js';
import { refuseType, storedType } from '../shared/upload/rules.js';
import { createsOnly, writeVerb } from '../shared/upload/store-file.js';
import { checkExist } from '../shared/upload/parameters.js';
import type { Ask, Operation, RunContext } from '../operation.js';
import { begin } from '../uploads/session.js';
import { sealSession } from '../uploads/token.js';
import { ownerOf, stagedKey, type UploadSession } from '../uploads/upload-session.js';
import { directSettings, directStep, mostBytesOf, ticketIn, uncached } from './direct-session.js';

const NAME = 'begin_direct';
const MAX_BODY_BYTES = 64 * 1024;

/** POST /_uploads/s3/multipart */
export const beginDirect: Operation = {
  name: NAME,
  sentence: 'Begins an upload whose parts go straight to storage, as Companion does.',
  methods: ['POST'],
  targets: ['direct'],
  query: { check_exist: checkExist },
  headers: {},
  body: [{ media: 'application/json', schema: 'DirectStart' }],
  replies: { 200: { sentence: '`key` and `uploadId`.', schema: 'DirectUpload' } },
  refusals: [400, 403, 404, 409, 413, 415],
  enabled: ({ direct }) => direct !== undefined,
  when: (request) => directStep(request)?.step === 'begin',
  plan: async (ask) => {
    directSettings(ask);
    const draft = draftOf(ask, await readAsked(ask));
    return {
      access: [access('write', draft.key, draft.verb, NAME)],
      run: async (context) => run(ask, context, draft),
    };
  },
};

interface Asked {
  readonly filename: string;
  readonly type: string | undefined;
}

async function readAsked({ request, settings }: Ask): Promise<Asked> {
  const body = await readJson(request.body, {
    maxBytes: MAX_BODY_BYTES,
    idleMs: settings.timeouts.idleMs,
    signal: request.signal,
    length: declaredLength(request.headers),
    allowEmpty: false,
  });
  const { filename, type, metadata } = Object(body) as Readonly<Record<string, unknown>>;
  const { relativePath } = Object(metadata) as Readonly<Record<string, unknown>>;
  if (typeof filename !== 'string')
    throw invalidBody('The field "filename" takes the name of the file.');
  // Uppy says "null" of a file that came in no folder.
  const isInFolder = typeof relativePath === 'string' && !['', 'null'].includes(relativePath);
  return {
    filename: isInFolder ? relativePath : filename,
    type: typeof type === 'string' && /^[\x20-\x7e]{1,255}$/.test(type) ? type : undefined,
  };
}

type Draft = Omit<UploadSession, 'owner'>;

function draftOf(ask: Ask, { filename, type }: Asked): Draft {
  const { settings, rules } = ask;
  const ticket = ticketIn(ask);
  const { minPartBytes, maxAgeSeconds } = directSettings(ask);
  const key = resolveName(ticket?.key ?? '', filename, 'file', rules);
  const contentType = storedType(type, key);
  refuseType(contentType, settings.allowedTypes);
  refuseType(contentType, ticket?.types);
  const nonce = randomBytes(12).toString('base64url');
  const isNew = ticket?.createOnly ?? createsOnly(ask);
  return {
    key,
    nonce,
    partSize: minPartBytes,
    condition: isNew ? 'create' : 'replace',
    verb: ticket?.verb ?? writeVerb(ask),
    way: 'direct',
    contentType,
    attributes: {},
    maxBytes: mostBytesOf(ask, ticket),
    // Parts go past the service: what has to be judged is made where nobody can read it.
    ...(settings.scan === undefined ? {} : { staged: stagedKey({ nonce }) }),
    tenant: ask.tenant(),
    expiresAt: Math.floor(Date.now() / 1000) + maxAgeSeconds,
  };
}

async function run(ask: Ask, context: RunContext, draft: Draft): Promise<FileReply> {
  const { ticket, links } = ask;
  if (ticket !== null) await links.countFile(ticket);
  try {
    return await begun(ask, { ...draft, owner: ownerOf(context.principal) }, context);
  } catch (error) {
    if (ticket !== null) await links.giveFileBack(ticket);
    throw error;
  }
}

async function begun(ask: Ask, asked: UploadSession, context: RunContext): Promise<FileReply> {
  const session = await begin(context.lasting(), asked);
  if ('kind' in session) throw alreadyExists(asked.key);
  return uncached({
    key: session.key,
    uploadId: sealSession(ask.settings.uploadSecrets, session),
  });
}
