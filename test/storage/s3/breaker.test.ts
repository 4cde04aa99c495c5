import { describe, expect, it } from 'vitest';
import {
  breaker,
  retryBudget,
  type CallKind,
  type CallOf,
} from '../../../src/storage/s3/breaker.ts';

const of = (s3Key: string, kind: CallKind = 'read'): CallOf => ({ kind, s3Key });

const clocked = () => {
  let now = 0;
  return { guard: breaker(() => now), pass: (ms: number) => (now += ms) };
};

const admits = (guard: ReturnType<typeof breaker>, call: CallOf): boolean => {
  try {
    guard.admit(call);
    return true;
  } catch {
    return false;
  }
};

const A = of('a');

describe('a breaker and one key', () => {
  it('lets calls through until five in a row got no answer', () => {
    const { guard } = clocked();
    for (let call = 1; call <= 5; call += 1) {
      expect([call, admits(guard, A)]).toEqual([call, true]);
      guard.failed(A, 'silent');
    }
    expect([admits(guard, A), guard.isOpen(A)]).toEqual([false, true]);
  });

  it('takes ten answers in a row that storage cannot for the same', () => {
    const { guard } = clocked();
    for (let call = 0; call < 9; call += 1) guard.failed(A, 'failing');
    expect(guard.isOpen(A)).toBe(false);
    guard.failed(A, 'failing');
    expect(guard.isOpen(A)).toBe(true);
  });

  it('forgets failures at the first answer', () => {
    const { guard } = clocked();
    for (let call = 0; call < 4; call += 1) guard.failed(A, 'silent');
    guard.succeeded();
    for (let call = 0; call < 4; call += 1) guard.failed(A, 'silent');
    expect(guard.isOpen(A)).toBe(false);
  });

  it('refuses with storage_unavailable and Retry-After while open', () => {
    const { guard } = clocked();
    for (let call = 0; call < 5; call += 1) guard.failed(A, 'silent');
    expect(() => guard.admit(A)).toThrow(
      expect.objectContaining({ reason: 'storage_unavailable', headers: { 'Retry-After': '1' } }),
    );
  });

  it('lets one call a second look while open', () => {
    const { guard, pass } = clocked();
    for (let call = 0; call < 5; call += 1) guard.failed(A, 'silent');
    const looks: number[] = [];
    for (let ms = 0; ms < 10_000; ms += 10) {
      pass(10);
      if (admits(guard, A)) {
        looks.push(ms + 10);
        guard.failed(A, 'silent');
      }
    }
    expect(looks).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((second) => second * 1000));
  });

  it('closes at the first look that is answered', () => {
    const { guard, pass } = clocked();
    for (let call = 0; call < 5; call += 1) guard.failed(A, 'silent');
    pass(1000);
    guard.admit(A);
    guard.succeeded();
    expect([admits(guard, A), admits(guard, A), guard.isOpen(A)]).toEqual([true, true, false]);
  });
});

describe('a breaker and many keys', () => {
  it('lets every other key through while some always fail, however often they are asked for', () => {
    const { guard, pass } = clocked();
    let healthy = 0;
    for (let round = 0; round < 1000; round += 1) {
      pass(1);
      for (const poisoned of ['x', 'y'])
        if (admits(guard, of(poisoned))) guard.failed(of(poisoned), 'failing');
      const other = of(`key${round % 16}`);
      if (round % 10 > 0 || !admits(guard, other)) continue;
      healthy += 1;
      guard.succeeded();
    }
    expect(healthy).toBe(100);
  });

  it('opens for a kind of call when most keys that were asked for fail', () => {
    const { guard } = clocked();
    for (let key = 0; key < 10; key += 1) guard.failed(of(`key${key}`), 'failing');
    expect(admits(guard, of('another'))).toBe(false);
  });

  it('lets three keys a second look then, so that a poisoned one is not the only one that does', () => {
    const { guard, pass } = clocked();
    for (let key = 0; key < 10; key += 1) guard.failed(of(`key${key}`), 'failing');
    pass(1000);
    const looks = Array.from({ length: 10 }, (_, index) => admits(guard, of(`other${index}`)));
    expect(looks.filter(Boolean)).toHaveLength(3);
    guard.succeeded();
    expect(admits(guard, of('another'))).toBe(true);
  });

  it('stops no reads because of writes that cannot be stored', () => {
    const { guard } = clocked();
    for (let key = 0; key < 20; key += 1) guard.failed(of(`key${key}`, 'write'), 'failing');
    expect([admits(guard, of('other', 'write')), admits(guard, of('key1'))]).toEqual([false, true]);
  });

  it('opens for all kinds when storage cannot even be reached', () => {
    const { guard } = clocked();
    for (let call = 0; call < 5; call += 1) guard.unreached();
    expect(
      (['read', 'list', 'write', 'remove'] as const).map((kind) => admits(guard, of('a', kind))),
    ).toEqual([false, false, false, false]);
  });

  it('remembers a bounded number of failing keys', () => {
    const { guard, pass } = clocked();
    for (let key = 0; key < 100_000; key += 1) {
      guard.failed(of(`key${key}`), 'silent');
      if (key % 1000 === 0) pass(11_000);
    }
    guard.succeeded();
    expect(admits(guard, of('key0'))).toBe(true);
  });
});

describe('retryBudget', () => {
  it('gives twenty retries, then none until calls succeed', () => {
    const budget = retryBudget();
    const taken = Array.from({ length: 25 }, () => budget.take());
    expect(taken.filter(Boolean)).toHaveLength(20);
    for (let success = 0; success < 10; success += 1) budget.earn();
    expect([budget.take(), budget.take(), budget.take(), budget.take()]).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});

describe('a breaker and a prefix that storage throttles', () => {
  const hot = (index: number): CallOf => of(`tenants/hot/folder${index}/file`);

  it('stops the calls to that prefix, and to no other', () => {
    const { guard } = clocked();
    for (let index = 0; index < 30; index += 1) guard.failed(hot(index), 'throttled');
    expect([admits(guard, hot(99)), guard.isOpen(hot(99))]).toEqual([false, true]);
    for (const other of ['tenants/calm/a', 'tenants/hot', 'images/logo.png', 'root.txt'])
      expect([other, admits(guard, of(other)), guard.isOpen(of(other))]).toEqual([
        other,
        true,
        false,
      ]);
  });

  it('looks again once a second, and forgets it with the first answer', () => {
    const { guard, pass } = clocked();
    for (let index = 0; index < 10; index += 1) guard.failed(hot(index), 'throttled');
    expect(admits(guard, hot(1))).toBe(false);
    pass(1000);
    expect([admits(guard, hot(1)), admits(guard, hot(2))]).toEqual([true, false]);
    guard.succeeded();
    expect(admits(guard, hot(2))).toBe(true);
  });

  it('opens for all where all prefixes are throttled', () => {
    const { guard } = clocked();
    for (let index = 0; index < 12; index += 1)
      guard.failed(of(`tenants/${index % 4}/file`), 'throttled');
    expect(admits(guard, of('tenants/another/file'))).toBe(false);
  });
});
