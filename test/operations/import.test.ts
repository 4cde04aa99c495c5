// Imports: off unless they are turned on, to public addresses only, judged and stored like any upload.
import type { RequestListener } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { craftZip } from '../support/crafted-zip.ts';
import { bypass, type Bypass } from '../support/fixture.ts';
import { PUBLIC_ADDRESS, startPublicHost, type PublicHost } from '../support/public-host.ts';
import { startService, type RunningService } from '../support/service.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';

const PUBLIC = `http://${PUBLIC_ADDRESS}`;
const NOT_ALLOWED =
  'Bad Request: The "url" must be a public http or https address on port 80 or 443, without credentials.';

interface Failure {
  readonly message: string;
  readonly reason: string;
}
const errorOf = (answer: { json: () => unknown }): Failure =>
  (answer.json() as { error: Failure }).error;

let outside: PublicHost;
let reply: RequestListener;

beforeAll(async () => {
  outside = await startPublicHost((req, res) => reply(req, res));
});
beforeEach(() => {
  reply = (_, res) => res.end('hello');
});
afterAll(() => outside.close());

describe('import when it is off', () => {
  it('answers 403 without a connection or a storage call', async () => {
    const store = await doubleStore();
    const service = await startService(store);
    outside.forget();
    const answer = await service.ask({ method: 'POST', path: `/in/?url=${PUBLIC}/a.txt` });
    expect([answer.status, errorOf(answer).reason]).toEqual([403, 'import_disabled']);
    expect(outside.dialled).toEqual([`127.0.0.1:${service.port}`]);
    await service.close();
    await store.close();
  });
});

