// The same work on many things, several at a time.

/** How many at a time. */
export interface Pace {
  readonly atOnce: number;
  /** The first ones, which come one after the other. @default 0 */
  readonly inTurn?: number;
}

/** Works on all of them. The first failure ends the work, once what is under way has come to its end. */
export async function eachOf<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { atOnce, inTurn = 0 }: Pace,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = iterate(items);
  for (let done = 0; done < inTurn; done += 1) {
    const next = await waiting.next();
    if (next.done === true) return;
    await work(next.value);
  }
  let failed = false;
  const worker = async (): Promise<void> => {
    for (;;) {
      const next = failed ? undefined : await waiting.next();
      if (next === undefined || next.done === true) return;
      await work(next.value);
    }
  };
  const ended = Array.from({ length: atOnce }, () =>
    worker().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  const results = await Promise.allSettled(ended);
  const first = results.find((result) => result.status === 'rejected');
  if (first !== undefined) throw first.reason;
}

// A generator gives to many in turn.
async function* iterate<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  yield* items;
}
