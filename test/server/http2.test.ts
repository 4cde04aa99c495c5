// HTTP/2 by Node's compatibility API: bodies carry no Content-Length there, and their frames end them.
import { connect, createServer } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { allowAll, createFileService } from '../../src/index.ts';
import type { FileService } from '../../src/index.ts';
import { bypass, type Bypass } from '../support/fixture.ts';
import { formOf } from '../support/form.ts';
import { storeConfig } from '../support/service.ts';
import { doubleStore, type Store } from '../support/stores.ts';

let store: Store;
let around: Bypass;
let files: FileService;
let server: ReturnType<typeof createServer>;
let session: ClientHttp2Session;

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
  files = createFileService({ ...storeConfig(store), authorize: allowAll });
  server = createServer(files);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterAll(async () => {
  session.close();
  await new Promise((resolve) => server.close(resolve));
  await files.close({ graceMs: 100 });
  around.close();
  await store.close();
});

async function send(
  method: string,
  path: string,
  body: string | Uint8Array | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<[status: number, body: string]> {
  const stream = session.request(
    { ':method': method, ':path': path, ...headers },
    { endStream: body === undefined },
  );
  if (body !== undefined) stream.end(body);
  const status = new Promise<number>((resolve) =>
    stream.once('response', (answer) => resolve(answer[':status'] ?? 0)),
  );
  return [await status, await text(stream)];
}

it.each(['POST', 'PUT'])('stores a body without Content-Length by %s', async (method) => {
  const [status] = await send(method, `/${method}.txt`, 'hello', { 'content-type': 'text/plain' });
  expect([status, String(await around.bytes(`${method}.txt`))]).toEqual([201, 'hello']);
});

it('stores an empty file for a message that has no body, whatever its type', async () => {
  const [status] = await send('PUT', '/empty.txt', undefined, { 'content-type': 'text/plain' });
  expect([status, String(await around.bytes('empty.txt'))]).toEqual([201, '']);
});

it('takes forms, lists and deletions without Content-Length', async () => {
  const form = formOf([{ name: 'files', filename: 'f.txt', body: 'f' }]);
  const type = { 'content-type': form.headers['Content-Type'] ?? '' };
  expect((await send('POST', '/form/', form.body, type))[0]).toBe(201);
  const list = JSON.stringify({ resource: [{ type: 'file', name: 'j.txt', content: 'j' }] });
  expect((await send('POST', '/form/', list))[0]).toBe(201);
  const gone = JSON.stringify({ resource: [{ name: 'f.txt' }] });
  expect((await send('DELETE', '/form/', gone))[0]).toBe(200);
  expect((await around.keys()).filter((key) => key.startsWith('form/'))).toEqual(['form/j.txt']);
});

it('answers early, and while it closes, without a header that HTTP/2 does not have', async () => {
  const warnings: Error[] = [];
  const hear = (warning: Error): void => void warnings.push(warning);
  process.on('warning', hear);
  const answerTo = (stream: ClientHttp2Stream): Promise<IncomingHttpHeaders> =>
    new Promise((resolve) => stream.once('response', resolve));
  const upload = session.request({ ':method': 'PUT', ':path': '/a%00b' });
  upload.write('the beginning of a body that goes on');
  const early = await answerTo(upload);
  expect([early[':status'], early['connection']]).toEqual([400, undefined]);
  upload.end();
  await text(upload);
  await files.close({ graceMs: 0 });
  const late = session.request({ ':path': '/empty.txt' });
  const refused = await answerTo(late);
  expect([refused[':status'], refused['connection']]).toEqual([503, undefined]);
  await text(late);
  process.off('warning', hear);
  expect(warnings).toEqual([]);
});
