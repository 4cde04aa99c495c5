// POST with `share`: a link that gives one file, or one folder, to whoever has it.
import { randomBytes } from 'node:crypto';
import { FileServiceError } from '../../core/errors.js';
import { access } from '../../core/hooks.js';
import { LINKS_FOLDER } from '../../core/key.js';
import { sealablePrincipal } from '../../core/seal.js';
import { readJson } from '../../http/body/json.js';
import { jsonDate } from '../../http/entry.js';
import { flag, whenSet } from '../../http/parameters.js';
import { json } from '../../http/reply.js';
import { declaredLength } from '../../http/request.js';
import type { Ask, Operation, RunContext } from '../operation.js';
import { statFile, statFolder } from '../shared/file-properties.js';
import { invalidBody } from '../shared/invalid-body.js';
import { requireLinkStore } from './list-links.js';
import { makerOf } from './link-desk.js';
import { MAX_PASSWORD, sealedPassword } from './password.js';
import { sealShare } from './share-grant.js';

const NAME = 'share';
const DEFAULT_EXPIRES_SECONDS = 24 * 3600;
const MAX_BODY_BYTES = 64 * 1024;
const ID_BYTES = 12;

interface Wanted {
  readonly expiresSeconds: number;
  readonly password: string | undefined;
  readonly download: boolean;
  readonly maxUses: number | undefined;
}

/** POST /file?share=true, POST /folder/?share=true */
export const share: Operation = {
  name: NAME,
  sentence: 'Makes a link that reads a file or a folder, as its maker may at the time of each use.',
  methods: ['POST'],
  targets: ['root', 'folder', 'file'],
  query: {
    share: flag(
      'Makes a link instead of storing. The JSON body takes `expires` (seconds), `password`, `download` and `max_uses`, or is empty.',
    ),
  },
  headers: {},
  // JSON, which on the path of a file would be taken for the file.
  body: [],
  replies: { 201: { sentence: 'The link.', schema: 'ShareLink' } },
  refusals: [400, 404, 413],
  when: whenSet('share'),
  plan: (ask) => {
    const { target } = ask;
    return {
      // What the link gives is reading.
      access: [access(target.kind === 'file' ? 'read' : 'list', target.key, 'GET', NAME)],
      run: async (context) => {
        const wanted = await readWanted(ask);
        if (wanted.maxUses !== undefined) requireLinkStore(ask, 'The parameter "max_uses"');
        if (target.kind === 'file') await statFile(context, target.key);
        else await statFolder(context.bucket, target.key);
        return json(201, await makeLink(ask, context, wanted), { 'Cache-Control': 'no-store' });
      },
    };
  },
};

async function makeLink(ask: Ask, { principal }: RunContext, wanted: Wanted) {
  const { target, links, settings } = ask;
  const { expiresSeconds, password, download, maxUses } = wanted;
  const now = Math.floor(Date.now() / 1000);
  const id = randomBytes(ID_BYTES).toString('base64url');
  const grant = {
    id,
    key: target.key,
    tenant: ask.tenant(),
    principal: sealablePrincipal(principal),
    expiresAt: now + expiresSeconds,
    download,
    password: password === undefined ? undefined : await sealedPassword(password),
    maxUses,
    isStored: links.hasStore,
  };
  if (links.hasStore)
    await links.remember({
      id,
      path: grant.key,
      tenant: grant.tenant,
      maker: makerOf(principal),
      created_at: now,
      expires_at: grant.expiresAt,
      download,
      has_password: password !== undefined,
      max_uses: maxUses ?? null,
      uses: 0,
    });
  const slash = target.kind === 'file' ? '' : '/';
  return {
    url: `${ask.request.mount}/${LINKS_FOLDER}${sealShare(settings, grant)}${slash}`,
    id,
    expires_at: jsonDate(new Date(grant.expiresAt * 1000)),
  };
}

async function readWanted({ request, settings }: Ask): Promise<Wanted> {
  const body = await readJson(request.body, {
    maxBytes: MAX_BODY_BYTES,
    idleMs: settings.timeouts.idleMs,
    signal: request.signal,
    length: declaredLength(request.headers),
    allowEmpty: true,
  });
  if (body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body)))
    throw invalidBody('The body takes {"expires","password","download","max_uses"}.');
  const { expires, password, download, max_uses } = (body ?? {}) as Readonly<
    Record<string, unknown>
  >;
  const longest = settings.maxExpiresSeconds;
  if (password !== undefined && !isPasswordText(password))
    throw invalidBody(`"password" takes a text of 1 to ${MAX_PASSWORD} characters.`);
  if (download !== undefined && typeof download !== 'boolean')
    throw invalidBody('"download" takes true or false.');
  return {
    expiresSeconds:
      wholeFrom1(expires, 'expires', longest) ?? Math.min(DEFAULT_EXPIRES_SECONDS, longest),
    password,
    download: download ?? false,
    maxUses: wholeFrom1(max_uses, 'max_uses', 1_000_000_000),
  };
}

function isPasswordText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_PASSWORD;
}

function wholeFrom1(value: unknown, name: string, most: number): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most)
    return value;
  throw new FileServiceError('invalid_body', `"${name}" takes a whole number from 1 to ${most}.`);
}
