// Frameworks that are not Express: the service below its mount, and the app's own routes beside it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FRAMEWORKS } from '../support/frameworks.ts';
import { ask, serviceIn, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const FORM =
  '--b\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\nform\r\n--b--\r\n';

describe.each(Object.entries(FRAMEWORKS))('in %s', (_, host) => {
  let service: RunningService;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const store = await doubleStore();
    service = await serviceIn(store, {}, host);
    close = async () => {
      await service.close();
      await store.close();
    };
  });
  afterAll(() => close());
  const told: RunningService['ask'] = (question) => service.ask(question);

  it('a file is stored, listed, read in part and deleted', async () => {
    const put = await told({ method: 'PUT', path: '/a%20b.txt', body: 'hello' });
    expect([put.status, put.headers['location']]).toEqual([201, `${service.mount}/a%20b.txt`]);
    expect((await told({ path: '/?as_list=true' })).json()).toEqual({ resource: ['a b.txt'] });
    const part = await told({ path: '/a%20b.txt', headers: { Range: 'bytes=1-2' } });
    expect([part.status, part.text]).toEqual([206, 'el']);
    expect((await told({ method: 'DELETE', path: '/a%20b.txt' })).status).toBe(200);
    expect((await told({ path: '/a%20b.txt' })).status).toBe(404);
  });

  it.each([
    ['JSON', 'application/json', '{"resource":[{"type":"folder","name":"json"}]}', 'json/'],
    ['a form', 'multipart/form-data; boundary=b', FORM, 'f.txt'],
  ])('%s reaches the service unread', async (_, type, body, path) => {
    const answer = await told({
      method: 'POST',
      path: '/',
      headers: { 'Content-Type': type },
      body,
    });
    expect([answer.status, answer.json()]).toMatchObject([201, { resource: [{ path }] }]);
  });

  it('a body of unknown length is stored whole', async () => {
    const headers = { 'Transfer-Encoding': 'chunked' };
    const body = 'x'.repeat(300_000);
    expect((await told({ method: 'PUT', path: '/chunked', headers, body })).status).toBe(201);
    expect((await told({ path: '/chunked' })).text).toBe(body);
  });

  it('the routes of the app are its own', async () => {
    expect((await ask(service.port, { path: '/own' })).text).toBe('own');
  });
});