describe.each(availableStores())('import over $name', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;
  const importUrl = (url: string, more = '', folder = '/in/') =>
    service.ask({ method: 'POST', path: `${folder}?url=${encodeURIComponent(url)}${more}` });

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    service = await startService(store, { importFromUrl: true, maxUploadBytes: 1_000_000 });
  });
  afterEach(async () => {
    for (const key of await around.keys())
      await service.ask({ method: 'DELETE', path: `/${encodeURIComponent(key)}?force=true` });
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  it('C20 stores the file under the last segment of its address, with its type', async () => {
    reply = (_, res) => res.setHeader('Content-Type', 'application/pdf').end('%PDF');
    const answer = await importUrl(`${PUBLIC}/deep/my%20report?v=1`);
    const { etag } = await around.look('in/my report');
    expect([answer.status, answer.json()]).toEqual([
      201,
      {
        name: 'my report',
        path: 'in/my report',
        content_type: 'application/pdf',
        content_length: 4,
        type: 'file',
        etag,
      },
    ]);
    expect(answer.headers['location']).toBe('/api/v2/s3files/in/my%20report');
    expect(String(await around.bytes('in/my report'))).toBe('%PDF');
  });

  it('C21 stores it under another name, and into the root', async () => {
    const answer = await importUrl(`${PUBLIC}/a.txt`, '&filename=b.txt', '');
    expect([answer.status, await around.keys()]).toEqual([201, ['b.txt']]);
  });

  it.each(['', '/', '/sub/'])('refuses an address without a name: "%s"', async (path) => {
    const answer = await importUrl(PUBLIC + path);
    expect([answer.status, errorOf(answer).reason]).toEqual([400, 'invalid_path']);
  });

  it.each(['../x', 'a/../../x', '%2e', '.', 'x\u0000'])(
    'holds the name "%s" to the rules of paths',
    async (name) => {
      const answer = await importUrl(`${PUBLIC}/a`, `&filename=${encodeURIComponent(name)}`);
      const expected = name === '%2e' ? [201, ['in/%2e']] : [400, []];
      expect([answer.status, await around.keys()]).toEqual(expected);
    },
  );

  it('answers 409 for a file that is there, unless it may be replaced', async () => {
    await around.plant({ 'in/a.txt': { body: 'old' } });
    const refused = await importUrl(`${PUBLIC}/a.txt`);
    expect([refused.status, String(await around.bytes('in/a.txt'))]).toEqual([409, 'old']);
    const replaced = await importUrl(`${PUBLIC}/a.txt`, '&check_exist=false');
    expect([replaced.status, String(await around.bytes('in/a.txt'))]).toEqual([201, 'hello']);
  });

  it.each([
    ['the name', '/a.zip', 'text/plain'],
    ['the type', '/download', 'application/zip'],
  ])('C22 unpacks an archive known by %s into the emptied folder', async (_, path, type) => {
    await around.plant({ 'in/old.txt': {} });
    const zip = craftZip([{ name: 'n.txt', data: 'n' }]);
    reply = (__, res) => res.setHeader('Content-Type', type).end(zip);
    const answer = await importUrl(PUBLIC + path, '&extract=true&clean=true');
    expect([answer.status, answer.json()]).toEqual([201, { name: 'in', path: 'in/' }]);
    expect(await around.keys()).toEqual(['in/', 'in/n.txt']);
  });

  it('C24 refuses an unsound archive and keeps the folder', async () => {
    await around.plant({ 'in/old.txt': {} });
    reply = (_, res) => res.end(craftZip([{ name: '../n.txt', data: 'n' }]));
    const answer = await importUrl(`${PUBLIC}/a.zip`, '&extract=true&clean=true');
    expect([answer.status, await around.keys()]).toEqual([400, ['in/old.txt']]);
  });

  it.each([404, 410])('C26 answers 404 when the address answers %i', async (status) => {
    reply = (_, res) => res.writeHead(status).end('gone');
    const answer = await importUrl(`${PUBLIC}/a.txt`);
    expect([answer.status, errorOf(answer).message, await around.keys()]).toEqual([
      404,
      'Not Found: Invalid URL entered. File not found.',
      [],
    ]);
  });

  it('follows three redirects and no fourth', async () => {
    reply = (req, res) => {
      const left = Number(new URL(req.url ?? '', PUBLIC).searchParams.get('left'));
      if (left === 0) res.end('arrived');
      else res.writeHead(302, { Location: `?left=${left - 1}` }).end();
    };
    expect((await importUrl(`${PUBLIC}/a.txt?left=3`)).status).toBe(201);
    expect(String(await around.bytes('in/a.txt'))).toBe('arrived');
    const fourth = await importUrl(`${PUBLIC}/b.txt?left=4`);
    expect([fourth.status, errorOf(fourth).reason]).toEqual([400, 'url_not_allowed']);
  });

  it('sends nothing of its caller along', async () => {
    let seen: object = {};
    reply = (req, res) => {
      seen = req.headers;
      res.end('x');
    };
    await service.ask({
      method: 'POST',
      path: `/in/?url=${PUBLIC}/a.txt`,
      headers: { Cookie: 'session=1', Authorization: 'Bearer t', Referer: 'http://secret.example' },
    });
    expect(Object.keys(seen).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
  });

  it.each<[string, RequestListener, number, string]>([
    ['too long by its length', (_, res) => res.end(Buffer.alloc(1_000_001)), 413, 'too_large'],
    [
      'too long without one',
      (_, res) => {
        res.write(Buffer.alloc(600_000));
        res.end(Buffer.alloc(600_000));
      },
      413,
      'too_large',
    ],
    [
      'shorter than its length',
      (_, res) => {
        res.writeHead(200, { 'Content-Length': '1000' });
        res.write('x', () => res.destroy());
      },
      502,
      'import_failed',
    ],
    ['an error', (_, res) => res.writeHead(500).end(), 502, 'import_failed'],
    ['a part', (_, res) => res.writeHead(206).end('x'), 502, 'import_failed'],
    [
      'packed',
      (_, res) => res.writeHead(200, { 'Content-Encoding': 'gzip' }).end('x'),
      502,
      'import_failed',
    ],
    ['nothing at all', (req) => req.socket.destroy(), 502, 'import_failed'],
  ])('R162 stores nothing of an answer that is %s', async (_, listener, status, reason) => {
    reply = listener;
    const answer = await importUrl(`${PUBLIC}/a.txt`);
    expect([answer.status, errorOf(answer).reason, await around.keys()]).toEqual([
      status,
      reason,
      [],
    ]);
  });
});

const HOSTILE = [
  'http://127.0.0.1/',
  'http://0x7f.1/',
  'http://0x7f000001/',
  'http://2130706433/',
  'http://017700000001/',
  'http://127.1/',
  'http://0/',
  'http://0.0.0.0/',
  'http://[::1]/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://[64:ff9b::a9fe:a9fe]/',
  'http://[64:ff9b:1::1]/',
  'http://[2002:a9fe:a9fe::]/',
  'http://[2001:0:a9fe:a9fe::]/',
  'http://[::a9fe:a9fe]/',
  'http://[fd00:ec2::254]/',
  'http://[fe80::1]/',
  'http://[ff02::1]/',
  'http://169.254.169.254/latest/meta-data/',
  'http://168.63.129.16/',
  'http://192.0.0.192/',
  'http://100.64.0.1/',
  'http://198.18.0.1/',
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://192.168.0.1/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/',
  'http://127\u30020\u30020\u30021/',
  'http://localhost/',
  'http://localhost./',
  'http://a.localhost/',
  'http://a@169.254.169.254/',
  `http://user:secret@${PUBLIC_ADDRESS}/`,
  `http://${PUBLIC_ADDRESS}:25/`,
  `http://${PUBLIC_ADDRESS}:6379/`,
  `http://${PUBLIC_ADDRESS}:8080/`,
  'https:127.0.0.1',
  'http:\\\\127.0.0.1\\',
  'file:///etc/passwd',
  'gopher://127.0.0.1:6379/_',
  'ftp://127.0.0.1/a',
  'data:text/plain,x',
  '//127.0.0.1/a',
  '/api/v2/s3files/secret',
  'http://',
  'not a url',
];

describe('R159 hostile addresses', () => {
  let store: Store & { close(): Promise<void> };
  let service: RunningService;

  beforeAll(async () => {
    store = await doubleStore();
    service = await startService(store, { importFromUrl: true });
  });
  beforeEach(() => outside.forget());
  afterAll(async () => {
    await service.close();
    await store.close();
  });
  const ask = (url: string) =>
    service.ask({
      method: 'POST',
      path: `/in/?url=${encodeURIComponent(url)}&filename=f`,
    });
  // The test's own request is the only connection.
  const own = () => [`127.0.0.1:${service.port}`];

  it.each(HOSTILE)('C25 opens no socket for %s', async (url) => {
    const answer = await ask(url);
    expect([answer.status, errorOf(answer)]).toEqual([
      400,
      expect.objectContaining({ reason: 'url_not_allowed', message: NOT_ALLOWED }),
    ]);
    expect(outside.dialled).toEqual(own());
  });

  it.each(HOSTILE.filter((url) => URL.canParse(url)))(
    'R161 opens no socket when a public server redirects to %s',
    async (url) => {
      const { href } = new URL(url);
      reply = (_, res) => res.writeHead(302, { Location: href }).end();
      const answer = await ask(`${PUBLIC}/start`);
      expect([answer.status, errorOf(answer).message]).toEqual([400, NOT_ALLOWED]);
      expect(outside.dialled).toEqual([...own(), `${PUBLIC_ADDRESS}:80`]);
    },
  );
});
