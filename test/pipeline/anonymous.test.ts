// What a caller without identity is told when the host refuses: 401, which asks for credentials.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bypass } from '../support/fixture.ts';
import { formOf } from '../support/form.ts';
import { startService, type RunningService } from '../support/service.ts';
import { availableStores, type Store } from '../support/stores.ts';

const FORM = formOf([{ name: 'files', filename: 'a.txt', body: 'x' }]);
const open = new Set(['', 'open.txt']);

describe.each(availableStores())('refusals over $name', ({ open: openStore }) => {
  let store: Store;
  let service: RunningService;

  beforeAll(async () => {
    store = await openStore();
    const around = bypass(store);
    await around.plant({ 'a.txt': {}, 'open.txt': {}, 'docs/b.txt': {} });
    around.close();
    service = await startService(store, {
      authenticate: ({ headers }) => (headers['x-api-key'] === 'k' ? { id: 'ann' } : null),
      authorize: ({ path }) => open.has(path),
    });
  });
  afterAll(async () => {
    await service.close();
    await store.close();
  });

  const json = { 'Content-Type': 'application/json' };
  const items = (...resource: readonly object[]): string => JSON.stringify({ resource });
  it.each([
    ['GET', '/a.txt', {}, undefined],
    ['GET', '/docs/', {}, undefined],
    ['GET', '/a.txt?url=true', {}, undefined],
    ['PUT', '/a.txt', {}, 'x'],
    ['PATCH', '/a.txt', json, '{}'],
    ['DELETE', '/a.txt', {}, undefined],
    ['DELETE', '/docs/?force=true', {}, undefined],
    ['POST', '/', json, items({ type: 'folder', name: 'n' })],
    ['DELETE', '/', json, items({ type: 'file', path: 'a.txt' })],
    ['POST', '/', FORM.headers, FORM.body],
  ])('%s %s', async (method, path, headers, body) => {
    for (const [key, status, reason] of [
      [{}, 401, 'unauthorized'],
      [{ 'X-API-Key': 'k' }, 403, 'access_denied'],
    ] as const) {
      const answer = await service.ask({
        method,
        path,
        headers: { ...headers, ...key },
        ...(body === undefined ? {} : { body }),
      });
      expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(reason)]);
      const challenge = answer.headers['www-authenticate'];
      expect(challenge).toBe(status === 401 ? 'Bearer' : undefined);
    }
  });

  it('has it in the entries of a batch that succeeds in part', async () => {
    const answer = await service.ask({
      method: 'POST',
      path: '/',
      headers: json,
      body: items(
        { type: 'file', name: 'open.txt', content: 'x' },
        { type: 'file', name: 'closed.txt', content: 'x' },
      ),
    });
    expect(answer.text).toContain('"code":401');
  });
});
