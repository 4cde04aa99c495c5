// PATCH: what it names changes, everything else stays.
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bypass, type Bypass } from '../support/fixture.ts';
import { startService, type RunningService } from '../support/service.ts';
import { availableStores, client, doubleStore, type Store } from '../support/stores.ts';

const reasonOf = (answer: { json: () => unknown }) =>
  (answer.json() as { error: { reason: string } }).error.reason;

describe.each(availableStores())('PATCH over $name', ({ name, open }) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;
  const patch = (path: string, body: unknown) =>
    service.ask({ method: 'PATCH', path, body: JSON.stringify(body) });

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    service = await startService(store);
  });
  beforeEach(async () => {
    const s3 = client(store);
    await s3.send(
      new PutObjectCommand({
        Bucket: store.bucket,
        Key: 'docs/a.html',
        Body: '<p>',
        ContentType: 'text/html',
        CacheControl: 'max-age=60',
        ContentDisposition: 'inline',
        ContentLanguage: 'de',
        Metadata: { kept: '1', changed: 'old', gone: 'x' },
      }),
    );
    s3.destroy();
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  it('changes what it names and keeps the rest, bytes included', async () => {
    const answer = await patch('/docs/a.html', {
      content_type: 'text/plain',
      metadata: { changed: 'new', Added: '\u00fc', gone: null },
    });
    const { etag, last_modified, content_type } = await around.look('docs/a.html');
    expect([answer.status, answer.json()]).toEqual([
      200,
      {
        path: 'docs/a.html',
        name: 'a.html',
        type: 'file',
        content_type: 'text/plain',
        content_length: 3,
        last_modified,
        etag,
        metadata: { kept: '1', changed: 'new', added: '\u00fc' },
      },
    ]);
    expect([content_type, String(await around.bytes('docs/a.html'))]).toEqual([
      'text/plain',
      '<p>',
    ]);
    const read = await service.ask({ path: '/docs/a.html' });
    expect([read.headers['cache-control'], read.headers['content-language']]).toEqual([
      'max-age=60, no-transform',
      'de',
    ]);
  });

  it('removes by null, and changes nothing by an empty object', async () => {
    await patch('/docs/a.html', { cache_control: null });
    const read = await service.ask({ path: '/docs/a.html' });
    expect(read.headers['cache-control']).toBe('private, no-cache, no-transform');
    expect((await patch('/docs/a.html', {})).json()).toMatchObject({
      content_type: 'text/html',
      metadata: { kept: '1', changed: 'old', gone: 'x' },
    });
  });

  it.each<[string, unknown]>([
    ['a list', []],
    ['a text', 'x'],
    ['null', null],
    ['a type that is no text', { content_type: 7 }],
    ['R39 a line break in a header', { cache_control: 'a\r\nSet-Cookie: b' }],
    ['R39 a metadata name with a line break', { metadata: { 'a\r\nb': 'x' } }],
    ['R39 metadata of 3 KB', { metadata: { big: 'x'.repeat(3000) } }],
    ['metadata that is no object', { metadata: [] }],
    ['a metadata value that is no text', { metadata: { a: 1 } }],
    ["the service's own metadata", { metadata: { 's3files-digest': 'x' } }],
  ])('answers 400 for %s and changes nothing', async (_, body) => {
    const before = await around.look('docs/a.html');
    const answer = await patch('/docs/a.html', body);
    expect([answer.status, reasonOf(answer)]).toEqual([400, 'invalid_body']);
    expect(await around.look('docs/a.html')).toEqual(before);
  });

  it('answers 412, and changes nothing, when the file has another ETag than If-Match', async () => {
    const before = await around.look('docs/a.html');
    const body = JSON.stringify({ content_type: 'text/csv' });
    const ask = (tag: string) =>
      service.ask({ method: 'PATCH', path: '/docs/a.html', body, headers: { 'If-Match': tag } });
    const refused = await ask('"other"');
    expect([refused.status, reasonOf(refused)]).toEqual([412, 'precondition_failed']);
    expect(await around.look('docs/a.html')).toEqual(before);
    expect((await ask(before.etag)).status).toBe(200);
    expect((await around.look('docs/a.html')).content_type).toBe('text/csv');
  });

  it('R39 answers 400 for __proto__', async () => {
    const body = '{"metadata":{"__proto__":"x"}}';
    expect((await service.ask({ method: 'PATCH', path: '/docs/a.html', body })).status).toBe(400);
  });

  it('answers 404 for what is not there, and 405 for the root', async () => {
    expect((await patch('/nope', {})).status).toBe(404);
    expect((await patch('/nope/', { a: 1 })).status).toBe(404);
    expect((await patch('/', { a: 1 })).status).toBe(405);
  });

  it('D15 keeps any object as the metadata of a folder, implied ones too', async () => {
    const given = { a: 1, display_name: 'My docs', deep: { x: [true, null] } };
    const answer = await patch('/docs/', given);
    expect([answer.status, answer.json()]).toEqual([200, { success: true }]);
    const properties = await service.ask({ path: '/docs/?include_properties=true' });
    expect((properties.json() as { resource: object }).resource).toEqual({
      name: 'docs',
      path: 'docs/',
      type: 'folder',
      last_modified: (await around.look('docs/')).last_modified,
      // Ceph gives `_` back as `-`.
      metadata: {
        a: '1',
        [name === 'ceph' ? 'display-name' : 'display_name']: 'My docs',
        deep: '{"x":[true,null]}',
      },
    });
    const list = await service.ask({ path: '/docs/?as_list=true' });
    expect(list.json()).toEqual({ resource: ['docs/a.html'] });
  });
});

describe('PATCH of a file that changes meanwhile', () => {
  it('describes the file that is there in the end, and loses no write', async () => {
    const store = await doubleStore();
    const service = await startService(store);
    store.double.seed(store.bucket, 'a.txt', 'old', { contentType: 'text/plain' });
    store.double.inject({ operation: 'CopyObject', kind: 'delay', delayMs: 150 });
    const patching = service.ask({
      method: 'PATCH',
      path: '/a.txt',
      body: '{"metadata":{"a":"1"}}',
    });
    const s3 = client(store);
    await s3.send(new PutObjectCommand({ Bucket: store.bucket, Key: 'a.txt', Body: 'new' }));
    expect((await patching).json()).toMatchObject({ content_length: 3, metadata: { a: '1' } });
    const { text } = await service.ask({ path: '/a.txt' });
    expect(text).toBe('new');
    // The copy is by storage: no byte of the file passes through the service.
    expect(store.double.calls.some(({ operation }) => operation === 'CopyObject')).toBe(true);
    s3.destroy();
    await service.close();
    await store.close();
  });
});
