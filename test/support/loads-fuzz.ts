// Random headers, ranges and forms against a service: what it answered, and how long it took at most.
import { chunk } from './raw-request.ts';
import { openRaw } from './raw.ts';
import { MOUNT } from './service.ts';
import { inParallel, type ServiceChild } from './service-child.ts';

/** What became of random requests. */
export interface Fuzzed {
  readonly statuses: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  /** The first requests that got no whole answer in time, to be sent again. */
  readonly hung: readonly string[];
}

type Random = () => number;

const pick = <T>(random: Random, from: readonly T[]): T =>
  from[Math.floor(random() * from.length)] as T;

const NUMBERS = [
  '0',
  '1',
  '9',
  '10',
  '11',
  '-1',
  '1e3',
  '',
  ' ',
  '99999999999999999999',
  '0x1',
  'a',
];
const ETAGS = [
  '"a"',
  'W/"a"',
  '*',
  '"',
  '""',
  ',',
  'a',
  '"a","b"',
  '"\u00ff"',
  '\t',
  '"a" , W/"b"',
];
const DATES = [
  'Mon, 01 Jan 2001 00:00:00 GMT',
  'Monday, 01-Jan-01 00:00:00 GMT',
  'Mon Jan  1 00:00:00 2001',
  'Fri, 31 Feb 2099 99:99:99 GMT',
  '0',
  '-1',
  '',
];
const TYPES = ['text/html', 'a/b;c="', '/', 'multipart/form-data', '\u00e9', 'x'.repeat(300), ''];

const range = (random: Random): string =>
  `${pick(random, ['bytes', 'Bytes', 'items', ''])}${pick(random, ['=', '', '=='])}` +
  Array.from(
    { length: Math.floor(random() * 20) },
    () => `${pick(random, NUMBERS)}${pick(random, ['-', '', '--'])}${pick(random, NUMBERS)}`,
  ).join(pick(random, [',', ', ', ';', ',,']));

const NAMES: Readonly<Record<string, (random: Random) => string>> = {
  Range: range,
  'If-Range': (random) => pick(random, [...ETAGS, ...DATES]),
  'If-Match': (random) => pick(random, ETAGS),
  'If-None-Match': (random) => pick(random, ETAGS),
  'If-Modified-Since': (random) => pick(random, DATES),
  'If-Unmodified-Since': (random) => pick(random, DATES),
  'Content-Type': (random) => pick(random, TYPES),
  'X-File-Name': (random) => pick(random, ['../x', 'a\u00ffb', 'a/b', '', '.', 'x'.repeat(2000)]),
  'X-Folder-Name': (random) => pick(random, ['..', 'f', '', 'a//b', '%2e%2e']),
  'X-Request-Id': (random) => pick(random, ['a', '', '\u00ff', 'x'.repeat(200), '<b>']),
  'Content-MD5': (random) => pick(random, ['', 'AAAA', '1B2M2Y8AsgTpgAmY7PhCfg==']),
  'Repr-Digest': (random) => pick(random, ['', 'sha-256=:AAAA:', 'a', 'sha-256=', ':', 'x=:=:']),
  Origin: (random) => pick(random, ['null', 'https://evil.example', '', '*']),
  Expect: (random) => pick(random, ['100-continue', 'x', '']),
  wrap: (random) => pick(random, ['false', 'x', '']),
};

const TARGETS = ['/f10', '/', '/folder/', '/none', '/f10?url=true', '/?zip=true', '/fuzz'];
const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'];

const PARTS = [
  '--B',
  '--B--',
  '\r\n',
  '\r\n\r\n',
  'Content-Disposition: form-data',
  '; name="files"',
  '; name=""',
  '; name="__proto__"',
  '; filename="a"',
  '; filename="../a"',
  `; filename*=UTF-8''%ff`,
  'Content-Type: text/html',
  'Content-Type: multipart/mixed; boundary=C',
  'Content-Transfer-Encoding: base64',
  '\0',
  ':',
  'x'.repeat(500),
];

