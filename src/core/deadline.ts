// The one time bound for work that may never end.

/**
 * The work's result, or the error of `late` once `milliseconds` have passed. The work itself goes on; what becomes of
 * it later is ignored.
 */
export async function within<T>(
  work: PromiseLike<T>,
  milliseconds: number,
  late: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    // After a long turn of the event loop timers run first; an answer that has arrived meanwhile still counts.
    timer = setTimeout(() => setImmediate(() => reject(late())), milliseconds);
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
