// Upload links: URLs through the service that give one upload and nothing else, where a signed URL would give more.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FileServiceError } from '../../src/index.ts';
import type { Access, FileServiceConfig, Principal } from '../../src/index.ts';
import { bypass, type Bypass } from '../support/fixture.ts';
import { ask, MOUNT, startService, type Answer, type RunningService } from '../support/service.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';
import { UPLOAD_SECRET, uploadPath } from '../support/upload-link.ts';

interface Upload {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expires_at: string;
}

const LINK = new RegExp(`^${MOUNT}/_uploads/[A-Za-z0-9_-]+$`);
const USERS: Readonly<Record<string, Principal>> = {
  alice: { id: 'alice', roles: ['editor'], team: 'red' },
  bob: { id: 'bob', roles: ['editor'] },
};

/** Says who asks by the header `x-user`; none is refused, as a host with keys refuses it. */
const keyed: FileServiceConfig['authenticate'] = ({ headers }) => {
  const user = headers['x-user'];
  if (user === undefined) throw new FileServiceError('unauthorized', 'No key.');
  return USERS[user] ?? null;
};
const reasonOf = (answer: Answer): unknown => {
  const { error } = answer.json() as { error?: { reason: string } };
  return error?.reason;
};

describe.each(availableStores())('upload links over $name', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;
  let asked: (Access & { readonly principal: Principal | null })[];
  let permit: (access: Access) => boolean;

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    service = await startService(store, {
      directUploads: false,
      maxUploadBytes: 1000,
      authenticate: keyed,
      authorize: (access, { principal }) => {
        asked.push({ ...access, principal });
        return permit(access);
      },
    });
  });
  beforeEach(async () => {
    for (const key of await around.keys()) await around.remove(key);
    asked = [];
    permit = () => true;
    service.audit.splice(0);
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  const link = async (method: string, path: string, query = ''): Promise<Upload> => {
    const answer = await service.ask({
      method,
      path: `${path}?url=true${query}`,
      headers: { 'x-user': 'alice' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    asked = [];
    return answer.json() as Upload;
  };
  const send = (upload: Upload, body = 'bytes', headers: Record<string, string> = {}) =>
    ask(service.port, {
      method: upload.method,
      path: upload.url,
      headers: { ...upload.headers, ...headers },
      body,
    });

  it('has the shape of a signed URL', async () => {
    const before = Date.now();
    const upload = await link(
      'PUT',
      '/a/f.txt',
      '&content_type=text/plain&content_length=5&expires=60',
    );
    expect(upload).toEqual({
      url: expect.stringMatching(LINK) as string,
      method: 'PUT',
      headers: { 'Content-Type': 'text/plain', 'Content-Length': '5' },
      expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
    });
    const seconds = (Date.parse(upload.expires_at) - before) / 1000;
    expect(seconds).toBeGreaterThan(57);
    expect(seconds).toBeLessThanOrEqual(62);
  });

  it('stores the file without any other credential, in the name of its maker', async () => {
    const answer = await send(await link('PUT', '/a/f.txt'), 'bytes', {
      'Content-Type': 'text/plain',
    });
    expect(answer.status).toBe(201);
    expect(answer.json()).toMatchObject({ path: 'a/f.txt', content_type: 'text/plain' });
    expect(answer.headers['location']).toBe(`${MOUNT}/a/f.txt`);
    expect((await around.bytes('a/f.txt'))?.toString()).toBe('bytes');
    expect(asked).toEqual([
      {
        action: 'write',
        path: 'a/f.txt',
        verb: 'PUT',
        operation: 'upload_link',
        principal: USERS['alice'],
      },
    ]);
  });

  it('stores what its maker said of the file, whatever its user says', async () => {
    const answer = await service.ask({
      method: 'PUT',
      path: '/a/said.txt?url=true',
      headers: { 'x-user': 'alice', 'X-Meta-Owner': 'alice', 'X-File-Cache-Control': 'max-age=60' },
    });
    const said = { 'X-Meta-Owner': 'mallory', 'Content-Language': 'de' };
    expect((await send(answer.json() as Upload, 'bytes', said)).status).toBe(201);
    expect((await around.look('a/said.txt')).metadata).toMatchObject({ owner: 'alice' });
    const got = await service.ask({ path: '/a/said.txt', headers: { 'x-user': 'alice' } });
    expect(got.headers['cache-control']).toContain('max-age=60');
    expect(got.headers['content-language']).toBe('de');
    const odd = await service.ask({
      method: 'PUT',
      path: '/a/said.txt?url=true',
      headers: { 'x-user': 'alice', 'X-Meta-': 'x' },
    });
    expect([odd.status, reasonOf(odd)]).toEqual([400, 'invalid_header']);
  });

  it('replaces a file when PUT asked for it, and may be used again', async () => {
    const upload = await link('PUT', '/f.txt');
    expect((await send(upload, 'one')).status).toBe(201);
    expect((await send(upload, 'two')).status).toBe(201);
    expect((await around.bytes('f.txt'))?.toString()).toBe('two');
  });

  it('only creates when POST asked for it', async () => {
    const upload = await link('POST', '/f.txt');
    expect((await send(upload, 'one')).status).toBe(201);
    const again = await send(upload, 'two');
    expect([again.status, reasonOf(again)]).toEqual([409, 'already_exists']);
    expect((await around.bytes('f.txt'))?.toString()).toBe('one');
  });

  it('takes one type and one length, if it names them', async () => {
    const upload = await link('PUT', '/f', '&content_type=image/png&content_length=5');
    const answers = [
      await send(upload, 'bytes', { 'Content-Type': 'text/html' }),
      await send(upload, 'longer', { 'Content-Length': '6' }),
      await send(upload, 'four', { 'Content-Length': '4' }),
      await ask(service.port, {
        method: 'PUT',
        path: upload.url,
        headers: { 'Content-Type': 'image/png', 'Transfer-Encoding': 'chunked' },
        body: 'bytes',
      }),
    ];
    expect(answers.map((answer) => [answer.status, reasonOf(answer)])).toEqual([
      [400, 'invalid_header'],
      [400, 'invalid_header'],
      [400, 'invalid_header'],
      [411, 'length_required'],
    ]);
    expect(await around.keys()).toEqual([]);
    expect((await send(upload)).status).toBe(201);
  });

  it('obeys the limit of every upload, declared and counted', async () => {
    const upload = await link('PUT', '/f');
    const body = 'x'.repeat(1001);
    const chunked = { 'Transfer-Encoding': 'chunked' };
    for (const headers of [{}, chunked]) {
      const answer = await send(upload, body, headers);
      expect([answer.status, reasonOf(answer)]).toEqual([413, 'too_large']);
    }
    expect(await around.keys()).toEqual([]);
  });

  it('gives nothing more when its user adds headers of storage', async () => {
    await around.plant({ 'secret.txt': { body: 'secret' } });
    const answer = await send(await link('PUT', '/f'), 'bytes', {
      'x-amz-copy-source': `/${store.bucket}/secret.txt`,
      'x-amz-acl': 'public-read',
      'x-amz-meta-s3files-digest': 'sha-256=:forged:',
    });
    expect(answer.status).toBe(201);
    expect((await around.bytes('f'))?.toString()).toBe('bytes');
    expect((await around.look('f')).metadata).toEqual({});
  });

  it('is refused when the right has been withdrawn', async () => {
    const upload = await link('PUT', '/f');
    permit = ({ operation }) => operation !== 'upload_link';
    const answer = await send(upload);
    expect([answer.status, reasonOf(answer)]).toEqual([403, 'access_denied']);
    expect(await around.keys()).toEqual([]);
  });

  it('is its maker’s: used with the credentials of another it is refused', async () => {
    const upload = await link('PUT', '/f');
    const other = await send(upload, 'bytes', { 'x-user': 'bob' });
    expect([other.status, reasonOf(other)]).toEqual([403, 'access_denied']);
    expect(asked).toEqual([]);
    expect((await send(upload, 'bytes', { 'x-user': 'alice' })).status).toBe(201);
  });

  it.each([
    ['altered', (url: string) => url.slice(0, -1) + (url.endsWith('A') ? 'B' : 'A')],
    ['truncated', (url: string) => url.slice(0, -4)],
    ['lengthened', (url: string) => `${url}A`],
    ['given a slash', (url: string) => `${url}/`],
    ['empty', () => `${MOUNT}/_uploads/`],
    ['bare', () => `${MOUNT}/_uploads`],
    ['in escapes', () => `${MOUNT}/%5Fuploads%2Fxyz`],
    ['not even a path', () => `${MOUNT}/_uploads/%zz/../x`],
  ])('is gone when it is %s, before storage or the host is asked', async (_, alter) => {
    const upload = await link('PUT', '/f');
    service.audit.splice(0);
    const answer = await send({ ...upload, url: alter(upload.url) });
    expect([answer.status, reasonOf(answer)]).toEqual([404, 'upload_gone']);
    const event = await service.audited(answer.headers['x-request-id'] ?? '');
    expect([event.storageCalls, asked, await around.keys()]).toEqual([0, [], []]);
  });

  it('shows its token in no record and no answer', async () => {
    const upload = await link('PUT', '/f');
    const token = upload.url.slice(upload.url.lastIndexOf('/') + 1);
    const requests = [
      { method: 'PUT', path: upload.url },
      { method: 'PUT', path: `${upload.url}x` },
      { method: 'GET', path: upload.url },
      { method: 'PUT', path: `${MOUNT}/./_uploads/${token}` },
      { method: 'PUT', path: `${MOUNT}/%2e%2F%5fuploads%2F${token}` },
      { method: 'OPTIONS', path: upload.url },
    ];
    for (const { method, path } of requests) {
      const answer = await ask(service.port, { method, path, body: 'b' });
      const event = await service.audited(answer.headers['x-request-id'] ?? '');
      const shown = JSON.stringify([event, answer.headers, answer.text]);
      expect(shown).not.toContain(token.slice(0, 40));
    }
  });

  it('is not passed on in a Referer, whatever the answer', async () => {
    const upload = await link('PUT', '/f');
    for (const path of [upload.url, `${upload.url}x`])
      for (const method of ['PUT', 'GET', 'OPTIONS']) {
        const { headers } = await ask(service.port, { method, path, body: 'b' });
        expect(headers['referrer-policy']).toBe('no-referrer');
      }
  });

  it('is recorded with the path of its file and the name of its maker', async () => {
    const answer = await send(await link('PUT', '/a/f'));
    const event = await service.audited(answer.headers['x-request-id'] ?? '');
    expect(event).toMatchObject({
      operation: 'upload_link',
      path: 'a/f',
      principal: { id: 'alice', roles: ['editor'] },
      bytesIn: 5,
      status: 201,
    });
  });

  it('answers other methods with 405', async () => {
    const { url } = await link('PUT', '/f');
    for (const method of ['POST', 'PATCH', 'DELETE']) {
      const answer = await ask(service.port, { method, path: url, body: 'b' });
      expect([answer.status, answer.headers['allow']]).toEqual([405, 'PUT, OPTIONS']);
    }
  });
});

describe('an upload URL', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  beforeAll(async () => void (store = await doubleStore()));
  afterAll(() => store.close());

  const urlOf = async (
    config: Partial<FileServiceConfig>,
    query = '',
    over: Store = store,
  ): Promise<string> => {
    const service = await startService(over, config);
    const answer = await service.ask({ method: 'PUT', path: `/f?url=true${query}` });
    await service.close();
    return (answer.json() as Upload).url;
  };

  it('leads to storage where a signature holds everything', async () => {
    expect(await urlOf({})).toContain('X-Amz-Signature=');
    expect(await urlOf({ maxUploadBytes: 1000 }, '&content_length=5')).toContain(
      'X-Amz-Signature=',
    );
  });

  it('has to be sent what was said of the file when it was signed, and stores that', async () => {
    const store = await doubleStore();
    const service = await startService(store);
    const answer = await service.ask({
      method: 'PUT',
      path: '/said.txt?url=true&content_type=text/plain',
      headers: { 'X-Meta-Owner': 'J\u00f6rg', 'Content-Language': 'de' },
    });
    const { url, headers } = answer.json() as Upload;
    expect(headers).toEqual({
      'Content-Type': 'text/plain',
      'Content-Language': 'de',
      'x-amz-meta-owner': 'J%C3%B6rg',
    });
    const { status } = await fetch(url, { method: 'PUT', headers, body: 'bytes' });
    expect([status, (await fetch(url, { method: 'PUT', body: 'x' })).status]).toEqual([200, 403]);
    const properties = await service.ask({ path: '/said.txt?include_properties=true' });
    expect(properties.json()).toMatchObject({ metadata: { owner: 'J\u00f6rg' } });
    await service.close();
    await store.close();
  });

  it.each<[string, Partial<FileServiceConfig>]>([
    ['a scanner sees every upload', { scan: () => true }],
    ['the host wants no direct uploads', { directUploads: false }],
    ['no length is named under a limit', { maxUploadBytes: 1000 }],
  ])('is a link through the service when %s', async (_, config) => {
    expect(await urlOf(config)).toMatch(LINK);
  });

  it.each(availableStores())(
    'gives no copy of another file, whatever headers are added to it, on $name',
    async ({ open }) => {
      const over = await open();
      const around = bypass(over);
      await around.plant({ 'tenant2/secret.txt': { body: 'secret' } });
      const service = await startService(over, { container: 'tenant1' });
      const answer = await service.ask({ method: 'PUT', path: '/f?url=true' });
      const { url, headers } = answer.json() as Upload;
      const absolute = new URL(url, `http://127.0.0.1:${service.port}`);
      const used = await fetch(absolute, {
        method: 'PUT',
        headers: { ...headers, 'x-amz-copy-source': `/${over.bucket}/tenant2/secret.txt` },
        body: '',
      });
      await used.arrayBuffer();
      expect((await around.bytes('tenant1/f'))?.toString() ?? '').toBe('');
      await service.close();
      around.close();
      await over.close();
    },
  );

  it('of one instance is opened by another one that shares the credentials or the secret', async () => {
    for (const config of [{}, { uploadSecret: 'a secret of the host' }]) {
      const url = await urlOf({ directUploads: false, ...config });
      const other = await startService(store, { uploadSecret: undefined, ...config });
      expect((await ask(other.port, { method: 'PUT', path: url, body: 'b' })).status).toBe(201);
      await other.close();
    }
    const url = await urlOf({ directUploads: false, uploadSecret: 'a secret of the host' });
    const foreign = await startService(store, { uploadSecret: 'another secret here' });
    expect((await ask(foreign.port, { method: 'PUT', path: url, body: 'b' })).status).toBe(404);
    await foreign.close();
  });

  it('of one tenant opens nothing in the container of another', async () => {
    const container = ({ headers }: { headers: Readonly<Record<string, string>> }): string =>
      headers['x-tenant'] ?? 'none';
    const service = await startService(store, { directUploads: false, container });
    const made = await service.ask({
      method: 'PUT',
      path: '/f?url=true',
      headers: { 'x-tenant': 'one' },
    });
    const { url } = made.json() as Upload;
    const use = (tenant: string) =>
      ask(service.port, { method: 'PUT', path: url, headers: { 'x-tenant': tenant }, body: 'b' });
    expect((await use('two')).status).toBe(404);
    expect((await use('one')).status).toBe(201);
    await service.close();
  });

  it('has an end', async () => {
    const service = await startService(store, { uploadSecret: UPLOAD_SECRET });
    const use = (expiresAt: number) =>
      service.ask({ method: 'PUT', path: uploadPath('', { key: 'f', expiresAt }), body: 'b' });
    const now = Math.floor(Date.now() / 1000);
    const late = await use(now);
    expect([late.status, reasonOf(late)]).toEqual([404, 'upload_gone']);
    expect((await use(now + 60)).status).toBe(201);
    await service.close();
  });

  it('through the service passes the scanner', async () => {
    const service = await startService(store, {
      scan: async (stream) => {
        let text = '';
        for await (const chunk of stream) text += Buffer.from(chunk).toString();
        return !text.includes('EICAR');
      },
    });
    const made = await service.ask({ method: 'PUT', path: '/scanned?url=true' });
    const { url } = made.json() as Upload;
    const put = (body: string) => ask(service.port, { method: 'PUT', path: url, body });
    const refused = await put('an EICAR test');
    expect([refused.status, reasonOf(refused)]).toEqual([403, 'rejected_by_scan']);
    expect((await put('harmless')).status).toBe(201);
    await service.close();
  });

  it('through the service can be used by a page of an origin in `cors`', async () => {
    const origin = 'https://app.example';
    const service = await startService(store, {
      directUploads: false,
      cors: { origins: [origin] },
    });
    const made = await service.ask({ method: 'PUT', path: '/f?url=true' });
    const { url } = made.json() as Upload;
    const preflight = await ask(service.port, {
      method: 'OPTIONS',
      path: url,
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'content-type',
      },
    });
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'PUT, OPTIONS',
      'access-control-allow-headers': 'content-type',
    });
    const answer = await ask(service.port, {
      method: 'PUT',
      path: url,
      headers: { Origin: origin, 'Sec-Fetch-Site': 'cross-site', Cookie: 'session=1' },
      body: 'b',
    });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([201, origin]);
    await service.close();
  });
});

