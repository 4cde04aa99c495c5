// Figures of what others meet while something goes wrong: a poisoned key, a full disk, slow senders, deep keys.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { chunk, rawRequest } from '../support/raw-request.ts';
import { openRaw } from '../support/raw.ts';
import { MOUNT } from '../support/service.ts';
import { inParallel, startServiceChild, type ServiceChild } from '../support/service-child.ts';
import { doubleStore } from '../support/stores.ts';
import { figure, megabytes, quantile } from './report.ts';

const MIB = 2 ** 20;
let store: Awaited<ReturnType<typeof doubleStore>>;
let service: ServiceChild | undefined;

beforeEach(async () => {
  store = await doubleStore();
  store.double.seed(store.bucket, 'tenant1/small', Buffer.alloc(1024));
});
afterEach(async () => {
  expect(service?.child.unhandled).toEqual([]);
  await service?.child.kill();
  await store.close();
});

interface Reads {
  readonly share: number;
  readonly p99: number;
}

/** Reads of a healthy file: the share that succeeded, and how long they took. */
async function healthyReads({ ask }: ServiceChild, count: number): Promise<Reads> {
  const taken: number[] = [];
  let good = 0;
  await inParallel(count, 4, async () => {
    const began = performance.now();
    const { status } = await ask({ path: '/small' });
    taken.push(performance.now() - began);
    if (status === 200) good += 1;
  });
  return { share: good / count, p99: quantile(taken, 0.99) };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

it.each([
  ['a key of which every call fails', { poisoned: /poison$/ }, 'GET', '/poison'],
  ['a full disk', { full: 'disk' }, 'PUT', '/new'],
  ['a quota that is used up', { full: 'quota' }, 'PUT', '/new'],
  ['a folder that cannot be listed', { slowDownBelow: 'tenant1/bad/' }, 'GET', '/bad/'],
] as const)('serves beside %s', async (what, quirks, method, path) => {
  const running = (service = await startServiceChild(store));
  await healthyReads(running, 50);
  store.double.setQuirks(quirks);
  let isOver = false;
  const body = method === 'PUT' ? { body: 'x' } : {};
  const trouble = inParallel(8, 8, async () => {
    while (!isOver) await running.ask({ method, path, ...body });
  });
  const { share } = await healthyReads(running, 400);
  isOver = true;
  await trouble;
  figure({
    name: `healthy reads beside ${what}`,
    target: '>= 99 % succeed',
    measured: percent(share),
    reached: share >= 0.99,
  });
});

const SENDERS = 500;
const BOUNDARY = 'boundary';
const FORM_HEAD =
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="NAME"\r\n` +
  'Content-Type: application/octet-stream\r\n\r\n';

/** The kinds of upload; each sends its head and then a kilobyte a second. */
const KINDS: readonly ((index: number) => {
  readonly head: Buffer;
  readonly isChunked: boolean;
})[] = [
  (index) => headOf(`/slow/known-${index}`, 'PUT', { 'Content-Length': `${MIB}` }),
  (index) => headOf(`/slow/short-${index}`, 'PUT', { 'Content-Length': `${60 * 1024}` }),
  (index) => headOf(`/slow/chunked-${index}`, 'PUT', { 'Transfer-Encoding': 'chunked' }),
  (index) =>
    headOf('/slow/', 'POST', { 'X-File-Name': `named-${index}`, 'Content-Length': `${MIB}` }),
  (index) => {
    const type = `multipart/form-data; boundary=${BOUNDARY}`;
    const headers = { 'Content-Type': type, 'Content-Length': `${MIB}` };
    const { head } = headOf('/slow/', 'POST', headers);
    const part = Buffer.from(FORM_HEAD.replace('NAME', `form-${index}`));
    return { head: Buffer.concat([head, part]), isChunked: false };
  },
];

function headOf(path: string, method: string, headers: Record<string, string>) {
  const head = rawRequest({ method, target: MOUNT + path, headers });
  return { head, isChunked: 'Transfer-Encoding' in headers };
}

it('serves beside 500 senders at 1 KB a second', async () => {
  const running = (service = await startServiceChild(store));
  await healthyReads(running, 200);
  const alone = await healthyReads(running, 500);
  const kilobyte = Buffer.alloc(1100, 'x');
  const connections = await inParallel(SENDERS, 50, async (index) => {
    const kind = KINDS[index % KINDS.length] ?? KINDS[0];
    const sender = kind?.(index);
    const connection = await openRaw(running.child.port);
    connection.socket.on('error', () => undefined);
    if (sender !== undefined) connection.send(sender.head);
    return { connection, piece: sender?.isChunked === true ? chunk(kilobyte) : kilobyte };
  });
  const sending = setInterval(() => {
    for (const { connection, piece } of connections)
      if (connection.socket.writable) connection.send(piece);
  }, 1000);
  const reads: Reads[] = [];
  for (let round = 0; round < 3; round += 1) {
    reads.push(await healthyReads(running, 40));
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  clearInterval(sending);
  for (const { connection } of connections) connection.reset();
  const share = reads.reduce((sum, one) => sum + one.share, 0) / reads.length;
  const p99 = quantile(
    reads.map((one) => one.p99),
    0.5,
  );
  figure({
    name: '500 senders at 1 KB a second, of every kind: reads beside them',
    target: '>= 99 % succeed, p99 < 3 x alone',
    measured: `${percent(share)}, x${(p99 / alone.p99).toFixed(1)} (p99 ${p99.toFixed(0)} ms, alone ${alone.p99.toFixed(0)} ms)`,
    reached: share >= 0.99 && p99 < 3 * alone.p99,
  });
});

it('lists 1000 files of 510 one-letter segments', async () => {
  // A heap of 256 MB, as a small container has.
  const execArgv = ['--max-old-space-size=256'];
  const running = (service = await startServiceChild(store, {}, { execArgv }));
  for (let index = 0; index < 1000; index += 1) {
    const letters = Array.from({ length: 500 }, (_, depth) =>
      String.fromCharCode(97 + ((index * (depth + 7)) % 26)),
    );
    store.double.seed(store.bucket, `tenant1/${letters.join('/')}/${index}`, '');
  }
  const { child, ask } = running;
  await ask({ path: '/small' });
  await child.collectGarbage();
  const before = child.rss();
  child.resetPeakRss();
  await child.loopDelay();
  const { status } = await ask({ path: '/?full_tree=true' });
  const delay = await child.loopDelay();
  const grown = child.peakRss() - before;
  figure({
    name: '1000 files of 500 one-letter folders each, listed as a full tree, heap of 256 MB',
    target: '200; event loop delay p99 < 100 ms; memory grows by <= 100 MB',
    measured: `${status}; ${delay.toFixed(0)} ms; ${megabytes(grown)}`,
    reached: status === 200 && delay < 100 && grown <= 100 * MIB,
  });
});
