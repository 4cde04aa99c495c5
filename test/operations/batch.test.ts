// JSON lists: folders, files, copies and moves that come in one; files and folders that go in one.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FileServiceConfig } from '../../src/index.ts';
import { bypass, type Bypass, type Fixture } from '../support/fixture.ts';
import { startService, type Question, type RunningService } from '../support/service.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';

interface Item {
  readonly name: string | null;
  readonly path: string | null;
  readonly type: string;
  readonly error?: { readonly code: number; readonly reason: string; readonly message: string };
}
// When every item failed, the answer is the failure, with the entries in its context.
const itemsOf = (answer: { json: () => unknown }): Item[] => {
  const body = answer.json() as { resource?: Item[]; error?: { context: { resource: Item[] } } };
  return body.resource ?? body.error?.context.resource ?? [];
};
const errorOf = (answer: { json: () => unknown }) =>
  (answer.json() as { error: { reason: string; context: unknown } }).error;

const THERE: Fixture = {
  'docs/a.txt': { body: 'a', contentType: 'text/plain' },
  'docs/b.txt': { body: 'b', contentType: 'text/plain' },
  'docs/sub/': {},
  'docs/sub/c.txt': { body: 'c' },
  'docs/sub/deep/d.txt': { body: 'd' },
  'other/x.txt': { body: 'x' },
};
const KEYS = Object.keys(THERE);

interface Rig {
  readonly service: RunningService;
  readonly around: Bypass;
  readonly send: (
    method: string,
    path: string,
    resource: unknown,
  ) => ReturnType<RunningService['ask']>;
  readonly reset: () => Promise<void>;
  readonly close: () => Promise<void>;
}

async function startRig(store: Store, config: Partial<FileServiceConfig> = {}): Promise<Rig> {
  const around = bypass(store);
  const service = await startService(store, {
    authenticate: () => ({ id: 'someone' }),
    ...config,
  });
  const janitor = await startService(store);
  return {
    service,
    around,
    send: (method, path, resource) =>
      service.ask({
        method,
        path,
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ resource }),
      }),
    reset: async () => {
      const keys = await around.keys();
      const resource = keys.map((key) => ({
        path: key,
        type: key.endsWith('/') ? 'folder' : 'file',
      }));
      const body = JSON.stringify({ resource });
      if (keys.length > 0) await janitor.ask({ method: 'DELETE', path: '/?force=true', body });
      await around.plant(THERE);
    },
    close: async () => {
      await service.close();
      await janitor.close();
      around.close();
      await store.close();
    },
  };
}

