// What is asked of the contestants: one request each, the same for all but where a peer's protocol differs.
import { randomBytes } from 'node:crypto';
import { OBJECTS } from './storage.ts';

const KIB = 1024;
const CRLF = '\r\n';

/** One request, and what a right answer looks like. */
export interface Request {
  readonly method: string;
  /** Below the contestant's mount, `1k.bin`. */
  readonly path: string;
  /** `$etag` stands for the contestant's own ETag of the path. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly expected: Expected;
}

/** What is looked at once, before measuring. */
export interface Expected {
  readonly status: readonly number[];
  /** Exact bytes of the body. */
  readonly bytes?: number;
  /** Object of the bucket that the body must equal, and from which to which byte. */
  readonly object?: string;
  readonly range?: readonly [number, number];
  /** Entries of a listing or of a zip. */
  readonly entries?: number;
  /** Key of an upload whose stored bytes must equal `content`. */
  readonly stored?: string;
  readonly content?: Buffer;
  /** Text that the body must hold. */
  readonly text?: string;
}

/** One kind of work. */
export interface Work {
  readonly title: string;
  readonly connections: number;
  /** Multiplies the length of a round: large bodies need longer for a whole number of answers. */
  readonly stretch: number;
  /** Answers so long that a round ends in the midst of many: they are counted by their bytes. */
  readonly countBytes?: true;
  /** The stand-in is asked over TLS, by contestants of that kind. */
  readonly secure?: true;
  readonly request: Request;
}

const get = (path: string, expected: Expected, headers: Record<string, string> = {}): Request => ({
  method: 'GET',
  path,
  headers,
  body: undefined,
  expected,
});

const read = (path: keyof typeof OBJECTS): Request =>
  get(path, { status: [200], bytes: OBJECTS[path], object: path });

const list = (folder: string, entries: number): Request =>
  get(`${folder}/`, { status: [200], entries });

function put(bytes: number): Request {
  const body = randomBytes(bytes);
  const headers = { 'Content-Type': 'application/octet-stream' };
  const expected = { status: [200, 201, 204], stored: `up/put-${bytes}.bin`, content: body };
  return { method: 'PUT', path: expected.stored, headers, body, expected };
}

/** The same bytes as one file part of a form; the stand-in assembles no multipart upload to look at. */
export function form(bytes: number, multipart = false): Request {
  const boundary = 'bench-boundary-7MA4YWxkTrZu0gW';
  const name = `form-${bytes}.bin`;
  const content = randomBytes(bytes);
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}${CRLF}Content-Disposition: form-data; name="files"; filename="${name}"${CRLF}` +
        `Content-Type: application/octet-stream${CRLF}${CRLF}`,
    ),
    content,
    Buffer.from(`${CRLF}--${boundary}--${CRLF}`),
  ]);
  return {
    method: 'POST',
    path: 'up/?check_exist=false',
    headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
    body,
    expected: multipart ? { status: [201] } : { status: [201], stored: `up/${name}`, content },
  };
}

/** The same bytes as tus sends them: creation with upload, in one request. */
export function tus(bytes: number): Request {
  const body = randomBytes(bytes);
  return {
    method: 'POST',
    path: '',
    headers: {
      'Content-Type': 'application/offset+octet-stream',
      'Tus-Resumable': '1.0.0',
      'Upload-Length': String(bytes),
    },
    body,
    expected: { status: [201] },
  };
}

/** As `tus`, to a key: the stand-in lists the parts of one of 64 MiB, of 8 MiB each. */
export function tusToKey(bytes: number): Request {
  return { ...tus(bytes), path: `up/tus-${bytes}.bin?check_exist=false` };
}

const small = { connections: 32, stretch: 1 };
const large = { connections: 4, stretch: 2 };

/** All works, in the order of the table. */
export const WORKS = {
  'get-1k': { title: 'GET 1 KB', ...small, request: read('1k.bin') },
  'get-64k': { title: 'GET 64 KB', ...small, request: read('64k.bin') },
  'get-1m': { title: 'GET 1 MB', ...small, request: read('1m.bin') },
  'get-64m': {
    title: 'GET 64 MB',
    ...large,
    countBytes: true,
    request: read('64m.bin'),
  },
  range: {
    title: 'GET 64 KB of 1 MB',
    ...small,
    request: get(
      '1m.bin',
      { status: [206], bytes: 64 * KIB, object: '1m.bin', range: [65_536, 131_071] },
      { Range: 'bytes=65536-131071' },
    ),
  },
  'not-modified': {
    title: 'GET answered 304',
    ...small,
    request: get('1k.bin', { status: [304], bytes: 0 }, { 'If-None-Match': '$etag' }),
  },
  head: {
    title: 'HEAD',
    ...small,
    request: { ...get('1k.bin', { status: [200], bytes: 0 }), method: 'HEAD' },
  },
  'cached-1k': { title: 'GET 1 KB, cached', ...small, request: read('1k.bin') },
  'list-10': { title: 'List 10', ...small, request: list('list-10', 10) },
  'list-1000': {
    title: 'List 1000',
    connections: 8,
    stretch: 2,
    request: list('list-1000', 1000),
  },
  'list-25000': {
    title: 'List 25,000',
    ...large,
    countBytes: true,
    request: list('list-25000', 25_000),
  },
  'put-1k': { title: 'PUT 1 KB', ...small, request: put(KIB) },
  'put-1m': { title: 'PUT 1 MB', ...small, request: put(KIB * KIB) },
  'put-64m': { title: 'PUT 64 MB', ...large, stretch: 3, request: put(64 * KIB * KIB) },
  'form-1k': { title: 'Form upload 1 KB', ...small, request: form(KIB) },
  'form-1m': { title: 'Form upload 1 MB', ...small, request: form(KIB * KIB) },
  delete: {
    title: 'DELETE',
    ...small,
    request: { ...get('64k.bin', { status: [200, 204] }), method: 'DELETE' },
  },
  'sign-read': {
    title: 'Sign a download',
    ...small,
    request: get('1k.bin?url=true', { status: [200], text: 'X-Amz-Signature=' }),
  },
  'sign-unseen': {
    title: 'Sign a download, no look',
    ...small,
    request: get('1k.bin?url=true&no_check=true', { status: [200], text: 'X-Amz-Signature=' }),
  },
  'sign-write': {
    title: 'Sign an upload',
    ...small,
    request: {
      // Ours is a link of the service: this storage would take headers that nobody signed.
      ...get('up/signed.bin?url=true', { status: [200], text: '"url":"' }),
      method: 'PUT',
      headers: { 'Content-Length': '0' },
    },
  },
  'zip-1000': {
    title: 'Zip of 1000 files of 1 KB',
    ...large,
    countBytes: true,
    request: get('zip-1000/?zip=true', { status: [200], entries: 1000 }),
  },
  'tls-get-1k': { title: 'GET 1 KB over TLS', ...small, secure: true, request: read('1k.bin') },
  'tls-get-64k': { title: 'GET 64 KB over TLS', ...small, secure: true, request: read('64k.bin') },
  'tls-get-1m': { title: 'GET 1 MB over TLS', ...small, secure: true, request: read('1m.bin') },
  'tls-put-1m': { title: 'PUT 1 MB over TLS', ...small, secure: true, request: put(KIB * KIB) },
  'tls-list-1000': {
    title: 'List 1000 over TLS',
    connections: 8,
    stretch: 2,
    secure: true,
    request: list('list-1000', 1000),
  },
} satisfies Record<string, Work>;

export type WorkName = keyof typeof WORKS;
export const WORK_NAMES = Object.keys(WORKS) as WorkName[];