describe('the reserved folder of uploads', () => {
  it('takes no file, by a path, a name in a header, in JSON or in a form', async () => {
    const store = await doubleStore();
    const service = await startService(store);
    const form = { 'Content-Type': 'multipart/form-data; boundary=b' };
    const answers = [
      await service.ask({ method: 'PUT', path: '/_uploads/f', body: 'b' }),
      await service.ask({ method: 'POST', path: '/', headers: { 'X-File-Name': '_uploads/f' } }),
      await service.ask({ method: 'POST', path: '/', headers: { 'X-Folder-Name': '_uploads' } }),
      await service.ask({
        method: 'POST',
        path: '/',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ resource: [{ type: 'file', name: '_uploads/f', content: 'b' }] }),
      }),
      await service.ask({
        method: 'POST',
        path: '/',
        headers: form,
        body: '--b\r\nContent-Disposition: form-data; name="f"; filename="_uploads"\r\n\r\nb\r\n--b--\r\n',
      }),
    ];
    expect(answers.map(({ text }) => /upload_gone|invalid_path/.exec(text)?.[0])).toEqual([
      'upload_gone',
      'invalid_path',
      'invalid_path',
      'invalid_path',
      'invalid_path',
    ]);
    expect([...store.double.objects(store.bucket).keys()]).toEqual([]);
    await service.close();
    await store.close();
  });
});
