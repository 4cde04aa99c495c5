import { describe, expect, it } from 'vitest';
import type { Access, HookRequest, Use } from '../../src/core/hooks.ts';
import { memoryCounter } from '../../src/policies/counter.ts';
import { rateLimit } from '../../src/policies/rate-limit.ts';
import { until } from '../support/until.ts';
import { liveBytes } from '../support/memory.ts';
import { access, by, request } from './request.ts';

type Asked = ReturnType<typeof rateLimit>;

const READ: readonly Access[] = [access('GET', 'a')];
const asks = (accesses: readonly Access[] = READ): Use => ({ kind: 'request', access: accesses });
const moved = (bytesIn: number, bytesOut: number): Use => ({
  kind: 'transfer',
  access: READ,
  bytesIn,
  bytesOut,
});

/** Whether each of the requests is allowed, in turn; null where the limit does not apply. */
const allowed = async (limit: Asked, callers: readonly HookRequest<unknown>[]) => {
  const answers: (boolean | null)[] = [];
  for (const caller of callers) answers.push((await limit(asks(), caller))?.allowed ?? null);
  return answers;
};

describe('rateLimit', () => {
  it('counts down a window, then refuses until it ends', async () => {
    const limit = rateLimit({ points: 2, seconds: 60 });
    const alice = by('alice');
    expect([
      await limit(asks(), alice),
      await limit(asks(), alice),
      await limit(asks(), alice),
    ]).toEqual([
      { allowed: true, limit: 2, remaining: 1, resetSeconds: 60 },
      { allowed: true, limit: 2, remaining: 0, resetSeconds: 60 },
      { allowed: false, limit: 2, remaining: 0, resetSeconds: 60 },
    ]);
  });

  it('begins a new window when the old one has ended', async () => {
    const limit = rateLimit({ points: 1, seconds: 1 });
    const alice = by('alice');
    expect(await allowed(limit, [alice, alice])).toEqual([true, false]);
    await until(async () => (await limit(asks(), alice))?.allowed, { what: 'the next window' });
    expect(await allowed(limit, [alice])).toEqual([false]);
  });

  it('counts exactly when many ask at once', async () => {
    const limit = rateLimit({ points: 10, seconds: 60 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => limit(asks(), by('alice'))));
    expect(answers.filter((status) => status?.allowed)).toHaveLength(10);
  });

  it('lasts longer than a timer can', async () => {
    const limit = rateLimit({ points: 1, seconds: 30 * 86_400 });
    expect(await limit(asks(), by('a'))).toEqual({
      allowed: true,
      limit: 1,
      remaining: 0,
      resetSeconds: 2_592_000,
    });
    expect(await allowed(limit, [by('a')])).toEqual([false]);
  });

  it('counts principals apart, and anonymous callers by address', async () => {
    const limit = rateLimit({ points: 1, seconds: 60, per: 'principal' });
    const [alice, bob] = [by('alice'), by('bob')];
    const [here, there] = [request({ ip: '192.0.2.1' }), request({ ip: '192.0.2.2' })];
    const named = by('address:192.0.2.2');
    expect(await allowed(limit, [alice, alice, bob, here, here, named, there])).toEqual([
      true,
      false,
      true,
      true,
      false,
      true,
      true,
    ]);
  });

  it('counts addresses, whatever X-Forwarded-For says', async () => {
    const limit = rateLimit({ points: 1, seconds: 60, per: 'address' });
    const from = (ip: string, forwarded: string) =>
      request({ ip, headers: { 'x-forwarded-for': forwarded } });
    expect(
      await allowed(limit, [
        from('192.0.2.1', 'a'),
        from('192.0.2.1', 'b'),
        from('192.0.2.2', 'a'),
      ]),
    ).toEqual([true, false, true]);
  });

  it('counts every role of a principal, and is as strict as the strictest', async () => {
    const limit = rateLimit({ points: 2, seconds: 60, per: 'role' });
    const [a, ab, b, none] = [by('1', 'a'), by('2', 'a', 'b'), by('3', 'b'), by('4')];
    expect(await allowed(limit, [a, ab, ab, b, none, request(), none])).toEqual([
      true,
      true,
      false,
      false,
      true,
      true,
      false,
    ]);
  });

  it('counts all callers together', async () => {
    const limit = rateLimit({ points: 2, seconds: 60, per: 'service' });
    expect(await allowed(limit, [by('a'), by('b'), request()])).toEqual([true, true, false]);
  });

  it('counts by what a function returns, and leaves null alone', async () => {
    const limit = rateLimit({
      points: 1,
      seconds: 60,
      per: ({ headers }) => headers['x-team'] ?? null,
    });
    const team = (name: string) => request({ headers: { 'x-team': name } });
    const long = 'x'.repeat(100_000);
    expect(
      await allowed(limit, [
        team('a'),
        team('a'),
        team('b'),
        request(),
        request(),
        team(long),
        team(`${long}y`),
        team(long),
      ]),
    ).toEqual([true, false, true, null, null, true, true, false]);
  });

  it('counts only requests that ask for its actions', async () => {
    const limit = rateLimit({ points: 1, seconds: 60, actions: ['delete'] });
    const [read, remove] = [access('GET', 'a'), access('DELETE', 'a')];
    const answers = [];
    for (const accesses of [[read], [read, remove], [remove], [read]]) {
      answers.push((await limit(asks(accesses), by('a')))?.allowed ?? null);
    }
    expect(answers).toEqual([null, true, false, null]);
  });

  it('ignores transfers when it counts requests', async () => {
    const limit = rateLimit({ points: 1, seconds: 60 });
    expect(await limit(moved(1e9, 1e9), by('a'))).toBe(null);
    expect(await allowed(limit, [by('a')])).toEqual([true]);
  });

  it('counts bytes of both directions once they have moved, and refuses the next request', async () => {
    const limit = rateLimit({ points: 100, seconds: 60, unit: 'bytes' });
    const alice = by('alice');
    const seen = [];
    for (const use of [asks(), moved(0, 0), moved(30, 30), asks(), moved(0, 70), asks()]) {
      seen.push(await limit(use, alice));
    }
    const status = (remaining: number) => ({
      allowed: remaining > 0,
      limit: 100,
      remaining,
      resetSeconds: 60,
    });
    expect(seen).toEqual([100, 100, 40, 40, 0, 0].map(status));
    expect(await allowed(limit, [by('bob')])).toEqual([true]);
  });

  it('stays within its bounds for a million principals', async () => {
    const counter = memoryCounter({ points: 1, seconds: 3600 });
    const before = liveBytes();
    for (let principal = 0; principal < 1_000_000; principal += 1) {
      await counter.add(`principal:${principal}`, 1);
    }
    expect(counter.size()).toBe(100_000);
    expect(liveBytes() - before).toBeLessThan(64 * 2 ** 20);
    expect((await counter.look('principal:999999')).used).toBe(1);
  }, 60_000);

  it.each([
    ['no points', { seconds: 1 }, '"points" must be a whole number from 1, not undefined'],
    ['half a point', { points: 0.5, seconds: 1 }, '"points"'],
    ['no time', { points: 1, seconds: 0 }, '"seconds"'],
    [
      'an unknown scope',
      { points: 1, seconds: 1, per: 'user' },
      '"per" must be one of "principal", "address", "role", "service"',
    ],
    ['an unknown action', { points: 1, seconds: 1, actions: ['GET'] }, '"actions" must be one of'],
    ['no action', { points: 1, seconds: 1, actions: [] }, '"actions" must be a list'],
    ['an unknown unit', { points: 1, seconds: 1, unit: 'kb' }, '"unit"'],
    ['a misspelt option', { points: 1, seconds: 1, pre: 'role' }, 'did you mean "per"?'],
    ['a store that is no client', { points: 1, seconds: 1, store: 'redis://x' }, '"store" must be'],
    [
      'shared counts without a name',
      { points: 1, seconds: 1, store: { multi: () => 0 }, per: () => 'a' },
      '"name" is needed',
    ],
  ])('throws at construction for %s', (_what, options, message) => {
    const build = () => rateLimit(options as never);
    expect(build).toThrow(TypeError);
    expect(build).toThrow(message);
  });
});
