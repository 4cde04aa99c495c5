// GET of a share link: the file, or what is in the folder, in the name of whoever made it.
import { FileServiceError } from '../../core/errors.js';
import { access, isPromise } from '../../core/hooks.js';
import { linkOf, parsePath } from '../../core/key.js';
import type { Target } from '../../core/key.js';
import { readSmallBody } from '../../http/body/json.js';
import type { FileReply } from '../../http/reply.js';
import { changedRequest, declaredLength } from '../../http/request.js';
import { list, search } from '../list.js';
import type { Ask, Operation, Plan, ReplyDoc, RunContext } from '../operation.js';
import { folderProperties, properties } from '../properties.js';
import { read } from '../read.js';
import { zip } from '../zip.js';
import { isPassword } from './password.js';
import { passwordForm, unlocked } from './password-form.js';
import { isProof, linkGone } from './share-grant.js';
import type { ShareGrant } from './share-grant.js';

const NAME = 'open_link';

// What a link does, in the order of the table: reading.
const READING: readonly Operation[] = [zip, folderProperties, search, list, properties, read];

const served = {
  media: '*/*',
  // Bytes, or the JSON of a listing.
  schema: 'StoredJson',
  headers: ['ETag', 'Last-Modified', 'Accept-Ranges', 'Content-Disposition', 'Link'],
} as const satisfies Partial<ReplyDoc>;

const MAX_FORM_BYTES = 8 * 1024;

/** GET /_links/{token} */
export const openLink: Operation = {
  name: NAME,
  sentence:
    'Answers the file of a link, or what is in its folder: a listing, a file below it, or a zip.',
  methods: ['GET', 'HEAD', 'POST'],
  targets: ['link'],
  query: { ...zip.query, ...read.query, ...list.query, ...search.query },
  headers: {
    'x-link-password': { sentence: 'The password, of programs; browsers are shown a form.' },
    range: { sentence: 'One or several byte ranges (RFC 9110 section 14.2).' },
  },
  body: [{ media: 'application/x-www-form-urlencoded', schema: 'LinkPassword' }],
  replies: {
    200: { ...served, sentence: 'What the link gives.' },
    206: {
      ...served,
      sentence: 'The bytes of a range.',
      headers: [...served.headers, 'Content-Range'],
    },
    303: {
      sentence: 'The password was right; the same URL answers now.',
      headers: ['Location'],
    },
    304: { sentence: 'Not modified.', headers: ['ETag', 'Last-Modified'] },
    401: { sentence: 'A form for the password.', media: 'text/html', schema: 'Content' },
  },
  refusals: [404, 412, 416],
  plan: async (ask) => {
    const { share } = ask;
    // The service has opened the token; of another container it gives as little as one that does not open.
    if (share === null || share.tenant !== ask.tenant()) throw linkGone();
    const inner = innerAsk(ask, share);
    const operation = READING.find(
      ({ targets, when }) =>
        targets.includes(inner.target.kind) &&
        (when === undefined || when(inner.request, ask.settings)),
    );
    if (operation === undefined) throw linkGone();
    const planned = operation.plan(inner);
    const plan = isPromise(planned) ? await planned : planned;
    return {
      // Asked again: a right may have been withdrawn since the link was made.
      access: plan.access.map(({ action, path, verb }) => access(action, path, verb, NAME)),
      run: (context) => answer(ask, context, { share, plan }),
    };
  },
};

function innerAsk(ask: Ask, { key, download }: ShareGrant): Ask {
  const query = new URLSearchParams(ask.request.query);
  // A link gives the newest version, and what its maker chose.
  query.delete('version_id');
  if (download) query.set('download', 'true');
  return {
    ...ask,
    request: changedRequest(ask.request, { query }),
    verb: ask.verb === 'HEAD' ? 'HEAD' : 'GET',
    target: targetOf(ask, key),
    share: null,
  };
}

/** What the path behind the token names: the link's own file or folder, or what is below the folder. */
function targetOf(ask: Ask, key: string): Target {
  const rest = linkOf(ask.request.path)?.rest ?? '';
  const isFolder = key === '' || key.endsWith('/');
  if (!isFolder) {
    if (rest !== '') throw linkGone();
    return { kind: 'file', key };
  }
  const below = parsePath(rest === '' ? '/' : rest, ask.rules);
  const isPlain = below.kind === 'file' || below.kind === 'folder';
  if (below.kind !== 'root' && !isPlain) throw linkGone();
  const whole = key + below.key;
  if (whole === '') return { kind: 'root', key: '' };
  return { kind: whole.endsWith('/') ? 'folder' : 'file', key: whole };
}

interface Use {
  readonly share: ShareGrant;
  readonly plan: Plan;
}

async function answer(ask: Ask, context: RunContext, { share, plan }: Use): Promise<FileReply> {
  const { links, verb } = ask;
  if (share.password !== undefined) {
    const refused = await locked(ask, share, share.password);
    if (refused !== null) return refused;
  } else if (verb === 'POST') throw notLocked();
  const counts = verb === 'GET';
  if (counts) await links.use(share);
  else await links.look(share);
  try {
    const reply = await plan.run(named(context));
    // Whoever asks whether it has changed has the file already.
    if (counts && reply.status === 304) await links.giveBack(share);
    return { ...reply, headers: { ...reply.headers, ...OF_LINKS } };
  } catch (error) {
    if (counts) await links.giveBack(share);
    throw error;
  }
}

// It may be revoked at any time, and its URL is what opens it.
const OF_LINKS = {
  'Cache-Control': 'private, no-cache, no-transform',
  'Referrer-Policy': 'no-referrer',
};

/** The same context, in which `authorize` is asked in the name of this operation. */
function named(context: RunContext): RunContext {
  return {
    ...context,
    authorize: ({ action, path, verb }) => context.authorize(access(action, path, verb, NAME)),
    permits: ({ action, path, verb }) => context.permits(access(action, path, verb, NAME)),
  };
}

/** Null when the password is proved, else what asks for it. */
async function locked(ask: Ask, share: ShareGrant, sealed: string): Promise<FileReply | null> {
  const { request, links, settings, verb } = ask;
  const { headers, ip } = request;
  const proof = /(?:^|;\s*)s3files-link=([\w-]+)/.exec(headers['cookie'] ?? '')?.[1];
  if (verb !== 'POST' && proof !== undefined && isProof(settings, share.id, proof)) return null;
  const given = verb === 'POST' ? await passwordOf(ask) : headers['x-link-password'];
  if (given === undefined) return passwordForm(request, 'asked');
  links.refuseGuessing(share.id, ip);
  links.guess(share.id, ip);
  if (!(await isPassword(sealed, given))) return passwordForm(request, 'wrong');
  links.guessedRight(share.id, ip);
  return verb === 'POST' ? unlocked(ask, share) : null;
}

async function passwordOf({ request, settings }: Ask): Promise<string> {
  const bytes = await readSmallBody(request.body, {
    maxBytes: MAX_FORM_BYTES,
    idleMs: settings.timeouts.idleMs,
    signal: request.signal,
    length: declaredLength(request.headers),
  });
  return new URLSearchParams(bytes.toString('utf8')).get('password') ?? '';
}

function notLocked(): FileServiceError {
  return new FileServiceError('invalid_body', 'The link has no password.');
}
