import type { Access, AuditEvent, HookRequest, Principal } from '../../src/core/hooks.ts';

/** What hooks see of a request, with what a test does not care about filled in. */
export const request = (given: Partial<HookRequest<unknown>> = {}): HookRequest<unknown> => ({
  id: 'r1',
  raw: {},
  principal: null,
  ip: '192.0.2.1',
  headers: {},
  signal: new AbortController().signal,
  ...given,
});

/** A request of a principal. */
export const by = (id: string, ...roles: readonly string[]): HookRequest<unknown> =>
  request({ principal: { id, roles } satisfies Principal });

/** An access, judged by verb and path. */
export const access = (verb: string, path: string): Access => ({
  action: verb === 'GET' || verb === 'HEAD' ? 'read' : verb === 'DELETE' ? 'delete' : 'write',
  verb,
  path,
  operation: 'any',
});

/** An audit event of a plain download. */
export const auditEvent = (given: Partial<AuditEvent> = {}): AuditEvent => ({
  time: '2026-02-10T14:30:00.000Z',
  id: 'r1',
  service: 's3files',
  operation: 'read',
  verb: 'GET',
  path: 'docs/a.txt',
  access: [{ action: 'read', path: 'docs/a.txt', verb: 'GET', operation: 'read' }],
  principal: { id: 'alice', roles: ['reader'] },
  ip: '192.0.2.1',
  status: 200,
  reason: null,
  bytesIn: 0,
  bytesOut: 10,
  complete: true,
  durationMs: 3,
  storageCalls: 1,
  ...given,
});

/** What a promise rejects with; fails when it fulfils. */
export const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not reject');
};

/** A list of one value. */
export const repeated = <T>(count: number, value: T): T[] =>
  Array.from({ length: count }, () => value);
