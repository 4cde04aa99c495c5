import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of live JavaScript values and buffers, garbage left out. */
export const liveBytes = (): number => {
  setFlagsFromString('--expose-gc');
  // The flag gives a new context the function that collects.
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
