// Writes audit records into a table, and refuses requests while it cannot: `auditRequired`.
import { createFileService, roles, type AuditEvent } from '../src/index.ts';

/** A row of the audit table. */
export interface AuditRow {
  readonly time: Date;
  readonly requestId: string;
  readonly userId: string | null;
  readonly verb: string;
  readonly path: string;
  readonly status: number;
  readonly reason: string | null;
  readonly bytes: number;
  /** What was asked of `authorize`, as JSON. */
  readonly access: string;
}

/** Stores one row; a database client's insert with bound parameters, never a built SQL string. */
export type InsertRow = (row: AuditRow) => Promise<unknown>;

const rowOf = (event: AuditEvent): AuditRow => ({
  time: new Date(event.time),
  requestId: event.id,
  userId: event.principal?.id ?? null,
  verb: event.verb,
  path: event.path,
  status: event.status,
  reason: event.reason,
  bytes: event.bytesIn + event.bytesOut,
  access: JSON.stringify(event.access),
});

/** An audit hook that stores each event; a rejected insert is a record that was not made. */
export const auditDatabase =
  (insert: InsertRow) =>
  async (event: AuditEvent): Promise<void> => {
    await insert(rowOf(event));
  };

/** A service that answers 503 before it touches storage while the table cannot be written. */
export const makeService = (insert: InsertRow) =>
  createFileService({
    bucket: 'acme-prod',
    region: 'eu-west-1',
    authorize: roles({ reader: [{ path: '**', allow: ['GET'] }] }),
    audit: auditDatabase(insert),
    auditRequired: true,
  });
