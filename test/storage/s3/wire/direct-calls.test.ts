// Which requests go past the SDK's layers, and which never do.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startService, type RunningService } from '../../../support/service.ts';
import { doubleStore } from '../../../support/stores.ts';

type DoubleStore = Awaited<ReturnType<typeof doubleStore>>;

describe('direct calls through the service', () => {
  let store: DoubleStore;
  let service: RunningService;

  beforeEach(async () => {
    store = await doubleStore();
    store.double.seed(store.bucket, 'a.txt', 'hello');
    service = await startService(store);
  });
  afterEach(async () => {
    await service.close();
    await store.close();
  });

  const callsOf = async (method: string, path: string, headers: Record<string, string> = {}) => {
    store.double.clearCalls();
    const { status } = await service.ask({
      method,
      path,
      headers,
      ...(method === 'PUT' ? { body: 'x' } : {}),
    });
    // The SDK names itself; a direct call does not.
    return [
      status,
      ...store.double.calls.map(({ headers: sent }) => sent['user-agent'] ?? 'direct'),
    ];
  };

  it.each([
    ['GET', '/a.txt', 200],
    ['HEAD', '/a.txt', 200],
    ['GET', '/', 200],
    ['PUT', '/b.txt', 201],
    ['DELETE', '/b.txt?no_check=true', 200],
  ])('%s %s is one direct call', async (method, path, status) => {
    expect(await callsOf(method, path)).toEqual([status, 'direct']);
  });

  it.each([
    ['If-None-Match', '"5d41402abc4b2a76b9719d911017c592"', 304],
    ['If-Match', '"other"', 412],
    ['Range', 'bytes=0-1', 206],
  ])('a GET with %s %s is one direct call', async (name, value, status) => {
    expect(await callsOf('GET', '/a.txt', { [name]: value })).toEqual([status, 'direct']);
  });

  it('a PUT of more than memory takes is one direct call', async () => {
    store.double.clearCalls();
    const body = randomBytes(300_000);
    const { status } = await service.ask({ method: 'PUT', path: '/large.bin', body });
    const calls = store.double.calls.map(({ operation, headers }) => [
      operation,
      headers['user-agent'] ?? 'direct',
    ]);
    expect([status, ...calls]).toEqual([201, ['PutObject', 'direct']]);
    const stored = store.double.objects(store.bucket).get('large.bin')?.bytes();
    expect(body.equals(stored ?? Buffer.alloc(0))).toBe(true);
  });

  it('keeps its socket after a HEAD', async () => {
    for (let n = 0; n < 20; n += 1) await service.ask({ method: 'HEAD', path: '/a.txt' });
    expect(store.double.openSockets()).toBeLessThanOrEqual(2);
    const before = store.double.openedSockets();
    for (let n = 0; n < 20; n += 1) await service.ask({ method: 'HEAD', path: '/a.txt' });
    expect(store.double.openedSockets()).toBe(before);
  });

  it('goes through the SDK when leanCalls is false', async () => {
    const slow = await startService(store, { leanCalls: false });
    store.double.clearCalls();
    await slow.ask({ path: '/a.txt' });
    expect(store.double.calls.map(({ headers }) => headers['user-agent'])).toEqual([
      expect.stringContaining('aws-sdk-js'),
    ]);
    await slow.close();
  });
});
