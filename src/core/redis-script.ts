// Scripts that Redis runs as a whole, by whichever client a host has.

/** Runs a script on one key; its answer as numbers, null for none. */
export type RunScript = (
  script: string,
  key: string,
  given: readonly (string | number)[],
) => Promise<readonly number[] | null>;

/** How a connected ioredis or node-redis client runs scripts. */
export function scriptRunner(client: object): RunScript {
  // Border with the clients: both have `eval`, with arguments of their own.
  const evaluate = (
    client as { readonly eval: (...given: unknown[]) => Promise<unknown> }
  ).eval.bind(client);
  // node-redis alone spells its commands so.
  const isNodeRedis = 'pTTL' in client;
  return async (script, key, given) => {
    const texts = given.map((value) =>
      typeof value === 'number' ? String(Math.min(value, Number.MAX_SAFE_INTEGER)) : value,
    );
    const answer = isNodeRedis
      ? await evaluate(script, { keys: [key], arguments: texts })
      : await evaluate(script, 1, key, ...texts);
    return Array.isArray(answer) ? answer.map(Number) : null;
  };
}
