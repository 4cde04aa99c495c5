import { describe, expect, it } from 'vitest';
import { breaker } from '../../../src/storage/s3/breaker.ts';
import { retryBudget } from '../../../src/storage/s3/retry.ts';

const clocked = () => {
  let now = 0;
  return { guard: breaker(() => now), pass: (ms: number) => (now += ms) };
};

const admitted = (guard: ReturnType<typeof breaker>): boolean => {
  try {
    guard.admit();
    return true;
  } catch {
    return false;
  }
};

describe('breaker', () => {
  it('lets calls through until five in a row got no answer', () => {
    const { guard } = clocked();
    for (let call = 1; call <= 5; call += 1) {
      expect([call, admitted(guard)]).toEqual([call, true]);
      guard.failed(2);
    }
    expect([admitted(guard), guard.isOpen()]).toEqual([false, true]);
  });

  it('takes ten answers in a row that storage cannot for the same', () => {
    const { guard } = clocked();
    for (let call = 0; call < 9; call += 1) guard.failed(1);
    expect(guard.isOpen()).toBe(false);
    guard.failed(1);
    expect(guard.isOpen()).toBe(true);
  });

  it('forgets failures at the first answer', () => {
    const { guard } = clocked();
    for (let call = 0; call < 4; call += 1) guard.failed(2);
    guard.succeeded();
    for (let call = 0; call < 4; call += 1) guard.failed(2);
    expect(guard.isOpen()).toBe(false);
  });

  it('refuses with storage_unavailable and Retry-After while open', () => {
    const { guard } = clocked();
    for (let call = 0; call < 5; call += 1) guard.failed(2);
    expect(() => guard.admit()).toThrow(
      expect.objectContaining({ reason: 'storage_unavailable', headers: { 'Retry-After': '1' } }),
    );
  });

  it('lets one call a second look while open', () => {
    const { guard, pass } = clocked();
    for (let call = 0; call < 5; call += 1) guard.failed(2);
    const looks: number[] = [];
    for (let ms = 0; ms < 10_000; ms += 10) {
      pass(10);
      if (admitted(guard)) {
        looks.push(ms + 10);
        guard.failed(2);
      }
    }
    expect(looks).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((second) => second * 1000));
  });

  it('closes at the first look that is answered', () => {
    const { guard, pass } = clocked();
    for (let call = 0; call < 5; call += 1) guard.failed(2);
    pass(1000);
    guard.admit();
    guard.succeeded();
    expect([admitted(guard), admitted(guard), guard.isOpen()]).toEqual([true, true, false]);
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
