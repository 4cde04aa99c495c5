// Where files lie: containers for each caller, buckets that are made, and names in one form.
import { randomUUID } from 'node:crypto';
import { DeleteBucketCommand, DeleteObjectCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { FileServiceError } from '../../src/index.ts';
import { bypass } from '../support/fixture.ts';
import { startService } from '../support/service.ts';
import { availableStores, client, doubleStore } from '../support/stores.ts';

const reasonOf = (answer: { json: () => unknown }) =>
  (answer.json() as { error: { reason: string } }).error.reason;

describe.each(availableStores())('containers over $name', ({ open }) => {
  it('F17 keep each tenant in a folder of its own that no path shows', async () => {
    const store = await open();
    const around = bypass(store);
    await around.plant({ 'acme/secret.txt': {}, 'acme2/x.txt': {}, 'root.txt': {} });
    const service = await startService(store, {
      container: ({ headers }) => headers['x-tenant'] ?? '',
      importFromUrl: true,
    });
    const as = (tenant: string, question: Parameters<typeof service.ask>[0]) =>
      service.ask({ ...question, headers: { 'X-Tenant': tenant } });
    const posted = await as('acme', { method: 'POST', path: '/a.txt', body: 'a' });
    expect([posted.status, posted.json()]).toMatchObject([201, { path: 'a.txt' }]);
    expect(posted.headers['location']).toBe('/api/v2/s3files/a.txt');
    const list = await as('acme', { path: '/?as_list=true' });
    expect(list.json()).toEqual({ resource: ['a.txt', 'secret.txt'] });
    expect((await as('acme2', { path: '/secret.txt' })).status).toBe(404);
    for (const path of ['/../acme/secret.txt', '/%2e%2e/acme/secret.txt'])
      expect((await as('acme2', { path })).status).toBe(400);
    const copy = '{"resource":[{"type":"file","source_path":"../acme/secret.txt","name":"s"}]}';
    const copied = await as('acme2', { method: 'POST', path: '/', body: copy });
    expect([copied.status, copied.json()]).toMatchObject([
      400,
      { error: { context: { resource: [{ error: { reason: 'invalid_path' } }] } } },
    ]);
    const gone = '{"resource":[{"path":"x.txt","type":"file"}]}';
    await as('acme2', { method: 'DELETE', path: '/', body: gone });
    expect(await around.keys()).toEqual(['acme/a.txt', 'acme/secret.txt', 'root.txt']);
    await service.close();
    around.close();
    await store.close();
  });

  it('opens no cursor of one tenant for what another one has', async () => {
    const store = await open();
    const around = bypass(store);
    await around.plant({ 'a/1': {}, 'a/2': {}, 'b/1': {}, 'b/2': {} });
    const service = await startService(store, {
      container: ({ headers }) => headers['x-tenant'] ?? '',
    });
    const page = (tenant: string, query: string) =>
      service.ask({ path: `/?limit=1${query}`, headers: { 'X-Tenant': tenant } });
    const { next_cursor: cursor } = (await page('a', '')).json() as { next_cursor: string };
    const other = await page('b', `&cursor=${cursor}`);
    expect([other.status, other.text]).toEqual([400, expect.stringContaining('"cursor\\"')]);
    await service.close();
    around.close();
    await store.close();
  });

  it('creates a bucket that is missing when it may, and else says that it is missing', async () => {
    const store = await open();
    const bucket = `test-made-${randomUUID()}`;
    const missing = await startService({ ...store, bucket });
    for (const path of ['/', '/a.txt']) {
      const answer = await missing.ask({ path });
      expect([answer.status, reasonOf(answer)]).toEqual([404, 'storage_bucket_missing']);
      expect(answer.text).not.toContain(bucket);
    }
    await missing.close();
    const service = await startService({ ...store, bucket }, { createBucket: true });
    const first = await Promise.all([1, 2, 3].map(() => service.ask({ path: '/' })));
    expect(first.map(({ status, text }) => [status, text])).toEqual(
      Array.from({ length: 3 }, () => [200, '{"resource":[]}']),
    );
    expect((await service.ask({ method: 'POST', path: '/a.txt', body: 'a' })).status).toBe(201);
    const s3 = client(store);
    await s3.send(new HeadBucketCommand({ Bucket: bucket }));
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a.txt' }));
    await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
    s3.destroy();
    await service.close();
    await store.close();
  });
});

describe('a container function', () => {
  it.each<[string, () => string]>([
    ['throws', () => raise(new Error('secret'))],
    ['climbs', () => '../other'],
    ['answers no text', () => undefined as unknown as string],
    ['names a control', () => 'a\u0000b'],
    // Nobody hears of its rejection, which must not end the process.
    ['answers a promise that rejects', () => Promise.reject(new Error('secret')) as never],
    ['answers a promise of a text', () => Promise.resolve('tenant1') as never],
  ])('that %s is a refusal without a storage call', async (_, container) => {
    const store = await doubleStore();
    const service = await startService(store, {
      container,
      authenticate: () => ({ id: 'someone' }),
    });
    const answer = await service.ask({ path: '/a.txt' });
    expect([answer.status, reasonOf(answer), store.double.calls]).toEqual([
      403,
      'access_denied',
      [],
    ]);
    expect(answer.text).not.toContain('secret');
    expect(service.told()).toEqual(['container']);
    await service.close();
    await store.close();
  });

  it('may choose its answer', async () => {
    const store = await doubleStore();
    const unknown = new FileServiceError('unauthorized', 'Which tenant?');
    const service = await startService(store, { container: () => raise(unknown) });
    const answer = await service.ask({ path: '/a.txt' });
    expect([answer.status, reasonOf(answer)]).toEqual([401, 'unauthorized']);
    await service.close();
    await store.close();
  });
});

describe.each(availableStores())('names over $name', ({ open }) => {
  const COMPOSED = 'caf\u00e9';
  const DECOMPOSED = 'cafe\u0301';

  it('R8 are one file in both Unicode forms with normalizeKeys, wherever they come from', async () => {
    const store = await open();
    const around = bypass(store);
    const service = await startService(store, { normalizeKeys: 'NFC' });
    const encoded = encodeURIComponent(DECOMPOSED);
    await service.ask({ method: 'PUT', path: `/${encoded}`, body: 'x' });
    expect((await service.ask({ path: `/${encodeURIComponent(COMPOSED)}` })).text).toBe('x');
    const named = Buffer.from(`h-${DECOMPOSED}`).toString('latin1');
    // Node sends the head of a request with a text body as UTF-8.
    const body = Buffer.from('h');
    await service.ask({ method: 'POST', path: '/', headers: { 'X-File-Name': named }, body });
    const items = [{ type: 'file', name: `j-${DECOMPOSED}`, content: 'j' }];
    await service.ask({ method: 'POST', path: '/', body: JSON.stringify({ resource: items }) });
    expect(await around.keys()).toEqual([COMPOSED, `h-${COMPOSED}`, `j-${COMPOSED}`]);
    await around.plant({ [`o-${DECOMPOSED}`]: {} });
    const listed = (await service.ask({ path: '/?search=o-' })).json();
    expect(listed).toMatchObject({ resource: [{ path: `o-${DECOMPOSED}`, addressable: false }] });
    await service.close();
    around.close();
    await store.close();
  });

  it('are two files without it', async () => {
    const store = await open();
    const around = bypass(store);
    const service = await startService(store);
    for (const name of [COMPOSED, DECOMPOSED])
      await service.ask({ method: 'PUT', path: `/${encodeURIComponent(name)}`, body: name });
    expect((await around.keys()).toSorted()).toEqual([DECOMPOSED, COMPOSED].toSorted());
    await service.close();
    around.close();
    await store.close();
  });
});

function raise(error: Error): never {
  throw error;
}
