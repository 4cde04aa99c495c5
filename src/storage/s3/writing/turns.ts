// Work on one key, one after the other: for stores that ignore conditions, so that looking and then writing has to do.

/** Runs work in turn for each name. */
export type Turns = <T>(name: string, run: () => Promise<T>) => Promise<T>;

/** Turns within one process. */
export function turns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return async (name, run) => {
    const before = last.get(name) ?? Promise.resolve();
    const mine = before.then(run, run);
    last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  };
}
