// What was found out about storage, in lines for people.
import type { Finding } from '../index.js';

/** A line: what was found, and what to do about it. What is wrong stands out from what was not tried for that. */
export function lineOf({ name, ok, reason, advice }: Finding): string {
  const wrong = advice === null ? 'untried' : 'problem';
  const words = [ok ? 'ok     ' : wrong, `${name}:`, reason ?? 'fine.', advice];
  return words.filter((word) => word !== null).join(' ');
}
