// Asks the host's audit hook, and remembers whether it works.
import type { Settings } from '../config/settings.js';
import { isPromise, within } from '../core/deadline.js';
import type { AuditEvent, HookRequest } from '../core/hooks.js';

/** Longest that an audit hook is waited for, in milliseconds. */
const AUDIT_MS = 1000;

/** The audit hook of one service. */
export interface AuditHook<Req> {
  /** Hands an event to the host. Nobody waits for it; it never throws. `request` is for the report of a failure. */
  readonly record: (event: AuditEvent, request: () => HookRequest<Req>) => void;
  /** True after a record that failed, until one succeeds. */
  readonly isFailing: () => boolean;
}

/** The host's audit hook; undefined when the host has none. */
export function auditHookOf<Req>({
  audit,
  reportError,
}: Settings<Req>): AuditHook<Req> | undefined {
  if (audit === undefined) return undefined;
  let failing = false;

  async function record(event: AuditEvent, request: () => HookRequest<Req>): Promise<void> {
    try {
      const recorded = audit?.(event);
      if (isPromise(recorded)) await within(recorded, AUDIT_MS, late);
      failing = false;
    } catch (error) {
      failing = true;
      reportError(error, 'audit', request());
    }
  }

  return { record: (event, request) => void record(event, request), isFailing: () => failing };
}

const late = (): Error => new Error(`audit did not answer within ${AUDIT_MS} ms`);
