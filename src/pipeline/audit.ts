// What is remembered of one request while it runs, the audit event that it becomes, and the hook that records it.
import type { Settings } from '../config/settings.js';
import { within } from '../core/deadline.js';
import { isPromise } from '../core/hooks.js';
import type { Access, AuditEvent, HookRequest, Principal } from '../core/hooks.js';
import { withoutToken } from '../core/key.js';
import type { FileRequest } from '../http/request.js';

/** Accesses that an event lists; a batch may ask for many more. */
const MAX_ACCESSES = 100;

/** What the audit will say of a request that still runs. */
export interface AuditRecord {
  readonly startedAt: number;
  operation: string | null;
  verb: string;
  path: string;
  principal: Principal | null;
  reason: string | null;
  storageCalls: number;
  bytesIn: () => number;
  readonly access: Access[];
}

/** How the answer was sent. */
export interface Transfer {
  readonly status: number;
  readonly bytesOut: number;
  readonly complete: boolean;
}

/** A record of a request that has just arrived. */
export function startRecord(request: FileRequest<unknown>): AuditRecord {
  return {
    startedAt: performance.now(),
    operation: null,
    verb: request.method,
    path: withoutToken(request.path),
    principal: null,
    reason: null,
    storageCalls: 0,
    bytesIn: () => 0,
    access: [],
  };
}

/** Remembers that an access was asked. */
export function noteAccess(record: AuditRecord, access: Access): void {
  if (record.access.length < MAX_ACCESSES) record.access.push(access);
}

/** What is counted of a request that is over. */
export type Figures = Pick<
  AuditEvent,
  'operation' | 'status' | 'bytesIn' | 'bytesOut' | 'complete' | 'durationMs' | 'storageCalls'
>;

/** The figures of a request that is over. */
export function figuresOf(record: AuditRecord, transfer: Transfer): Figures {
  return {
    operation: record.operation,
    status: transfer.status,
    bytesIn: record.bytesIn(),
    bytesOut: transfer.bytesOut,
    complete: transfer.complete,
    durationMs: Math.round((performance.now() - record.startedAt) * 1000) / 1000,
    storageCalls: record.storageCalls,
  };
}

/** The event of a request that is over. */
export function auditEvent(
  service: string,
  request: FileRequest<unknown>,
  record: AuditRecord,
  figures: Figures,
): AuditEvent {
  return {
    time: new Date(Date.now() - figures.durationMs).toISOString(),
    id: request.id,
    service,
    operation: record.operation,
    verb: record.verb,
    path: record.path,
    access: record.access,
    principal: nameOf(record.principal),
    ip: request.ip,
    status: figures.status,
    reason: record.reason,
    bytesIn: figures.bytesIn,
    bytesOut: figures.bytesOut,
    complete: figures.complete,
    durationMs: figures.durationMs,
    storageCalls: figures.storageCalls,
  };
}

function nameOf(principal: Principal | null): AuditEvent['principal'] {
  if (principal === null) return null;
  const { id, roles } = principal;
  return roles === undefined ? { id } : { id, roles };
}

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