describe.each(availableStores())('lists in JSON over $name', ({ open }) => {
  let rig: Rig;
  const send: Rig['send'] = (...given) => rig.send(...given);
  const keys = () => rig.around.keys();
  const text = async (key: string) => {
    const bytes = await rig.around.bytes(key);
    return bytes === undefined ? undefined : String(bytes);
  };

  beforeAll(async () => {
    rig = await startRig(await open());
  });
  beforeEach(() => rig.reset());
  afterAll(() => rig.close());

  it('D07 D08 creates a folder, and says in its item that it is there', async () => {
    const item = { name: 't1', path: 't1/', type: 'folder' };
    const made = await send('POST', '/', [{ name: 't1', type: 'folder' }]);
    expect([made.status, made.json()]).toEqual([201, { resource: [item] }]);
    expect(await text('t1/')).toBe('');
    expect((await rig.around.look('t1/')).content_type).toBe('application/x-directory');
    const again = await send('POST', '/', [{ name: 't1', type: 'folder' }]);
    expect([again.status, itemsOf(again)]).toEqual([
      409,
      [
        {
          ...item,
          error: {
            code: 409,
            context: { path: 't1/' },
            message: "Conflict: Folder 't1/' already exists.",
            status_code: 409,
            reason: 'already_exists',
          },
        },
      ],
    ]);
  });

  it('D09 D10 creates folders and files in order, text and base64', async () => {
    const answer = await send('POST', '/t1/', [
      { type: 'folder', name: 'f1' },
      { type: 'folder', name: 'f2/' },
      { type: 'file', name: 'file1.txt', content: 'h\u00e9llo' },
      { type: 'file', name: 'file2.bin', content: 'AP8=', is_base64: true },
      { type: 'file', name: 'sub/empty', content: '' },
    ]);
    expect([answer.status, itemsOf(answer).map(({ path, type }) => [path, type])]).toEqual([
      201,
      [
        ['t1/f1/', 'folder'],
        ['t1/f2/', 'folder'],
        ['t1/file1.txt', 'file'],
        ['t1/file2.bin', 'file'],
        ['t1/sub/empty', 'file'],
      ],
    ]);
    expect(await text('t1/file1.txt')).toBe('h\u00e9llo');
    expect(await rig.around.bytes('t1/file2.bin')).toEqual(Buffer.from([0, 255]));
    expect(await text('t1/sub/empty')).toBe('');
  });

  it.each([
    ['a missing type', { name: 'x' }],
    ['another type', { type: 'link', name: 'x' }],
    ['no name', { type: 'file', content: '' }],
    ['an empty name', { type: 'folder', name: '' }],
    ['no content', { type: 'file', name: 'x' }],
    ['content that is no text', { type: 'file', name: 'x', content: 7 }],
    ['R51 junk as base64', { type: 'file', name: 'x', content: '!!!', is_base64: true }],
    [
      'R51 base64 with a line break',
      { type: 'file', name: 'x', content: 'AP\n8=', is_base64: true },
    ],
    ['R51 base64 without padding', { type: 'file', name: 'x', content: 'AP8', is_base64: true }],
    ['a name that climbs', { type: 'file', name: '../x', content: '' }],
    ['a source that climbs', { type: 'file', name: 'x', source_path: 'docs/../../secret' }],
    ['a folder as the name of a file', { type: 'file', name: 'x/', content: '' }],
  ])('refuses an item with %s by itself', async (_, item) => {
    const good = { type: 'file', name: 'good', content: 'g' };
    const answer = await send('POST', '/t1/', [item, good]);
    const [refused, stored] = itemsOf(answer);
    expect([answer.status, refused?.error?.code, stored?.error]).toEqual([207, 400, undefined]);
    expect(await keys()).toEqual([...KEYS, 't1/good'].sort());
  });

  it('takes the bare array as a list', async () => {
    const answer = await rig.service.ask({
      method: 'POST',
      path: '/t1/',
      body: '[{"type":"folder","name":"a"}]',
    });
    expect(answer.json()).toEqual({ resource: [{ name: 'a', path: 't1/a/', type: 'folder' }] });
  });

  it('refuses 1001 items with 413 and a broken list with 400, and creates nothing', async () => {
    const many = Array.from({ length: 1001 }, (_, index) => ({ type: 'folder', name: `${index}` }));
    expect((await send('POST', '/t1/', many)).status).toBe(413);
    for (const body of ['{"resource":[', '{"resource":[1]}', '[null]'])
      expect((await rig.service.ask({ method: 'POST', path: '/t1/', body })).status).toBe(400);
    expect(await keys()).toEqual(KEYS);
  });

  it('D11 copies a file with its type and keeps the source', async () => {
    const answer = await send('POST', '/t1/', [
      { type: 'file', source_path: 'docs/a.txt', name: 'copy.txt' },
      { type: 'file', source_path: '/docs/b.txt' },
    ]);
    expect(itemsOf(answer)).toEqual([
      { name: 'copy.txt', path: 't1/copy.txt', type: 'file' },
      { name: 'b.txt', path: 't1/b.txt', type: 'file' },
    ]);
    expect([await text('t1/copy.txt'), await text('docs/a.txt')]).toEqual(['a', 'a']);
    expect((await rig.around.look('t1/copy.txt')).content_type).toBe('text/plain');
  });

  it('D12 moves a file', async () => {
    await send('POST', '/t1/', [
      { type: 'file', source_path: 'docs/a.txt', name: 'm.txt', delete_source: true },
    ]);
    expect([await text('t1/m.txt'), await text('docs/a.txt')]).toEqual(['a', undefined]);
  });

  it('D13 copies a whole tree, and moves one', async () => {
    const copied = await send('POST', '/t1/', [{ type: 'folder', source_path: 'docs/' }]);
    expect(itemsOf(copied)).toEqual([{ name: 'docs', path: 't1/docs/', type: 'folder' }]);
    const below = (prefix: string) =>
      KEYS.filter((key) => key.startsWith('docs/')).map((key) => prefix + key.slice(5));
    expect(await keys()).toEqual([...KEYS, ...below('t1/docs/')].sort());
    await send('POST', '/', [
      { type: 'folder', source_path: 'docs', name: 'moved', delete_source: true },
    ]);
    expect(await keys()).toEqual(['other/x.txt', ...below('moved/'), ...below('t1/docs/')].sort());
    expect(await text('moved/sub/deep/d.txt')).toBe('d');
  });

  it('D14 copies over nothing by POST, and over what is there by PUT unless that is forbidden', async () => {
    const copy = { type: 'file', source_path: 'docs/a.txt', name: 'b.txt' };
    const refused = await send('POST', '/docs/', [copy]);
    expect(itemsOf(refused)[0]?.error?.reason).toBe('already_exists');
    const checked = await send('PUT', '/docs/?check_exist=true', [copy]);
    expect(itemsOf(checked)[0]?.error?.reason).toBe('already_exists');
    expect(await text('docs/b.txt')).toBe('b');
    await send('PUT', '/docs/', [copy]);
    expect(await text('docs/b.txt')).toBe('a');
    const tree = await send('POST', '/', [{ type: 'folder', source_path: 'docs', name: 'other' }]);
    expect(itemsOf(tree)[0]?.error?.reason).toBe('already_exists');
    await send('PUT', '/', [{ type: 'folder', source_path: 'docs/sub', name: 'other' }]);
    expect((await keys()).filter((key) => key.startsWith('other/'))).toEqual([
      'other/',
      'other/c.txt',
      'other/deep/d.txt',
      'other/x.txt',
    ]);
  });

  it.each([
    ['itself', '/', { type: 'file', source_path: 'docs/a.txt', name: 'docs/a.txt' }],
    ['its own folder', '/', { type: 'folder', source_path: 'docs', name: 'docs' }],
    ['a folder in it', '/docs/', { type: 'folder', source_path: 'docs', name: 'in' }],
    ['a folder that holds it', '/', { type: 'folder', source_path: 'docs/sub', name: 'docs' }],
  ])('loses nothing when something is moved to %s', async (_, path, item) => {
    for (const method of ['POST', 'PUT']) {
      const answer = await send(method, path, [{ ...item, delete_source: true }]);
      expect([400, 409]).toContain(itemsOf(answer)[0]?.error?.code);
      expect(await keys()).toEqual(KEYS);
    }
  });

  it.each([
    { type: 'file', source_path: 'nope.txt', name: 'n' },
    { type: 'folder', source_path: 'nope', name: 'n' },
    { type: 'file', source_path: 'docs', name: 'n' },
  ])('answers 404 in the item for a source that is not there: $type $source_path', async (item) => {
    const answer = await send('POST', '/t1/', [{ ...item, delete_source: true }]);
    expect(itemsOf(answer)[0]?.error?.code).toBe(404);
    expect(await keys()).toEqual(KEYS);
  });

  it('E10 deletes by name from the folder and by path from the root', async () => {
    const answer = await send('DELETE', '/docs/?force=true', [
      { name: 'sub', type: 'folder' },
      { path: 'docs/a.txt', type: 'file' },
      { path: '/other/x.txt', type: 'file' },
    ]);
    expect([answer.status, answer.json()]).toEqual([
      200,
      {
        resource: [
          { name: 'sub', path: null, type: 'folder' },
          { name: null, path: 'docs/a.txt', type: 'file' },
          { name: null, path: '/other/x.txt', type: 'file' },
        ],
      },
    ]);
    expect(await keys()).toEqual(['docs/b.txt']);
  });

  it('E14 says in its item what could not be deleted, and deletes the rest', async () => {
    const answer = await send('DELETE', '/docs/', [
      { name: 'nope.txt', type: 'file' },
      { name: 'sub', type: 'folder' },
      { path: '../other/x.txt', type: 'file' },
      { name: 'a.txt', type: 'file' },
    ]);
    expect(itemsOf(answer).map(({ error }) => error?.reason)).toEqual([
      'not_found',
      'folder_not_empty',
      'invalid_path',
      undefined,
    ]);
    expect(await keys()).toEqual(KEYS.filter((key) => key !== 'docs/a.txt'));
  });

  it('takes no_check and content_only for every item', async () => {
    const answer = await send('DELETE', '/docs/?no_check=true&force=true&content_only=true', [
      { name: 'nope.txt', type: 'file' },
      { name: 'sub', type: 'folder' },
    ]);
    expect(itemsOf(answer).map(({ error }) => error)).toEqual([undefined, undefined]);
    expect(await keys()).toEqual(KEYS.filter((key) => !/sub\/./.test(key)));
  });

  it.each<[string, Pick<Question, 'headers' | 'body'>]>([
    ['E15 an item without path and name', { body: '{"resource":[{"type":"file"}]}' }],
    ['an empty list', { body: '{"resource":[]}' }],
    ['E18 no JSON', { body: 'not json' }],
    ['a torn list', { body: '{"resource":[{"path":"docs/a.txt"}' }],
    ['another object', { body: '{"path":"docs/a.txt"}' }],
    ['a text', { body: '"docs/a.txt"' }],
    ['null', { body: 'null' }],
    ['a list of texts', { body: '["docs/a.txt"]' }],
    ['a path that is no text', { body: '{"resource":[{"path":1}]}' }],
    ['a form', { body: 'resource=docs%2Fa.txt' }],
    ['R172 a prototype', { body: '{"resource":[{"path":"docs/a.txt","__proto__":{}}]}' }],
    ['invalid UTF-8', { body: Buffer.from([0x7b, 0xff, 0x7d]) }],
  ])('R172 deletes nothing for a body that is %s', async (_, { body }) => {
    for (const type of [
      'application/json',
      'application/x-www-form-urlencoded',
      'text/plain',
      '',
    ]) {
      const headers: Record<string, string> = type === '' ? {} : { 'Content-Type': type };
      for (const path of ['/docs/?force=true', '/?force=true']) {
        const answer = await rig.service.ask({ method: 'DELETE', path, headers, body });
        expect([answer.status, errorOf(answer).reason]).toEqual([400, 'invalid_body']);
      }
    }
    expect(await keys()).toEqual(KEYS);
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x'])(
    'E17 reads a list that comes as %s',
    async (type) => {
      const answer = await rig.service.ask({
        method: 'DELETE',
        path: '/docs/?force=true',
        headers: { 'Content-Type': type },
        body: '{"resource":[{"path":"docs/a.txt","type":"file"}]}',
      });
      expect(answer.status).toBe(200);
      expect(await keys()).toEqual(KEYS.filter((key) => key !== 'docs/a.txt'));
    },
  );

  it('E09 answers 400 to a deletion of the root without a list', async () => {
    const answer = await rig.service.ask({ method: 'DELETE', path: '/?force=true' });
    expect([answer.status, errorOf(answer).reason]).toEqual([400, 'invalid_body']);
    expect(await keys()).toEqual(KEYS);
  });
});

describe('lists in JSON, judged', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(await doubleStore(), {
      authorize: ({ path }) => !path.includes('deep') && !path.startsWith('other/'),
    });
  });
  beforeEach(() => rig.reset());
  afterAll(() => rig.close());

  it.each([
    ['a deletion', 'DELETE', '/?force=true', { path: 'docs', type: 'folder' }],
    ['a copy', 'POST', '/t1/', { type: 'folder', source_path: 'docs' }],
    ['a move', 'POST', '/t1/', { type: 'folder', source_path: 'docs', delete_source: true }],
  ])('R99 a refused descendant stops %s whole', async (_, method, path, item) => {
    const answer = await rig.send(method, path, [item]);
    expect([answer.status, errorOf(answer).reason]).toEqual([403, 'access_denied']);
    expect(await rig.around.keys()).toEqual(KEYS);
  });

  it('F09 R171 refuses single items and does the rest', async () => {
    const answer = await rig.send('DELETE', '/docs/', [
      { path: 'other/x.txt', type: 'file' },
      { path: 'docs/a.txt', type: 'file' },
    ]);
    expect(itemsOf(answer).map(({ error }) => error?.code)).toEqual([403, undefined]);
    expect(await rig.around.bytes('other/x.txt')).toEqual(Buffer.from('x'));
  });
});

