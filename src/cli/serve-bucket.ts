// `s3files serve`: any bucket, for whoever has the key.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import { apiKeys, roles } from '../index.js';
import type { Authenticate, Authorize, Principal } from '../index.js';
import { nonEmpty, storageOf, wholeOf } from './config.js';
import type { Io } from './io.js';
import type { Given } from './options.js';
import { serve } from './serve.js';

const MOUNT = '/api/v2/s3files';
const PAGE = '/files';
const COOKIE = 's3files';
const CALLER: Principal = { id: 'key', roles: ['caller'] };

/** Serves the bucket that the command line or the environment names. */
export async function serveBucket(given: Given, io: Io): Promise<number> {
  const storage = await storageOf(given, io);
  const { env } = io;
  const key = given.text('key') ?? nonEmpty(env['S3FILES_KEY']) ?? randomBytes(12).toString('hex');
  const page = given.has('no-page') ? undefined : PAGE;
  const publicUrl = given.text('public-url');
  return serve(
    {
      config: {
        ...storage,
        ...(publicUrl === undefined ? {} : { publicUrl }),
        ...(given.has('create-bucket') ? { createBucket: true } : {}),
        authenticate: authenticateWith(key, given.has('public')),
        authorize: rightsOf(given),
      },
      description: `bucket ${storage.bucket} at ${storage.endpoint ?? 'AWS'}`,
      host: given.text('host') ?? nonEmpty(env['HOST']) ?? '127.0.0.1',
      port: wholeOf('port', given.text('port') ?? nonEmpty(env['PORT']) ?? '3000'),
      mount: given.text('mount') ?? MOUNT,
      page,
      key,
      front: signIn(key, page),
      checks: true,
    },
    io,
  );
}

function rightsOf(given: Given): Authorize {
  return roles(
    {
      caller: [{ path: '**', allow: given.has('read-only') ? ['GET'] : '*' }],
      everyone: [{ path: '**', allow: ['GET'] }],
    },
    given.has('public') ? { anonymous: ['everyone'] } : {},
  );
}

/** A key in a header, or in the cookie that the printed address gave. */
function authenticateWith(key: string, allowAnonymous: boolean): Authenticate {
  const byKey = apiKeys({ [key]: CALLER }, { allowAnonymous });
  const token = cookieFor(key);
  return (request) => (isSame(cookieOf(request.raw), token) ? CALLER : byKey(request));
}

/** `/?key=...` makes a browser a caller, and `/` leads to the page. */
function signIn(key: string, page: string | undefined): RequestListener {
  return (req, res) => {
    const [pathname, query] = (req.url ?? '/').split('?');
    const shown = new URLSearchParams(query).get('key');
    res.setHeader('Cache-Control', 'no-store');
    if (pathname !== '/' || page === undefined) return void res.writeHead(404).end();
    if (shown !== null && isSame(shown, key)) {
      // The key does not stay in the address; only pages of this server send the cookie back.
      res.setHeader('Set-Cookie', `${COOKIE}=${cookieFor(key)}; Path=/; HttpOnly; SameSite=Strict`);
      res.setHeader('Referrer-Policy', 'no-referrer');
    }
    return void res.writeHead(303, { Location: `.${page}/` }).end();
  };
}

/** What a browser keeps instead of the key: it may hold what no cookie can, and stays out of the browser's store. */
function cookieFor(key: string): string {
  return createHash('sha256').update(`s3files page ${key}`).digest('hex');
}

function cookieOf(req: IncomingMessage): string {
  const cookies = (req.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
  const found = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`));
  return found?.slice(COOKIE.length + 1) ?? '';
}

/** Compares secrets in a time that says nothing of them. */
function isSame(given: string, key: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(key));
}