/** One request with up to five random headers, or a random form. */
function request(random: Random): Buffer {
  const isForm = random() < 0.3;
  const body = isForm
    ? `--B\r\n${Array.from({ length: Math.floor(random() * 12) }, () => pick(random, PARTS)).join('')}`
    : pick(random, ['', 'body', '{"resource":[{}]}', '{', '[]', 'null']);
  const method = isForm ? 'POST' : pick(random, METHODS);
  const headers = Object.entries(NAMES)
    .filter(() => random() < 0.2)
    .map(([name, value]) => `${name}: ${value(random)}\r\n`)
    .join('');
  const form = isForm ? 'Content-Type: multipart/form-data; boundary=B\r\n' : '';
  const bytes = Buffer.from(body, 'latin1');
  const isChunked = random() < 0.2;
  const framing = isChunked
    ? 'Transfer-Encoding: chunked\r\n'
    : `Content-Length: ${bytes.length}\r\n`;
  const head = `${method} ${MOUNT}${pick(random, TARGETS)} HTTP/1.1\r\nHost: a\r\n${form}${headers}${framing}\r\n`;
  const end = Buffer.from('0\r\n\r\n');
  const framed = isChunked
    ? Buffer.concat([...(bytes.length > 0 ? [chunk(bytes)] : []), end])
    : bytes;
  return Buffer.concat([Buffer.from(head, 'latin1'), framed]);
}

/**
 * Sends random requests of which half are left: the client goes before its request is whole, or while it is answered.
 * The statuses of those that stayed.
 */
export async function leaveAtRandom(
  { child }: ServiceChild,
  { count, random }: { readonly count: number; readonly random: Random },
): Promise<Readonly<Record<string, number>>> {
  const statuses: Record<string, number> = {};
  // Many at a time: hooks that never answer keep some waiting.
  await inParallel(count, 32, async () => {
    const bytes = request(random);
    const [stays, isHalfSent, waitMs] = [random() < 0.5, random() < 0.5, random() * 20];
    // The caller learns from `unhandled` why the process has ended.
    if (child.unhandled.length > 0) return;
    const connection = await openRaw(child.port).catch(() => undefined);
    if (connection === undefined) return void (statuses['refused'] = 1);
    if (stays) {
      connection.send(bytes);
      const head = bytes.subarray(0, 5).toString() === 'HEAD ';
      const { status, ended } = await connection.response({ head, timeoutMs: 10_000 });
      const what = ended === 'timeout' ? 'hang' : String(status);
      statuses[what] = (statuses[what] ?? 0) + 1;
      return connection.close();
    }
    connection.send(isHalfSent ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes);
    // A moment in the life of the request, not the end of something.
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    pick(random, [connection.reset, connection.close])();
  });
  return statuses;
}

/** Sends random requests, each on the connection of its lane for as long as that lives. */
export async function fuzz(
  { child }: ServiceChild,
  { count, random }: { readonly count: number; readonly random: Random },
): Promise<Fuzzed> {
  const statuses: Record<string, number> = {};
  const hung: string[] = [];
  let slowestMs = 0;
  await inParallel(count, 8, async () => {
    const bytes = request(random);
    const connection = await openRaw(child.port);
    const began = performance.now();
    connection.send(bytes);
    const head = bytes.subarray(0, 5).toString() === 'HEAD ';
    const { status, ended } = await connection.response({ head, timeoutMs: 5000 });
    slowestMs = Math.max(slowestMs, performance.now() - began);
    const what = ended === 'timeout' ? 'hang' : String(status);
    statuses[what] = (statuses[what] ?? 0) + 1;
    if (ended === 'timeout' && hung.length < 10) hung.push(bytes.toString('latin1'));
    connection.close();
  });
  return { statuses, slowestMs, hung };
}
