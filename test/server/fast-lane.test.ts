import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allowAll, createFileService, fastLane } from '../../src/index.ts';
import { ask, storeConfig } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

describe('fastLane', async () => {
  const store = await doubleStore();
  const files = createFileService({ ...storeConfig(store), authorize: allowAll });
  const app = createServer(
    fastLane('/api/files', files, (req, res) => {
      res.end(`the app saw ${req.url}`);
    }),
  );
  let port = 0;

  beforeAll(async () => {
    store.double.seed(store.bucket, 'a.txt', 'bytes');
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    port = (app.address() as AddressInfo).port;
  });
  afterAll(async () => {
    app.closeAllConnections();
    app.close();
    await files.close({ graceMs: 0 });
    await store.close();
  });

  test('hands what lies below the mount to the service', async () => {
    expect((await ask(port, { path: '/api/files/a.txt' })).text).toBe('bytes');
  });

  test.each(['/api/files', '/api/files?fields=name', '/api/files/'])(
    'lists the root at %s',
    async (path) => {
      expect((await ask(port, { path })).json()).toMatchObject({ resource: [{ name: 'a.txt' }] });
    },
  );

  test.each([
    '/',
    '/api/filesystem',
    '/api/files2/a.txt',
    '/API/files/a.txt',
    '/api/files%2Fa.txt',
  ])('leaves %s to the app', async (path) => {
    expect((await ask(port, { path })).text).toBe(`the app saw ${path}`);
  });

  test('says where a new file lies, mount included', async () => {
    const answer = await ask(port, {
      method: 'PUT',
      path: '/api/files/b c.txt'.replace(' ', '%20'),
      body: 'x',
    });
    expect(answer.headers['location']).toBe('/api/files/b%20c.txt');
  });

  test.each(['api/files', '/api/files/', '/', '/api?x'])('refuses the mount %s', (mount) => {
    expect(() => fastLane(mount, files, () => {})).toThrow(TypeError);
  });
});
