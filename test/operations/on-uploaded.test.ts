// The host is told of every file that came in, whichever way, once it can be read and before its client is answered.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OnUploaded, UploadDetails, UploadedFile } from '../../src/index.ts';
import { bypass, type Bypass } from '../support/fixture.ts';
import { formOf } from '../support/form.ts';
import { startPublicHost, type PublicHost } from '../support/public-host.ts';
import { MOUNT, startService, type Answer, type Question } from '../support/service.ts';
import type { RunningService } from '../support/service.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';
import { UPLOAD_SECRET } from '../support/upload-link.ts';
import { hosted, uploadWays } from '../support/upload-ways.ts';

interface Told extends UploadDetails {
  readonly file: UploadedFile;
}

const PRINCIPAL = { id: 'alice' };
const json = (value: unknown): Pick<Question, 'headers' | 'body'> => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});
const form = (names: readonly string[]) =>
  formOf(names.map((filename) => ({ name: 'files', filename, body: 'hello' })));
const WAYS = uploadWays(Buffer.from('hello'), PRINCIPAL);

/** What the answers to single files and to lists say of each file. */
const filesOf = (answer: Answer): readonly { readonly data?: unknown }[] => {
  const body = answer.json() as { resource?: readonly { data?: unknown }[]; data?: unknown };
  return body.resource ?? [body];
};
const errorOf = (answer: Answer): { reason: string; context: Record<string, unknown> } =>
  (answer.json() as { error: { reason: string; context: Record<string, unknown> } }).error;

let outside: PublicHost;
beforeAll(async () => {
  outside = await startPublicHost((req, res) => res.end(hosted(Buffer.from('hello'), req.url)));
});
afterAll(() => outside.close());

describe.each(availableStores())('onUploaded over $name', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;
  let told: Told[];
  let hook: OnUploaded;

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    service = await startService(store, {
      importFromUrl: true,
      uploadSecret: UPLOAD_SECRET,
      authenticate: () => PRINCIPAL,
      timeouts: { hookMs: 2000 },
      onError: () => {},
      onUploaded: (file, details) => hook(file, details),
    });
  });
  beforeEach(async () => {
    for (const key of await around.keys()) await around.remove(key);
    told = [];
    hook = (file, details) => {
      told.push({ file, ...details });
      return { number: told.length };
    };
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  it.each(WAYS)('is told of every file of $name', async ({ via, question, paths }) => {
    const seen: (string | undefined)[] = [];
    hook = async (file, details) => {
      // Readable before the client hears of it, by the service and around it.
      seen.push((await service.ask({ path: `/${file.path}` })).text);
      told.push({ file, ...details });
      return { number: told.length };
    };
    const answer = await service.ask(question());
    expect(answer.status).toBe(201);
    expect(told.map(({ file, upload }) => [file.path, upload.via])).toEqual(
      paths.map((path) => [path, via]),
    );
    expect(seen).toEqual(paths.map(() => 'hello'));
    for (const { file, principal } of told) {
      const { etag } = await around.look(file.path);
      expect([file, principal]).toEqual([
        {
          name: file.path.split('/').at(-1),
          path: file.path,
          contentType: expect.stringMatching(/^text\/plain/) as string,
          contentLength: 5,
          etag,
        },
        PRINCIPAL,
      ]);
    }
    expect(new Set(told.map(({ upload }) => upload.id)).size).toBe(paths.length);
    // An archive is answered by its folder; every other answer shows what the hook said of the file.
    if (via !== 'extract')
      expect(filesOf(answer).map(({ data }) => data)).toEqual(
        paths.map((_path, index) => ({ number: index + 1 })),
      );
  });

  it.each(WAYS)('answers 502 when it fails, and keeps the file of $name', async (way) => {
    const { question, paths } = way;
    hook = (file) => {
      throw new Error(`no row for ${file.path}`);
    };
    const answer = await service.ask(question());
    expect([answer.status, errorOf(answer).reason]).toEqual([502, 'hook_failed']);
    expect(answer.text).not.toContain('no row');
    expect((await around.bytes(paths[0] ?? ''))?.toString()).toBe('hello');
  });

  it.each(WAYS)('is told again when $name is simply repeated', async (way) => {
    const works = hook;
    hook = (file, details) => {
      told.push({ file, ...details });
      throw new Error('the database is away');
    };
    const { question, paths } = way;
    const failed = await service.ask(question());
    const first = told.length;
    hook = works;
    const repeated = await service.ask(question());
    expect([failed.status, repeated.status], repeated.text).toEqual([502, 201]);
    expect(told.slice(first).map(({ file }) => file.path)).toEqual(paths);
    for (const path of paths) expect((await around.bytes(path))?.toString()).toBe('hello');
    expect((await around.keys()).filter((key) => key.startsWith('.s3files/unheard/'))).toEqual([]);
    // Heard of, a file is in the way of the next one again.
    if (question().method === 'POST') expect((await service.ask(question())).status).toBe(409);
  });

  it('is told of an upload link with the same id each time', async () => {
    const question = WAYS.find(({ via }) => via === 'link')?.question() ?? { path: '' };
    const works = hook;
    hook = (file, details) => {
      told.push({ file, ...details });
      throw new Error('the database is away');
    };
    const failed = await service.ask(question);
    hook = works;
    const repeated = await service.ask(question);
    expect([failed.status, repeated.status]).toEqual([502, 201]);
    expect(told.map(({ upload }) => upload.id)).toEqual([
      errorOf(failed).context['upload_id'],
      told[0]?.upload.id,
    ]);
    expect(repeated.json()).toMatchObject({ path: 'in/a.txt', data: { number: 2 } });
  });
});

