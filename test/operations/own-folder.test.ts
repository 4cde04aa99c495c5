// What the service keeps for itself below `.s3files/`: named by nobody, shown to nobody, and left alone by everything.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bypass, type Bypass } from '../support/fixture.ts';
import { startService, type Question, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

let store: Awaited<ReturnType<typeof doubleStore>>;
let around: Bypass;
let service: RunningService;

const OWN = ['.s3files/staged/a', '.s3files/tails/b/0'];
const CONTENT = { 'docs/a.txt': { body: 'a' }, 'docs/.s3files/b.txt': { body: 'b' } };

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
  service = await startService(store, { container: 'home' });
});
beforeEach(async () => {
  for (const key of await around.keys()) await around.remove(key);
  await around.plant(Object.fromEntries(OWN.map((key) => [`home/${key}`, { body: 'own' }])));
  for (const [key, thing] of Object.entries(CONTENT))
    await around.plant({ [`home/${key}`]: thing });
  store.double.clearCalls();
});
afterAll(async () => {
  await service.close();
  around.close();
  await store.close();
});

const json = (resource: unknown): Pick<Question, 'headers' | 'body'> => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ resource }),
});
const ownKeys = async (): Promise<string[]> =>
  (await around.keys()).filter((key) => key.startsWith('home/.s3files/'));
const KEPT = OWN.map((key) => `home/${key}`);

describe('the folder that the service keeps for itself', () => {
  it.each([
    ['GET', '/.s3files/'],
    ['GET', '/.s3files'],
    ['GET', '/.s3files/staged/a'],
    ['GET', '/.s3files/staged/'],
    ['HEAD', '/%2Es3files/staged/a'],
    ['GET', '//.s3files%2Fstaged/a'],
    ['GET', '/.s3files/staged/a?url=true'],
    ['GET', '/.s3files/?zip=true'],
    ['POST', '/.s3files/n'],
    ['PUT', '/.s3files/staged/a'],
    ['PUT', '/.s3files/n?url=true'],
    ['POST', '/.s3files/'],
    ['PATCH', '/.s3files/staged/a'],
    ['DELETE', '/.s3files/staged/a'],
    ['DELETE', '/.s3files/?force=true'],
  ])('cannot be named: %s %s', async (method, path) => {
    const answer = await service.ask({ method, path });
    expect(answer.status).toBe(400);
    if (method !== 'HEAD')
      expect(answer.json()).toMatchObject({ error: { reason: 'invalid_path' } });
    expect(store.double.calls).toEqual([]);
  });

  it.each<[string, Question]>([
    [
      'a header',
      { method: 'POST', path: '/', headers: { 'X-File-Name': '.s3files/n' }, body: 'x' },
    ],
    ['a header', { method: 'POST', path: '/', headers: { 'X-Folder-Name': '.s3files' } }],
    ['a batch', { method: 'POST', path: '/', ...json([{ type: 'file', name: '.s3files/n' }]) }],
    [
      'the source of a copy',
      {
        method: 'POST',
        path: '/',
        ...json([{ type: 'file', source_path: '.s3files/staged/a', name: 'n' }]),
      },
    ],
    [
      'the source of a tree',
      {
        method: 'POST',
        path: '/',
        ...json([{ type: 'folder', source_path: '.s3files', name: 'n' }]),
      },
    ],
    ['a deletion', { method: 'DELETE', path: '/', ...json([{ path: '.s3files/staged/a' }]) }],
  ])('cannot be named in %s', async (_, question) => {
    const answer = await service.ask(question);
    expect([answer.status, answer.text.includes('invalid_path')]).toEqual([400, true]);
    expect(store.double.calls).toEqual([]);
    expect(await ownKeys()).toEqual(KEPT);
  });

  it.each([
    '/',
    '/?full_tree=true',
    '/?full_tree=true&limit=2',
    '/?search=a&full_tree=true',
    '/?sort=name&full_tree=true',
    '/?as_access_list=true',
    '/?as_list=true',
    '/?zip=true',
  ])('shows in no answer to GET %s', async (path) => {
    const answer = await service.ask({ path });
    expect(answer.status).toBe(200);
    const text = answer.text.replaceAll('docs/.s3files', 'docs/other');
    expect(text).not.toContain('.s3files');
  });

  it('is no file of the root, so that clearing the root leaves it', async () => {
    const resource = [{ path: 'docs', type: 'folder' }];
    const answer = await service.ask({ method: 'DELETE', path: '/?force=true', ...json(resource) });
    expect(answer.status).toBe(200);
    expect(await around.keys()).toEqual(KEPT);
  });

  it('is the one at the root: a folder of that name elsewhere is a folder as any other', async () => {
    const read = await service.ask({ path: '/docs/.s3files/b.txt' });
    expect([read.status, read.text]).toEqual([200, 'b']);
  });
});
