import { describe, expect, it } from 'vitest';
import { FileServiceError } from '../../src/core/errors.ts';
import { apiKeys } from '../../src/policies/api-keys.ts';
import { seededRandom } from '../support/random.ts';
import { rejection, request } from './request.ts';

const KEY = 'k-9f2c4e6a8b0d1f3a5c7e';
const BILLING = { id: 'billing', roles: ['member'] };

const sent = (headers: Record<string, string>, ip = '192.0.2.1') => request({ headers, ip });

const answer = async (promise: Promise<unknown>) => {
  const error = await rejection(promise);
  if (!(error instanceof FileServiceError)) throw error;
  const { reason, status, message, headers } = error;
  return { reason, status, message, headers };
};

const UNAUTHORIZED = {
  reason: 'unauthorized',
  status: 401,
  message: 'Unauthorized: A valid API key is required.',
  headers: { 'WWW-Authenticate': 'Bearer' },
};

describe('apiKeys', () => {
  it.each<Record<string, string>>([
    { 'x-dreamfactory-api-key': KEY },
    { 'x-api-key': KEY },
    { authorization: `Bearer ${KEY}` },
    { authorization: `bearer  ${KEY}` },
    { 'x-api-key': KEY, authorization: 'Basic dTpw' },
  ])('knows the principal of a key in %j', async (headers) => {
    expect(
      await apiKeys({ other: { id: 'o' }, [KEY]: BILLING, last: { id: 'l' } })(sent(headers)),
    ).toEqual(BILLING);
  });

  it.each([
    ['no key', {}],
    ['an unknown key', { 'x-api-key': 'nope' }],
    ['an empty key', { 'x-api-key': '' }],
    ['a key cut short', { 'x-api-key': KEY.slice(0, -1) }],
    ['a longer key', { 'x-api-key': `${KEY}x` }],
    ['another case', { 'x-api-key': KEY.toUpperCase() }],
    ['two keys in one', { 'x-api-key': `${KEY}, ${KEY}` }],
    ['a huge key', { 'x-api-key': 'k'.repeat(16_000) }],
    ['another scheme', { authorization: `Basic ${KEY}` }],
    ['a scheme alone', { authorization: 'Bearer' }],
    ['an inherited name', { 'x-api-key': '__proto__' }],
    ['an inherited method', { 'x-api-key': 'toString' }],
    ['bytes above ASCII', { 'x-api-key': 'caf\u00e9' }],
  ])('answers 401 alike for %s', async (_what, headers) => {
    expect(await answer(apiKeys({ [KEY]: BILLING })(sent(headers)))).toEqual(UNAUTHORIZED);
  });

  it('reads only the header that it was told', async () => {
    const authenticate = apiKeys({ [KEY]: BILLING }, { header: 'X-Files-Key' });
    expect(await authenticate(sent({ 'x-files-key': KEY }))).toEqual(BILLING);
    expect(await answer(authenticate(sent({ 'x-api-key': KEY })))).toEqual(UNAUTHORIZED);
  });

  it('lets callers without a key be anonymous when told, and never with a wrong one', async () => {
    const authenticate = apiKeys({ [KEY]: BILLING }, { allowAnonymous: true });
    expect(await authenticate(sent({}))).toBe(null);
    expect(await authenticate(sent({ 'x-api-key': KEY }))).toEqual(BILLING);
    expect(await answer(authenticate(sent({ 'x-api-key': 'nope' })))).toEqual(UNAUTHORIZED);
  });

  it('hands a lookup the key and its digest', async () => {
    const stored = new Map([
      ['2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683', BILLING],
    ]);
    const authenticate = apiKeys((key, sha256) => (key === 'key' ? stored.get(sha256) : null));
    expect(await authenticate(sent({ 'x-api-key': 'key' }))).toEqual(BILLING);
  });

  it.each([null, undefined, false, true, 'billing', {}, { id: '' }, { id: 7 }, Object.prototype])(
    'answers 401 when a lookup finds %j',
    async (found) => {
      const authenticate = apiKeys(() => Promise.resolve(found as never));
      expect(await answer(authenticate(sent({ 'x-api-key': 'key' })))).toEqual(UNAUTHORIZED);
    },
  );

  it('passes on what a lookup throws', async () => {
    const gone = new Error('the database is gone');
    const authenticate = apiKeys(() => Promise.reject(gone));
    expect(await rejection(authenticate(sent({ 'x-api-key': 'key' })))).toBe(gone);
  });

  it('forgets a revoked key at once (case 102)', async () => {
    const valid = new Map([['key', BILLING]]);
    const authenticate = apiKeys((key) => valid.get(key));
    expect(await authenticate(sent({ 'x-api-key': 'key' }))).toEqual(BILLING);
    valid.clear();
    expect(await answer(authenticate(sent({ 'x-api-key': 'key' })))).toEqual(UNAUTHORIZED);
  });

  it('answers 429 with whole seconds after too many wrong keys, whatever X-Forwarded-For says (case 103)', async () => {
    const authenticate = apiKeys({ [KEY]: BILLING }, { failures: { points: 20, seconds: 60 } });
    const statuses = new Map<number, number>();
    let last: Awaited<ReturnType<typeof answer>> | undefined;
    for (let guess = 0; guess < 10_000; guess += 1) {
      const headers = {
        'x-api-key': `guess-${guess}`,
        'x-forwarded-for': `198.51.100.${guess % 250}`,
      };
      last = await answer(authenticate(sent(headers)));
      statuses.set(last.status, (statuses.get(last.status) ?? 0) + 1);
    }
    expect([...statuses]).toEqual([
      [401, 20],
      [429, 9980],
    ]);
    const seconds: unknown = expect.stringMatching(/^([1-9]|[1-5][0-9]|60)$/);
    expect(last).toEqual({
      reason: 'rate_limited',
      status: 429,
      message: 'Too Many Requests: Too many wrong API keys; try again later.',
      headers: {
        'Retry-After': seconds,
        'RateLimit-Limit': '20',
        'RateLimit-Remaining': '0',
        'RateLimit-Reset': seconds,
      },
    });
  });

  it('refuses even the right key to an address that was guessing', async () => {
    const authenticate = apiKeys({ [KEY]: BILLING }, { failures: { points: 1, seconds: 60 } });
    await rejection(authenticate(sent({ 'x-api-key': 'nope' })));
    expect((await answer(authenticate(sent({ 'x-api-key': KEY })))).status).toBe(429);
    expect(await authenticate(sent({ 'x-api-key': KEY }, '192.0.2.2'))).toEqual(BILLING);
  });

  it('does not shut out a key that was right from there before', async () => {
    const authenticate = apiKeys({ [KEY]: BILLING }, { failures: { points: 1, seconds: 60 } });
    await authenticate(sent({ 'x-api-key': KEY }));
    await rejection(authenticate(sent({ 'x-api-key': 'nope' })));
    expect((await answer(authenticate(sent({ 'x-api-key': 'other' })))).status).toBe(429);
    expect(await authenticate(sent({ 'x-api-key': KEY }))).toEqual(BILLING);
  });

  it('does not count a missing key as a guess', async () => {
    const authenticate = apiKeys({ [KEY]: BILLING }, { failures: { points: 1, seconds: 60 } });
    await rejection(authenticate(sent({})));
    await rejection(authenticate(sent({})));
    expect(await authenticate(sent({ 'x-api-key': KEY }))).toEqual(BILLING);
  });

  it('takes an IPv6 /64 for one caller, and a mapped IPv4 address for itself', async () => {
    const statuses = async (first: string, second: string) => {
      const authenticate = apiKeys({ [KEY]: BILLING }, { failures: { points: 1, seconds: 60 } });
      await rejection(authenticate(sent({ 'x-api-key': 'nope' }, first)));
      return (await answer(authenticate(sent({ 'x-api-key': 'nope' }, second)))).status;
    };
    expect([
      await statuses('2001:db8:1:2::1', '2001:db8:1:2:ffff::9'),
      await statuses('2001:db8:1:2::1', '2001:db8:1:3::1'),
      await statuses('::ffff:192.0.2.7', '192.0.2.7'),
      await statuses('::ffff:192.0.2.7', '::ffff:192.0.2.8'),
    ]).toEqual([429, 401, 429, 401]);
  });

  it.each([
    ['no keys', {}, {}, 'there is no key'],
    ['an unset variable', { undefined: BILLING }, {}, 'key 1 is undefined'],
    ['an empty key', { '': BILLING }, {}, 'key 1 must be printable'],
    ['a key with a space', { good: BILLING, 'a b': BILLING }, {}, 'key 2 must be printable'],
    ['a principal without id', { [KEY]: { roles: [] } }, {}, 'key 1 must have a principal'],
    ['a list', [KEY], {}, 'an object of keys, or a lookup'],
    ['a bad header', { [KEY]: BILLING }, { header: 'a b' }, '"header"'],
    [
      'a bad failures',
      { [KEY]: BILLING },
      { failures: { points: 0, seconds: 1 } },
      '"failures.points" must be a whole number from 1',
    ],
    ['a misspelt option', { [KEY]: BILLING }, { headers: 'x' }, 'did you mean "header"?'],
  ])('throws at construction for %s, without showing the key', (_what, keys, options, message) => {
    const build = () => apiKeys(keys as never, options as never);
    expect(build).toThrow(TypeError);
    expect(build).toThrow(message);
    expect(build).not.toThrow(KEY);
  });

  it('takes as long for a key that is wrong at its first byte as at its last', async () => {
    const key = 'a'.repeat(64);
    const authenticate = apiKeys({ [key]: BILLING }, { failures: false });
    // Bytes off the wire, as a server gets them: glued strings differ in memory by how they were made.
    const guess = (text: string) => sent({ 'x-api-key': Buffer.from(text).toString('latin1') });
    const byFirst = guess(`b${key.slice(1)}`);
    const byLast = guess(`${key.slice(1)}b`);
    const random = seededRandom(7);
    const times: [number[], number[]] = [[], []];
    for (let sample = 0; sample < 102_000; sample += 1) {
      const side = random() < 0.5 ? 0 : 1;
      const startedAt = process.hrtime.bigint();
      await authenticate(side === 0 ? byFirst : byLast).catch(() => undefined);
      const tookNs = Number(process.hrtime.bigint() - startedAt);
      // The first calls run before the compiler has settled.
      if (sample >= 2000) times[side].push(tookNs);
    }
    // As leakage tests do, pauses of the machine are left out, by one bound for both sides.
    const bound =
      times
        .flat()
        .sort((one, other) => one - other)
        .at(-10_000) ?? 0;
    const [first, last] = times.map((side) => side.filter((ns) => ns < bound)) as [
      number[],
      number[],
    ];
    expect(Math.abs(welch(first, last))).toBeLessThan(4.5);
  }, 60_000);
});

/** Welch's t of two samples. */
const welch = (one: readonly number[], other: readonly number[]): number => {
  const moments = (sample: readonly number[]) => {
    const mean = sample.reduce((sum, value) => sum + value, 0) / sample.length;
    const squares = sample.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return { mean, spread: squares / (sample.length - 1) / sample.length };
  };
  const [left, right] = [moments(one), moments(other)];
  return (left.mean - right.mean) / Math.sqrt(left.spread + right.spread);
};