describe('copies of what one CopyObject cannot copy', () => {
  it('are made by part copies inside storage, and moves remove the source after them', async () => {
    const store = await doubleStore();
    const service = await startService(store);
    const SIZE = 6 * 2 ** 30 + 1;
    const attributes = { contentType: 'video/mp4', metadata: { kept: 'yes' } };
    store.double.sparse(store.bucket, 'big.mp4', SIZE, attributes);
    const item = { type: 'file', source_path: 'big.mp4', name: 'm.mp4', delete_source: true };
    const body = JSON.stringify({ resource: [item] });
    const answer = await service.ask({ method: 'POST', path: '/t1/', body });
    expect(itemsOf(answer)).toEqual([{ name: 'm.mp4', path: 't1/m.mp4', type: 'file' }]);
    const [[key, object] = []] = [...store.double.objects(store.bucket)];
    expect([key, object?.size, object?.contentType, object?.metadata['kept']]).toEqual([
      't1/m.mp4',
      SIZE,
      'video/mp4',
      'yes',
    ]);
    expect(store.double.objects(store.bucket).size).toBe(1);
    const { calls } = store.double;
    const of = (name: string) => calls.filter(({ operation }) => operation === name).length;
    expect([of('UploadPartCopy') >= 2, of('CopyObject'), of('GetObject')]).toEqual([true, 0, 0]);
    // No byte of the file came here.
    expect(Math.max(...calls.map(({ bytesOut }) => bytesOut))).toBeLessThan(10_000);
    await service.close();
    await store.close();
  });
});

