import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects garbage, all of it. */
export const collect = (): void => {
  setFlagsFromString('--expose-gc');
  // The flag gives a new context the function that collects.
  (runInNewContext('gc') as () => void)();
};

/** Bytes of live JavaScript values and buffers, garbage left out. */
export const liveBytes = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
