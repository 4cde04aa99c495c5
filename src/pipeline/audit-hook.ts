// Asks the host's audit hook, and remembers whether it works.
import type { Settings } from '../config/settings.js';
import { debugHook } from '../core/debug.js';
import { isPromise, within } from '../core/deadline.js';
import type { AuditEvent } from '../core/hooks.js';

/** Longest that an audit hook is waited for, in milliseconds. */
const AUDIT_MS = 1000;

/** The audit hook of one service. */
export interface AuditHook {
  /** Hands an event to the host. Nobody waits for it; it never throws. */
  readonly record: (event: AuditEvent) => void;
  /** True after a record that failed, until one succeeds. */
  readonly isFailing: () => boolean;
}

/** The host's audit hook; undefined when the host has none. */
export function auditHookOf<Req>({ audit }: Settings<Req>): AuditHook | undefined {
  if (audit === undefined) return undefined;
  let failing = false;

  async function record(event: AuditEvent): Promise<void> {
    try {
      const recorded = audit?.(event);
      if (isPromise(recorded)) await within(recorded, AUDIT_MS, late);
      failing = false;
    } catch (error) {
      failing = true;
      debugHook('audit failed: %O', error);
    }
  }

  return { record: (event) => void record(event), isFailing: () => failing };
}

const late = (): Error => new Error(`audit did not answer within ${AUDIT_MS} ms`);
