// What was found out about storage, in lines for people.
import type { Finding } from '../index.js';

/**
 * A line: what was found, and what to do about it. What is wrong stands out from what was not tried for that, and what
 * is worth knowing from what is fine.
 */
export function lineOf({ name, ok, reason, advice }: Finding): string {
  const words = [reason, advice].filter((word) => word !== null).join(' ');
  const wrong = advice === null ? 'untried' : 'problem';
  const fine = words === '' ? 'ok     ' : 'note   ';
  return `${ok ? fine : wrong} ${name}: ${words === '' ? 'fine.' : words}`;
}
