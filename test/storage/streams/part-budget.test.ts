// Buffers on loan: which one comes next, and how long those that came back are kept.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPartBudget, type PartBudget } from '../../../src/storage/streams/part-budget.ts';

const SIZE = 64;

const borrow = (budget: PartBudget, size = SIZE) =>
  budget.acquire({ size, limitBytes: 4 * SIZE, signal: new AbortController().signal });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('lends the buffer of the size that came back last', async () => {
  const budget = createPartBudget();
  const [first, second, larger] = [
    await borrow(budget),
    await borrow(budget),
    await borrow(budget, 2 * SIZE),
  ];
  for (const { release } of [first, second, larger]) release();
  expect((await borrow(budget)).bytes).toBe(second.bytes);
  expect((await borrow(budget)).bytes).toBe(first.bytes);
});

it('keeps what came back for uploads that follow within a second', async () => {
  const budget = createPartBudget();
  const { bytes, release } = await borrow(budget);
  release();
  vi.advanceTimersByTime(999);
  const again = await borrow(budget);
  expect(again.bytes).toBe(bytes);
  vi.advanceTimersByTime(5000);
  again.release();
  expect((await borrow(budget)).bytes).toBe(bytes);
});

it('holds no more than the limit, however many sizes are asked for', async () => {
  const budget = createPartBudget();
  await borrow(budget);
  const doubled = await borrow(budget, 2 * SIZE);
  doubled.release();
  const odd = await borrow(budget, SIZE + 1);
  odd.release();
  // 64 on loan, and 128 and 65 that came back, are one more than 4 times 64: the older one went.
  const again = await borrow(budget, SIZE + 1);
  expect(again.bytes).toBe(odd.bytes);
  again.release();
  expect((await borrow(budget, 2 * SIZE)).bytes).not.toBe(doubled.bytes);
});

it('forgets what came back once nothing was on loan for a second', async () => {
  const budget = createPartBudget();
  const { bytes, release } = await borrow(budget);
  release();
  vi.advanceTimersByTime(1000);
  expect((await borrow(budget)).bytes).not.toBe(bytes);
  expect(budget.inUse()).toBe(SIZE);
});
