// The client against the service over real sockets: each operation, each error, each kind of upload.
import { build } from 'esbuild';
import { gzipSync } from 'node:zlib';
import Keyv from 'keyv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileClient, type DeletedEntry, type FileClient } from '../../src/client/file-client.ts';
import { FileServiceError } from '../../src/index.ts';
import { OPERATIONS } from '../../src/operations/index.ts';
import { bypass, type Bypass } from '../support/fixture.ts';
import { MOUNT, startService, type RunningService } from '../support/service.ts';
import { availableStores, type Store } from '../support/stores.ts';

const OF_PROTOCOLS = /^(?:begin|read|append|cancel)_upload$|direct|ticket|^upload_link_form$/;

const reasonOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => (error instanceof FileServiceError ? error.reason : String(error)),
  );

describe.each(availableStores())('the client on $name', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;
  let files: FileClient;

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    service = await startService(store, {
      importFromUrl: true,
      directUploads: false,
      versions: true,
      linkStore: new Keyv(),
      quota: { bytes: 2 ** 40 },
      trash: true,
      enableVersioning: true,
    });
    files = fileClient({ baseUrl: `http://127.0.0.1:${service.port}${MOUNT}/` });
  });
  afterAll(async () => {
    around.close();
    await service.close();
    await store.close();
  });

  const bodyOf = async (key: string): Promise<string | undefined> =>
    (await around.bytes(key))?.toString();

  const namesOf = async (folder: string, options = {}): Promise<string[]> => {
    const names: string[] = [];
    for await (const { path } of files.list(folder, options)) names.push(path);
    return names;
  };
  const trashOf = async (folder: string) => {
    const entries: DeletedEntry[] = [];
    for await (const entry of files.trash(folder)) entries.push(entry);
    return entries;
  };
  it('has a call for every operation of the table', async () => {
    const blob = new Blob(['data']);
    const folder = 'every/';
    await files.makeFolder(folder);
    await files.makeFolder(folder, { name: 'named' });
    await files.upload('every/a.txt', 'one');
    await files.upload(folder, 'two', { name: 'b.txt' });
    await files.create(folder, [{ type: 'file', name: 'c.txt', content: 'three' }]);
    await files.sendForm(folder, [{ name: 'd.txt', data: blob }]);
    await files.sendForm('every/e.txt', [{ name: 'e.txt', data: blob }]);
    await files.importUrl(folder, 'http://127.0.0.1/x', { name: 'x' }).catch(() => undefined);
    await files.describe();
    await files.accessList();
    const { url, id } = await files.share(folder, { maxUses: 2 });
    const opened = await fetch(new URL(url, `http://127.0.0.1:${service.port}`));
    expect(opened.status).toBe(200);
    expect(await files.links(folder)).toMatchObject([{ id, path: folder, uses: 1 }]);
    await files.revokeLink(id);
    expect(await files.usage()).toMatchObject({ allowed: 2 ** 40 });
    await namesOf(folder);
    await namesOf(folder, { search: 'a' });
    await files.folderProperties(folder);
    await files.properties('every/a.txt');
    await files.text('every/a.txt');
    await files.signRead('every/a.txt');
    expect(await files.signRead('every/none.txt', { noCheck: true })).toContain('/every/none.txt?');
    await files.uploadSigned(await files.signWrite('every/new.txt'), 'four');
    expect(await bodyOf('every/new.txt')).toBe('four');
    await (await files.zip(folder)).arrayBuffer();
    await (await files.zipSelection(folder, [{ path: 'every/a.txt' }])).arrayBuffer();
    await files.update('every/a.txt', { cache_control: 'no-store' });
    await files.updateFolder(folder, { a: 1 });
    await files.remove('every/a.txt');
    const [entry] = await trashOf(folder);
    expect(entry).toMatchObject({ path: 'every/a.txt', type: 'file', content_length: 3 });
    await files.restore('every/a.txt');
    const versions = await files.versions('every/a.txt');
    expect(versions.at(-1)).toMatchObject({ deleted: false, content_length: 3 });
    const versionId = versions.at(-1)?.version_id;
    expect(await files.text('every/a.txt', { versionId })).toBe('one');
    await files.restore('every/a.txt', { versionId });
    await files.purge('every/a.txt');
    await files.removeMany([{ path: 'every/b.txt', type: 'file' }]);
    await files.remove(folder, { force: true });
    const called = new Set(service.audit.map(({ operation }) => operation));
    // Uploads that go on after a cut have a suite of their own; direct ones are spoken by the browser's libraries.
    const others = OPERATIONS.filter(({ name }) => !OF_PROTOCOLS.test(name));
    expect(others.map(({ name }) => name).filter((name) => !called.has(name))).toEqual([]);
  }, 60_000);

  it('stores what is said of a file beside its bytes', async () => {
    const said = {
      cacheControl: 'max-age=60',
      contentDisposition: 'attachment',
      contentLanguage: 'de',
      metadata: { owner: 'J\u00f6rg', case: '100%' },
    };
    await files.upload('said/sent.txt', 'one', said);
    await files.uploadSigned(await files.signWrite('said/signed.txt', said), 'two');
    for (const path of ['said/sent.txt', 'said/signed.txt']) {
      const { metadata } = await files.properties(path);
      expect([path, metadata]).toEqual([path, said.metadata]);
      const { headers } = await files.read(path);
      expect(headers.get('content-language')).toBe('de');
      expect(headers.get('cache-control')).toContain('max-age=60');
      expect(headers.get('content-disposition')).toContain('attachment');
    }
  });

  it('purges a file only while it is the one that was seen', async () => {
    await files.upload('seen.txt', 'one');
    const { etag = '' } = await files.properties('seen.txt');
    await files.upload('seen.txt', 'other', { create: 'replace' });
    expect(await reasonOf(files.purge('seen.txt', { etag }))).toBe('precondition_failed');
    const now = await files.properties('seen.txt');
    await files.purge('seen.txt', { etag: now.etag });
    expect(await reasonOf(files.versions('seen.txt'))).toBe('not_found');
  });

  it.each([
    'a b+c%20?#&=.txt',
    '../dots'.replace('../', '..'),
    'emoji 🦊 עברית.txt',
    '%2e',
    'trailing...',
    '<img src=x onerror=alert(1)>',
    `${'n'.repeat(251)}.txt`,
  ])('keeps every character of %j', async (name) => {
    await files.upload(`names/${name}`, name);
    expect(await bodyOf(`names/${name}`)).toBe(name);
    expect(await namesOf('names/')).toEqual([`names/${name}`]);
    expect(await files.text(`names/${name}`)).toBe(name);
    await files.move(`names/${name}`, `moved/${name}`);
    await files.upload('names/', 'again', { name });
    expect(await bodyOf(`names/${name}`)).toBe('again');
    await files.remove(`names/${name}`);
    await files.remove(`moved/${name}`);
    expect(await bodyOf(`moved/${name}`)).toBeUndefined();
  });

  it('lists further pages while it is read', async () => {
    for (let number = 0; number < 5; number += 1) await files.upload(`pages/${number}`, 'x');
    const before = service.audit.length;
    expect(await namesOf('pages/', { pageSize: 2 })).toHaveLength(5);
    expect(service.audit.slice(before).map(({ operation }) => operation)).toEqual([
      'list',
      'list',
      'list',
    ]);
    const first = await files.pages('pages/', { pageSize: 2 })[Symbol.asyncIterator]().next();
    const cursor = first.done === true ? undefined : first.value.cursor;
    expect(await namesOf('pages/', { pageSize: 9, cursor })).toEqual([
      'pages/2',
      'pages/3',
      'pages/4',
    ]);
    expect(await namesOf('', { recursive: true, search: '4' })).toContain('pages/4');
  });

  it('sorts and counts', async () => {
    for (const name of ['10', '2', '1']) await files.upload(`sorted/${name}`, 'x'.repeat(+name));
    const sorted = await namesOf('sorted/', { sort: '-size', pageSize: 1 });
    expect(sorted).toEqual(['sorted/10', 'sorted/2', 'sorted/1']);
    const counts: (number | undefined)[] = [];
    for await (const { count } of files.pages('sorted/', { pageSize: 2, includeCount: true }))
      counts.push(count);
    expect(counts).toEqual([3, 3]);
  });

  it('reads ranges', async () => {
    await files.upload('range.txt', '0123456789');
    expect(await files.text('range.txt', { range: [2, 4] })).toBe('234');
    expect(await files.text('range.txt', { range: [7] })).toBe('789');
    const { etag = '' } = await files.properties('range.txt');
    expect((await files.read('range.txt', { ifNoneMatch: etag })).status).toBe(304);
  });

  it('creates only, unless it is told to replace', async () => {
    await files.upload('w.txt', 'one');
    expect(await reasonOf(files.upload('w.txt', 'two'))).toBe('already_exists');
    expect(await bodyOf('w.txt')).toBe('one');
    const { etag = '' } = await files.upload('w.txt', 'two', { create: 'replace' });
    await files.upload('w.txt', 'three', { create: { etag } });
    expect(await reasonOf(files.upload('w.txt', 'four', { create: { etag } }))).toBe(
      'precondition_failed',
    );
    expect(await bodyOf('w.txt')).toBe('three');
  });

  it('copies, moves and says of a conflict what the service says', async () => {
    await files.upload('from.txt', 'from');
    await files.copy('from.txt', 'deep/er/to.txt');
    expect(await reasonOf(files.copy('from.txt', 'deep/er/to.txt'))).toBe('already_exists');
    expect(await reasonOf(files.move('none.txt', 'deep/x.txt'))).toBe('not_found');
    await files.move('deep/', 'shallow/');
    expect(await bodyOf('shallow/er/to.txt')).toBe('from');
    expect(await bodyOf('deep/er/to.txt')).toBeUndefined();
    const results = await files.create('', [
      { type: 'file', source_path: 'none.txt', name: 'a' },
      { type: 'folder', name: 'fine' },
    ]);
    expect(results.map(({ error }) => error?.reason)).toEqual(['not_found', undefined]);
  });

  it('throws what the service answered, with its headers', async () => {
    const error = await files.text('nowhere.txt').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FileServiceError);
    expect(error).toMatchObject({ reason: 'not_found', status: 404 });
    expect((error as FileServiceError).message).toBe(
      "Not Found: File 'nowhere.txt' does not exist in storage.",
    );
    expect((error as FileServiceError).headers['x-request-id']).toMatch(/./);
  });

  it('sends credentials that it is given anew for each request', async () => {
    let count = 0;
    const seen: (string | undefined)[] = [];
    const client = fileClient({
      baseUrl: `http://127.0.0.1:${service.port}${MOUNT}`,
      headers: () => ({ 'X-Request-Id': `credential-${(count += 1)}` }),
    });
    for (const name of ['c1', 'c2']) {
      await client.upload(name, name);
      seen.push(service.audit.at(-1)?.id);
    }
    expect(seen).toEqual(['credential-1', 'credential-2']);
  });

  it('reports progress and stops when it is told to', async () => {
    const progress: number[] = [];
    await files.upload('p.bin', new Uint8Array(100_000), {
      onProgress: ({ sent }) => progress.push(sent),
    });
    expect(progress.at(-1)).toBe(100_000);
    const stop = new AbortController();
    stop.abort();
    expect(await reasonOf(files.upload('never', 'x', { signal: stop.signal }))).toMatch(/Abort/);
    expect(await bodyOf('never')).toBeUndefined();
  });
});

describe('the client alone', () => {
  it.each([
    [502, '<html>Bad gateway</html>', 'storage_failed'],
    [429, '', 'rate_limited'],
    [418, '{"error":{"reason":"teapot","message":"Short."}}', 'invalid_parameter'],
    [599, '{}', 'storage_unavailable'],
  ])('makes an error of a %d that the service never says', async (status, body, reason) => {
    const answering = fileClient({
      baseUrl: '/x',
      fetch: () => Promise.resolve(new Response(body, { status })),
    });
    expect(await reasonOf(answering.text('a'))).toBe(reason);
  });

  it('is at most 8 KB when it is built and compressed', async () => {
    const built = await build({
      entryPoints: ['src/client/file-client.ts'],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      write: false,
    });
    expect(gzipSync(built.outputFiles[0]?.contents ?? '').length).toBeLessThanOrEqual(8 * 1024);
  });
});
