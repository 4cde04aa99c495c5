// Clients that send a whole upload and close without waiting for the answer: what they sent is stored.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bypass, type Bypass } from '../support/fixture.ts';
import { formOf } from '../support/form.ts';
import { openRaw } from '../support/raw.ts';
import { MOUNT, startService, type RunningService } from '../support/service.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';

const BYTES = Buffer.alloc(3 * 2 ** 20, 'all of it\n');
const WAYS = ['end', 'close'] as const;

interface Sent {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}
const form = formOf([{ name: 'files', filename: 'f', body: BYTES }]);
const chunked = Buffer.concat([
  Buffer.from(`${BYTES.length.toString(16)}\r\n`),
  BYTES,
  Buffer.from('\r\n0\r\n\r\n'),
]);
const list = Buffer.from(
  JSON.stringify({ resource: [{ type: 'file', name: 'f', content: String(BYTES) }] }),
);

/** Uploads of BYTES as `f` into a folder. */
const SHAPES: readonly (readonly [string, (folder: string) => Sent])[] = [
  ['a raw body', (folder) => ({ path: `${folder}/f`, headers: {}, body: BYTES })],
  [
    'a chunked body',
    (folder) => ({
      path: `${folder}/f`,
      headers: { 'Transfer-Encoding': 'chunked' },
      body: chunked,
    }),
  ],
  ['a form', (folder) => ({ path: `${folder}/`, headers: form.headers, body: form.body })],
  [
    'a form to a file',
    (folder) => ({ path: `${folder}/f`, headers: form.headers, body: form.body }),
  ],
  ['a JSON list', (folder) => ({ path: `${folder}/`, headers: {}, body: list })],
];

async function sendAndLeave(port: number, sent: Sent, how: (typeof WAYS)[number]): Promise<void> {
  const headers = {
    Host: 'x',
    ...('Transfer-Encoding' in sent.headers ? {} : { 'Content-Length': String(sent.body.length) }),
    ...sent.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const connection = await openRaw(port);
  connection.send(`PUT ${MOUNT}${sent.path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  await new Promise((resolve) => connection.socket.write(sent.body, resolve));
  if (how === 'end') connection.end();
  else connection.close();
}

describe.each(availableStores())(
  'a client that does not wait for the answer, on $name',
  ({ open }) => {
    let store: Store;
    let around: Bypass;
    let service: RunningService;
    beforeAll(async () => {
      store = await open();
      around = bypass(store);
      service = await startService(store);
    });
    afterAll(async () => {
      await service.close();
      around.close();
      await store.close();
    });

    it.each(SHAPES.flatMap(([name, shape]) => WAYS.map((how) => [name, how, shape] as const)))(
      'has %s stored when it leaves by %s',
      async (name, how, shape) => {
        const folder = `${name.replaceAll(' ', '-')}-${how}`;
        await sendAndLeave(service.port, shape(`/${folder}`), how);
        await until(async () => (await around.keys()).includes(`${folder}/f`), {
          what: 'the upload to be stored',
        });
        expect((await around.bytes(`${folder}/f`))?.equals(BYTES)).toBe(true);
      },
    );

    it('has nothing stored when one byte is missing', async () => {
      const sent = SHAPES[0]?.[1]('/cut') as Sent;
      const before = service.audit.length;
      await sendAndLeave(
        service.port,
        { ...sent, headers: { 'Content-Length': String(BYTES.length + 1) } },
        'close',
      );
      await until(() => service.audit.length > before, { what: 'the request to end' });
      expect(service.audit.at(-1)?.reason).toBe('incomplete_body');
      expect(await around.bytes('cut/f')).toBeUndefined();
    });
  },
);

describe('a client that left while storage is slow', () => {
  it('has its upload stored, and closing the service waits for it', async () => {
    const store = await doubleStore();
    const around = bypass(store);
    const service = await startService(store);
    store.double.inject({ operation: 'PutObject', kind: 'delay', delayMs: 500 });
    await sendAndLeave(
      service.port,
      { path: '/slow/f', headers: {}, body: Buffer.from('slow') },
      'close',
    );
    await until(() => store.double.calls.some(({ operation }) => operation === 'PutObject'), {
      what: 'the write to begin',
    });
    await service.files.close({ graceMs: 5000 });
    expect(String(await around.bytes('slow/f'))).toBe('slow');
    await service.close();
    around.close();
    await store.close();
  });
});
