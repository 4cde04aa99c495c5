// The answer to a request of several items, some of which may have failed.
import type { FileServiceError, Reason } from '../../core/errors.js';

const OF_THE_AUTHORIZER: ReadonlySet<Reason> = new Set<Reason>([
  'access_denied',
  'unauthorized',
  'authorization_unavailable',
]);

/**
 * One refused part does not undo the others; but a caller who may write none of them hears so.
 *
 * @throws FileServiceError the refusal, when `authorize` refused every item
 */
export function refuseIfAllRefused(
  items: readonly unknown[],
  refusals: readonly FileServiceError[],
): void {
  const [first] = refusals;
  if (first === undefined || refusals.length < items.length) return;
  if (refusals.every(({ reason }) => OF_THE_AUTHORIZER.has(reason))) throw first;
}
