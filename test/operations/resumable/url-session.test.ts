// Plain uploads as URLSession sends them (iOS 26: version 8, the whole file in one request with its length), byte by byte
// on a socket: with `interim` it goes on after a reset; without it nothing but a plain answer is on the wire.
import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bypass, type Bypass } from '../../support/fixture.ts';
import { MOUNT, startService, type RunningService } from '../../support/service.ts';
import { doubleStore } from '../../support/stores.ts';
import { until } from '../../support/until.ts';

const PART = 5 * 2 ** 20;
const HEADERS = ['Upload-Complete: ?1', 'Upload-Draft-Interop-Version: 8'];
let store: Awaited<ReturnType<typeof doubleStore>>;
let around: Bypass;
beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
});
afterAll(async () => {
  around.close();
  await store.close();
});

/** A connection whose every byte is kept. */
const dial = async ({ port }: RunningService) => {
  let text = '';
  let hasEnded = false;
  const socket: Socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.on('close', () => (hasEnded = true));
  socket.on('data', (bytes) => (text += bytes.toString('latin1')));
  await until(() => socket.readyState === 'open', { what: 'the connection' });
  return {
    socket,
    text: () => text,
    hasEnded: () => hasEnded,
    send: (method: string, path: string, headers: readonly string[], length: number) =>
      socket.write(
        [
          `${method} ${path} HTTP/1.1`,
          'Host: files',
          `Content-Length: ${length}`,
          ...headers,
          '',
          '',
        ].join('\r\n'),
      ),
    /** The heads that have come, status and headers. */
    heads: () => text.split('\r\n\r\n').filter((head) => head.startsWith('HTTP/1.1 ')),
  };
};
const statusOf = (head: string): number => Number(head.slice(9, 12));
const headerOf = (head: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim();
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('with `interim`', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await startService(store, { resumable: { interim: true }, partSize: PART });
  });
  afterAll(() => service.close());

  it('an upload waits for the 104, is reset, asks, and goes on', async () => {
    const bytes = randomBytes(2 * PART + 4321);
    const first = await dial(service);
    first.send('PUT', `${MOUNT}/phone.mov`, HEADERS, bytes.length);
    await until(() => first.text().includes('\r\n\r\n'), { what: 'the interim answer' });
    const [interim = ''] = first.heads();
    expect([statusOf(interim), headerOf(interim, 'Upload-Draft-Interop-Version')]).toEqual([
      104,
      '8',
    ]);
    const url = headerOf(interim, 'Location') ?? '';
    first.socket.write(bytes.subarray(0, PART + 100_000));
    await until(() => store.double.calls.some(({ operation }) => operation === 'UploadPart'), {
      what: 'a part to be stored',
    });
    first.socket.resetAndDestroy();

    const asking = await dial(service);
    asking.send('HEAD', url, HEADERS.slice(1), 0);
    await until(() => asking.heads().length > 0, { what: 'the offset' });
    const [head = ''] = asking.heads();
    const offset = Number(headerOf(head, 'Upload-Offset'));
    expect([statusOf(head), headerOf(head, 'Upload-Complete')]).toEqual([204, '?0']);
    expect(offset).toBeGreaterThanOrEqual(PART);
    asking.socket.destroy();

    const last = await dial(service);
    const piece = ['Content-Type: application/partial-upload', `Upload-Offset: ${offset}`];
    last.send('PATCH', url, [...HEADERS, ...piece], bytes.length - offset);
    last.socket.write(bytes.subarray(offset));
    const answered = (): string | undefined => last.heads().find((one) => statusOf(one) >= 200);
    await until(() => answered() !== undefined, { what: 'the last answer' });
    const answer = answered() ?? '';
    expect([statusOf(answer), headerOf(answer, 'Upload-Complete')]).toEqual([201, '?1']);
    last.socket.destroy();
    expect(digestOf((await around.bytes('phone.mov')) ?? Buffer.alloc(0))).toBe(digestOf(bytes));
  });

  it('an append that fails for reasons of ours is broken off, so that it is resumed', async () => {
    const bytes = randomBytes(2 * PART);
    const connection = await dial(service);
    connection.send('PUT', `${MOUNT}/broken.mov`, HEADERS, bytes.length);
    await until(() => connection.heads().length > 0, { what: 'the interim answer' });
    store.double.inject({ operation: 'UploadPart', kind: 'status', status: 500, times: 20 });
    connection.socket.write(bytes);
    await until(connection.hasEnded, { what: 'the end of the connection', deadlineMs: 15_000 });
    store.double.clearFaults();
    expect(connection.heads().map(statusOf)).toEqual([104]);
  });
});

describe('without it', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await startService(store, { resumable: true, partSize: PART });
  });
  afterAll(() => service.close());

  it('the same request is a plain upload, and no 1xx is on the wire', async () => {
    const bytes = randomBytes(2 * PART + 1);
    const connection = await dial(service);
    connection.send('PUT', `${MOUNT}/plain.mov`, HEADERS, bytes.length);
    connection.socket.write(bytes);
    await until(() => connection.heads().length > 0, { what: 'the answer', deadlineMs: 15_000 });
    expect(connection.heads().map(statusOf)).toEqual([201]);
    expect(connection.text()).not.toMatch(/HTTP\/1\.1 1\d\d/);
    connection.socket.destroy();
    expect(digestOf((await around.bytes('plain.mov')) ?? Buffer.alloc(0))).toBe(digestOf(bytes));
  });
});
