// What a write may replace: nothing (`createOnly`), or one version (`ifMatch`). Storage decides where it
// can, atomically; where it cannot, we look just before.
import type { S3Context } from '../call.js';
import { refusalOf } from '../errors.js';
import { conditionalWrites } from '../probes/conditional-writes.js';
import { ifMatchFor } from '../probes/if-match-spelling.js';
import { stat } from '../stat.js';

/** What a write may replace; neither is anything. */
export interface Guard {
  readonly createOnly?: boolean;
  readonly ifMatch?: string;
}

/** The answer of a write that may not happen. */
export type Refused = { readonly kind: 'exists' } | { readonly kind: 'precondition-failed' };

/** The conditions as S3 takes them; none where the store would ignore or refuse them. */
export interface GuardInput {
  readonly IfNoneMatch?: '*';
  readonly IfMatch?: string;
}

/** Whether a write may not simply replace whatever is there. */
export function isGuarded({ createOnly, ifMatch }: Guard): boolean {
  return createOnly === true || ifMatch !== undefined;
}

/** How to write under a guard: what to send, and an early answer when looking already tells. */
export async function guardInput(
  context: S3Context,
  key: string,
  guard: Guard,
): Promise<GuardInput | Refused> {
  if (guard.createOnly === true) {
    if (await conditionalWrites(context)) return { IfNoneMatch: '*' };
    return (await look(context, key, guard)) ?? {};
  }
  if (guard.ifMatch === undefined) return {};
  const { isAws } = await context.connection.wire.endpoint();
  if (isAws && guard.ifMatch !== '*') return { IfMatch: guard.ifMatch };
  const refused = await look(context, key, guard);
  if (refused !== undefined) return refused;
  return guard.ifMatch === '*' ? {} : { IfMatch: await ifMatchFor(context, guard.ifMatch) };
}

/** Looks at what is there now; undefined when the write may go on. */
export async function look(
  context: S3Context,
  key: string,
  { createOnly, ifMatch }: Guard,
): Promise<Refused | undefined> {
  if (createOnly !== true && ifMatch === undefined) return undefined;
  const there = await stat(context, key);
  if (createOnly === true) return there.kind === 'found' ? { kind: 'exists' } : undefined;
  const same = there.kind === 'found' && (ifMatch === '*' || there.stat.etag === ifMatch);
  return same ? undefined : { kind: 'precondition-failed' };
}

/** The answer behind a failed write, when storage said that the guard does not hold. */
export function refusedBy(error: unknown, guard: Guard): Refused | undefined {
  const kind = refusalOf(error)?.kind;
  if (guard.createOnly === true) {
    return kind === 'precondition-failed' || kind === 'conflict' ? { kind: 'exists' } : undefined;
  }
  if (guard.ifMatch === undefined) return undefined;
  return kind === 'precondition-failed' || kind === 'missing'
    ? { kind: 'precondition-failed' }
    : undefined;
}