describe('lists in JSON when storage fails', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let rig: Rig;
  const TROUBLE = { kind: 'status', status: 503, code: 'ServiceUnavailable', times: 50 } as const;
  beforeEach(async () => {
    store = await doubleStore();
    rig = await startRig(store);
    await rig.reset();
    // The first conditional copy probes storage; that is none of this.
    await rig.send('POST', '/t0/', [{ type: 'file', source_path: 'other/x.txt' }]);
    await rig.service.ask({ method: 'DELETE', path: '/t0/?force=true' });
  });
  afterEach(() => rig.close());
  const sources = async () => (await rig.around.keys()).filter((key) => key.startsWith('docs/'));
  const SOURCES = KEYS.filter((key) => key.startsWith('docs/'));

  it('keeps the source of a move whose copy fails', async () => {
    store.double.inject({ ...TROUBLE, operation: 'CopyObject' });
    const answer = await rig.send('POST', '/t1/', [
      { type: 'file', source_path: 'docs/a.txt', delete_source: true },
    ]);
    expect([itemsOf(answer)[0]?.error?.code, await sources()]).toEqual([503, SOURCES]);
  });

  it('keeps both when the source of a move cannot be removed, and says so', async () => {
    store.double.inject({ ...TROUBLE, operation: 'DeleteObject' });
    const answer = await rig.send('POST', '/t1/', [
      { type: 'file', source_path: 'docs/a.txt', delete_source: true },
    ]);
    expect(itemsOf(answer)[0]?.error?.code).toBe(503);
    expect([await sources(), String(await rig.around.bytes('t1/a.txt'))]).toEqual([SOURCES, 'a']);
  });

  it('keeps what another writer put in the place of a file while it was moved', async () => {
    store.double.inject({ operation: 'CopyObject', kind: 'delay', delayMs: 200 });
    const moving = rig.send('POST', '/t1/', [
      { type: 'file', source_path: 'docs/a.txt', delete_source: true },
    ]);
    await rig.around.plant({ 'docs/a.txt': { body: 'written meanwhile' } });
    const error = itemsOf(await moving)[0]?.error;
    const kept = String(await rig.around.bytes('docs/a.txt'));
    const moved = await rig.around.bytes('t1/a.txt');
    // Whichever came first: the new bytes are where they were put, or were moved whole.
    if (error === undefined) expect(String(moved)).toBe('written meanwhile');
    else expect([error.reason, kept]).toEqual(['conflict', 'written meanwhile']);
  });

  it('keeps every source of a tree when one copy fails, and says how far it came', async () => {
    store.double.inject({ ...TROUBLE, operation: 'CopyObject', key: /^t1\/docs\/sub\/c/ });
    const answer = await rig.send('POST', '/t1/', [
      { type: 'folder', source_path: 'docs', delete_source: true },
    ]);
    const error = itemsOf(answer)[0]?.error as unknown as { code: number; context: object };
    expect([error.code, error.context, await sources()]).toEqual([
      503,
      { copied: expect.any(Number), failed: 'docs/sub/c.txt' },
      SOURCES,
    ]);
  });

  it('names the files of a tree that a move copied but could not remove', async () => {
    const refused = { kind: 'status', status: 403, code: 'AccessDenied' } as const;
    store.double.inject({ ...refused, operation: 'DeleteObject:inBatch', key: /b\.txt$/ });
    const answer = await rig.send('POST', '/t1/', [
      { type: 'folder', source_path: 'docs', delete_source: true },
    ]);
    const error = itemsOf(answer)[0]?.error as unknown as { reason: string; context: object };
    expect([error.reason, error.context]).toEqual([
      'partial_failure',
      { failed: ['docs/b.txt'], deleted: 4 },
    ]);
    expect(await sources()).toEqual(['docs/b.txt']);
    expect(String(await rig.around.bytes('t1/docs/b.txt'))).toBe('b');
  });

  it('R152 names what storage refused to delete, and succeeds when repeated', async () => {
    const refused = { kind: 'status', status: 403, code: 'AccessDenied' } as const;
    store.double.inject({ ...refused, operation: 'DeleteObject:inBatch', key: /sub\/c/ });
    const question = { method: 'DELETE', path: '/docs/?force=true' };
    const answer = await rig.service.ask(question);
    expect([answer.status, errorOf(answer)]).toEqual([
      502,
      {
        code: 502,
        context: { failed: ['docs/sub/c.txt'], deleted: 4 },
        message:
          'Bad Gateway: Storage refused to delete 1 of the files; repeating the request is safe.',
        status_code: 502,
        reason: 'partial_failure',
      },
    ]);
    expect(await sources()).toEqual(['docs/sub/c.txt']);
    expect((await rig.service.ask(question)).status).toBe(200);
    expect(await sources()).toEqual([]);
  });

  it('R152 goes on after a batch that failed whole, and deletes the rest when repeated', async () => {
    for (let index = 0; index < 2500; index += 1)
      store.double.seed(store.bucket, `many/${String(index).padStart(4, '0')}`, '');
    store.double.inject({ ...TROUBLE, operation: 'DeleteObjects', after: 1, times: 3 });
    const question = { method: 'DELETE', path: '/many/?force=true' };
    const answer = await rig.service.ask(question);
    const { failed, deleted } = errorOf(answer).context as { failed: string[]; deleted: number };
    expect([answer.status, failed.length, failed[0], deleted]).toEqual([
      502,
      1000,
      'many/1000',
      1500,
    ]);
    expect((await rig.service.ask(question)).status).toBe(200);
    expect((await rig.around.keys()).filter((key) => key.startsWith('many/'))).toEqual([]);
  });
});