describe('onUploaded', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let around: Bypass;
  let service: RunningService;
  const start = async (onUploaded: OnUploaded, hookMs = 2000): Promise<void> => {
    service = await startService(store, { onUploaded, timeouts: { hookMs }, onError: () => {} });
  };
  const put = (path = '/a.txt') => service.ask({ method: 'PUT', path, body: 'hello' });
  beforeEach(async () => {
    store = await doubleStore();
    around = bypass(store);
    return async () => {
      await service.close();
      around.close();
      await store.close();
    };
  });

  it('is waited for no longer than hookMs, and hears that nobody waits any more', async () => {
    let signal: AbortSignal | undefined;
    await start((_, details) => {
      signal = details.signal;
      expect(signal.aborted).toBe(false);
      return new Promise(() => {});
    }, 50);
    const answer = await put();
    expect([answer.status, errorOf(answer).reason]).toEqual([502, 'hook_failed']);
    expect(signal?.aborted).toBe(true);
  });

  it.each<[name: string, answers: unknown, shown: object]>([
    ['nothing', undefined, {}],
    ['null', null, { data: null }],
    ['a promise of a text', Promise.resolve('row 7'), { data: 'row 7' }],
    ['a function', () => 7, {}],
    ['a date', new Date(0), { data: '1970-01-01T00:00:00.000Z' }],
  ])('that answers %s is answered as JSON says it', async (_, answers, shown) => {
    await start(() => answers);
    const { etag: __, ...rest } = (await put()).json() as Record<string, unknown>;
    expect(rest).toEqual({
      name: 'a.txt',
      path: 'a.txt',
      content_type: 'text/plain; charset=utf-8',
      content_length: 5,
      type: 'file',
      ...shown,
    });
  });

  it('that answers what no JSON can say has failed', async () => {
    await start(() => 1n);
    expect([(await put()).status, (await around.bytes('a.txt'))?.toString()]).toEqual([
      502,
      'hello',
    ]);
  });

  it('leaves the other files of a form alone when it fails for one', async () => {
    await start(({ name }) => {
      if (name === 'b.txt') throw new Error('no');
      return name;
    });
    const answer = await service.ask({ method: 'POST', path: '/', ...form(['a.txt', 'b.txt']) });
    expect([answer.status, answer.json()]).toMatchObject([
      207,
      { resource: [{ data: 'a.txt' }, { path: 'b.txt', error: { reason: 'hook_failed' } }] },
    ]);
    expect((await around.bytes('b.txt'))?.toString()).toBe('hello');
  });

  it.each([
    ['the key that the client has sent', { 'Idempotency-Key': '"8e03978e-40d5"' }],
    ['the key that the failure names', {}],
  ])('is told again when a create-only upload is repeated with %s', async (_, first) => {
    const ids: string[] = [];
    await start((file, { upload }) => {
      if (ids.push(upload.id) === 1) throw new Error('the database is away');
      return { row: file.etag };
    });
    const post = (headers: Record<string, string>, body = 'hello') =>
      service.ask({ method: 'POST', path: '/once.txt', headers, body });
    const failed = await post(first);
    const { context } = errorOf(failed);
    expect([failed.status, context['path']]).toEqual([502, 'once.txt']);
    const key = { 'Idempotency-Key': String(context['idempotency_key']) };
    // Other bytes, with this key or with none, and another key: a file that is there.
    for (const other of [
      await post(key, 'other!'),
      await post({ 'Idempotency-Key': 'x' }),
      await post({}, 'jello'),
    ])
      expect([other.status, errorOf(other).reason]).toEqual([409, 'already_exists']);
    const again = await post(key);
    const { etag } = await around.look('once.txt');
    expect([again.status, again.json()]).toMatchObject([
      201,
      { path: 'once.txt', content_length: 5, etag, data: { row: etag } },
    ]);
    expect(ids).toEqual([ids[0], ids[0]]);
    expect(ids[0]).toBe(context['upload_id']);
  });

  it('is told again of a long upload that storage refuses before it has come', async () => {
    const ids: string[] = [];
    await start((file, { upload }) => {
      if (ids.push(upload.id) < 3) throw new Error('the database is away');
      return { size: file.contentLength };
    });
    const body = Buffer.alloc(20 * 2 ** 20, 'long');
    const post = (bytes = body, more: Record<string, string> = {}) =>
      service.ask({ method: 'POST', path: '/long.bin', body: bytes, headers: more });
    const other = Buffer.from(body);
    other[other.length - 1] = 0;
    expect((await post()).status).toBe(502);
    // As often as it takes, and whoever forgot how long the file is.
    expect((await post()).status).toBe(502);
    expect((await post(other)).status).toBe(409);
    const again = await post(body, { 'Transfer-Encoding': 'chunked' });
    expect([again.status, again.json()]).toMatchObject([201, { data: { size: body.length } }]);
    expect(new Set(ids).size).toBe(1);
    expect((await post()).status).toBe(409);
    expect(await around.keys()).toEqual(['long.bin']);
  });

  it('is not told of the file of another caller, or of another file in its place', async () => {
    let fails = true;
    service = await startService(store, {
      authenticate: ({ headers }) => ({ id: String(headers['x-user']) }),
      onUploaded: () => {
        if (fails) throw new Error('the database is away');
      },
      onError: () => {},
    });
    const send = (method: string, user: string, body = 'hello') =>
      service.ask({ method, path: '/mine.txt', body, headers: { 'X-User': user } });
    expect((await send('POST', 'ann')).status).toBe(502);
    fails = false;
    expect((await send('POST', 'bob')).status).toBe(409);
    expect((await send('PUT', 'bob')).status).toBe(201);
    expect((await send('POST', 'ann')).status).toBe(409);
    const [mark] = (await around.keys()).filter((key) => key.startsWith('.s3files/unheard/'));
    expect(mark).toMatch(/^\.s3files\/unheard\/[0-9a-f]{32}$/);
    store.double.age(store.bucket, 3 * 86_400_000);
    await service.files.sweep();
    expect(await around.keys()).toEqual(['mine.txt']);
  });

  it('is told again of the one file of a form that it failed for', async () => {
    const ids: string[] = [];
    await start(({ name }, { upload }) => {
      if (name === 'b.txt' && ids.push(upload.id) === 1) throw new Error('no');
    });
    const send = () => {
      const { headers, body } = form(['a.txt', 'b.txt']);
      const question = { method: 'POST', path: '/in/', body };
      return service.ask({ ...question, headers: { ...headers, 'Idempotency-Key': 'form-7' } });
    };
    expect((await send()).status).toBe(207);
    expect((await send()).status).toBe(201);
    expect(ids).toEqual([ids[0], ids[0]]);
  });

  it('refuses an Idempotency-Key that is none', async () => {
    await start(() => undefined);
    const headers = { 'Idempotency-Key': 'a b' };
    const answer = await service.ask({ method: 'POST', path: '/k.txt', headers, body: 'x' });
    expect([answer.status, errorOf(answer).reason]).toEqual([400, 'invalid_header']);
  });

  it('stops an archive where it fails, and the answer says how many are stored', async () => {
    await start(({ name }) => {
      if (name === 'one.txt') throw new Error('no');
    });
    const answer = await service.ask(
      WAYS.find(({ name }) => name === 'an archive')?.question() ?? { path: '' },
    );
    expect([answer.status, errorOf(answer).context]).toEqual([
      502,
      { written: 1, failed: 'in/one.txt' },
    ]);
    const stored = (await around.keys()).filter((key) => !key.startsWith('.s3files/unheard/'));
    expect(stored).toEqual(['in/one.txt']);
  });

  it('is not told of folders, copies, moves, properties, or uploads that fail', async () => {
    const told: string[] = [];
    await start(({ path }) => void told.push(path));
    await around.plant({ 'from.txt': { body: 'hello' } });
    const list = [
      { type: 'folder', name: 'new' },
      { type: 'file', source_path: 'from.txt', name: 'copy.txt' },
      { type: 'file', source_path: 'from.txt', name: 'moved.txt', delete_source: true },
    ];
    const answers = [
      await service.ask({ method: 'POST', path: '/', ...json({ resource: list }) }),
      await service.ask({ method: 'PATCH', path: '/copy.txt', ...json({ metadata: { a: 'b' } }) }),
      await service.ask({ method: 'POST', path: '/copy.txt', body: 'again' }),
      await service.ask({
        method: 'PUT',
        path: '/bad.txt',
        headers: { 'Content-MD5': 'AAAAAAAAAAAAAAAAAAAAAA==' },
        body: 'hello',
      }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 409, 400]);
    expect(told).toEqual([]);
  });

  it('cannot be skipped by a signed URL: uploads by URL go through the service', async () => {
    await start(() => 'told');
    const signed = await service.ask({ method: 'PUT', path: '/a.txt?url=true' });
    const { url } = signed.json() as { url: string };
    expect(url.startsWith(`${MOUNT}/_uploads/`)).toBe(true);
    const path = url.slice(MOUNT.length);
    const answer = await service.ask({ method: 'PUT', path, body: 'hello' });
    expect([answer.status, answer.json()]).toMatchObject([201, { path: 'a.txt', data: 'told' }]);
  });
});
