// The one place of the tests that waits.

/** What `until` waits for, in words for its failure, and how long. */
export interface Wait {
  /** What is waited for; stands in the message when it does not come. */
  readonly what: string;
  /** @default 5000 */
  readonly deadlineMs?: number;
  /** Pause between two looks. @default 10 */
  readonly everyMs?: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again and again until the answer is truthy, and returns it; throws at the deadline. */
export const until = async <T>(
  predicate: () => T | Promise<T>,
  { what, deadlineMs = 5000, everyMs = 10 }: Wait,
): Promise<T> => {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const answer = await predicate();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${deadlineMs} ms for ${what}`);
    await pause(everyMs);
  }
};
