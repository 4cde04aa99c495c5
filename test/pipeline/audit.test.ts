// One record a request, whatever became of it; and lines that nobody can forge or break (case 165).
import { createServer, request as httpRequest } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiKeys, auditLog, createFileService, allowAll } from '../../src/index.ts';
import type { AuditEvent, FileServiceConfig } from '../../src/index.ts';
import { raw } from '../support/raw.ts';
import {
  ask,
  inExpress,
  MOUNT,
  startService,
  storeConfig,
  type Question,
  type RunningService,
} from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

let store: Awaited<ReturnType<typeof doubleStore>>;
let service: RunningService;

beforeEach(async () => {
  store = await doubleStore();
  store.double.seed(store.bucket, 'docs/a.txt', '0123456789');
});
afterEach(async () => {
  await service.close();
  await store.close();
});

const start = async (config: Partial<FileServiceConfig> = {}) => {
  service = await startService(store, config);
};

/** What of an event a test can foresee. */
const foreseen = ({ time: _time, durationMs: _ms, ip: _ip, ...event }: AuditEvent) => event;

const read = (path: string) => ({ action: 'read', path, verb: 'GET', operation: 'read' }) as const;

describe('the audit', () => {
  it.each<[string, Question, Partial<AuditEvent>]>([
    [
      'a download',
      { path: '/docs/a.txt' },
      {
        operation: 'read',
        verb: 'GET',
        path: 'docs/a.txt',
        access: [read('docs/a.txt')],
        status: 200,
        reason: null,
        bytesOut: 10,
        storageCalls: 1,
      },
    ],
    [
      'a missing file',
      { path: '/docs/none.txt' },
      {
        operation: 'read',
        verb: 'GET',
        path: 'docs/none.txt',
        access: [read('docs/none.txt')],
        status: 404,
        reason: 'not_found',
        storageCalls: 2,
      },
    ],
    [
      'an upload',
      { method: 'PUT', path: '/docs/b.txt', body: 'seven b' },
      {
        operation: 'write',
        verb: 'PUT',
        path: 'docs/b.txt',
        access: [{ action: 'write', path: 'docs/b.txt', verb: 'PUT', operation: 'write' }],
        status: 201,
        reason: null,
        bytesIn: 7,
        storageCalls: 1,
      },
    ],
    [
      'a malformed path',
      { path: '/a%0ab' },
      { operation: null, verb: 'GET', path: '/a%0ab', status: 400, reason: 'invalid_path' },
    ],
    [
      'a verb that is not possible',
      { method: 'PATCH', path: '/' },
      { operation: null, verb: 'PATCH', path: '', status: 405, reason: 'method_not_allowed' },
    ],
    [
      'a signed URL',
      { path: '/docs/a.txt?url=true&expires=60' },
      {
        operation: 'sign_read',
        verb: 'GET',
        path: 'docs/a.txt',
        access: [{ ...read('docs/a.txt'), operation: 'sign_read' }],
        status: 200,
        reason: null,
        storageCalls: 1,
      },
    ],
  ])('has one event of %s', async (_name, question, expected) => {
    await start({
      name: 'vault',
      authenticate: () => ({ id: 'ann', roles: ['r'], token: 'secret' }),
    });
    const id = 'request-1';
    const { body } = await service.ask({ ...question, headers: { 'X-Request-Id': id } });
    const event = await service.audited(id);
    const isFile = expected.operation === 'read' && expected.status === 200;
    expect(foreseen(event)).toEqual({
      id,
      service: 'vault',
      principal: { id: 'ann', roles: ['r'] },
      access: [],
      bytesIn: 0,
      bytesOut: isFile ? 10 : body.length,
      complete: true,
      storageCalls: 0,
      ...expected,
    });
    expect(new Date(event.time).toISOString()).toBe(event.time);
    expect(event.durationMs).toBeGreaterThan(0);
    expect(service.audit).toHaveLength(1);
  });

  it('tells of refusals: no key, no right, a limit', async () => {
    await start({
      authenticate: apiKeys({ key: { id: 'ann' } }),
      authorize: ({ path }) => path === 'docs/a.txt',
      limit: ({ access }) =>
        access[0]?.verb === 'HEAD'
          ? { allowed: false, limit: 1, remaining: 0, resetSeconds: 9 }
          : null,
    });
    const headers = { 'X-API-Key': 'key' };
    await service.ask({ path: '/docs/a.txt' });
    await service.ask({ path: '/docs/b.txt', headers });
    await service.ask({ method: 'HEAD', path: '/docs/a.txt', headers });
    await until(() => service.audit.length === 3, { what: 'three events' });
    expect(
      service.audit.map(({ status, reason, principal, operation, storageCalls }) => [
        status,
        reason,
        principal?.id ?? null,
        operation,
        storageCalls,
      ]),
    ).toEqual([
      [401, 'unauthorized', null, null, 0],
      [403, 'access_denied', 'ann', 'read', 0],
      [429, 'rate_limited', 'ann', 'read', 0],
    ]);
  });

  it('comes after the last byte, once, with what had left when the client did', async () => {
    await start();
    const size = 32 * 2 ** 20;
    store.double.sparse(store.bucket, 'large.bin', size);
    const path = `${MOUNT}/large.bin`;
    await new Promise<void>((resolve) => {
      const asking = httpRequest({ port: service.port, path, agent: false }, (answer) => {
        answer.once('data', () => {
          expect(service.audit).toEqual([]);
          asking.destroy();
          resolve();
        });
        answer.on('error', () => {});
      });
      asking.on('error', () => {});
      asking.end();
    });
    await until(() => service.audit.length > 0, { what: 'the event' });
    const [event] = service.audit;
    expect([event?.status, event?.complete]).toEqual([200, false]);
    expect(event?.bytesOut).toBeGreaterThan(0);
    expect(event?.bytesOut).toBeLessThan(size);
    await service.ask({ path: '/docs/a.txt' });
    await until(() => service.audit.length === 2, { what: 'the next event' });
    expect(service.audit.map(({ operation }) => operation)).toEqual(['read', 'read']);
  });

  it('has one event of an upload that its client abandons', async () => {
    await start();
    const socket = connect(service.port, '127.0.0.1');
    socket.write(
      `PUT ${MOUNT}/up.bin HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(300_000)}`,
    );
    await until(() => store.double.calls.some(({ bytesIn }) => bytesIn > 0), {
      what: 'bytes at storage',
    });
    socket.destroy();
    await until(() => service.audit.length > 0, { what: 'the event' });
    const [event] = service.audit;
    expect(service.audit).toHaveLength(1);
    expect([event?.operation, event?.complete]).toEqual(['write', false]);
    expect(event?.bytesIn).toBeGreaterThan(0);
    expect(event?.bytesIn).toBeLessThan(1_000_000);
    expect([...store.double.objects(store.bucket).keys()]).not.toContain('up.bin');
  });

  it('stands in the order in which requests end', async () => {
    await start();
    store.double.inject({ operation: 'GetObject', kind: 'delay', delayMs: 300 });
    const slow = service.ask({ path: '/docs/a.txt' });
    await until(() => store.double.calls.length > 0, { what: 'the slow call' });
    await service.ask({ path: '/docs/' });
    await slow;
    await until(() => service.audit.length === 2, { what: 'both events' });
    expect(service.audit.map(({ operation }) => operation)).toEqual(['list', 'read']);
  });

  it.each<[string, () => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
    ['never settles', () => new Promise(() => {})],
  ])('changes no answer when its hook %s', async (_name, audit) => {
    await start({ audit });
    for (let index = 0; index < 3; index += 1)
      expect((await service.ask({ path: '/docs/a.txt' })).status).toBe(200);
    await until(() => service.told().includes('audit'), { what: 'onError to be told' });
  });
});

describe('auditRequired', () => {
  it('refuses with 503 while the hook fails, without storage, and recovers by itself', async () => {
    let works = true;
    const events: AuditEvent[] = [];
    await start({
      auditRequired: true,
      audit: (event) => {
        if (!works) throw new Error('disk full');
        events.push(event);
      },
    });
    const status = async () => (await service.ask({ path: '/docs/a.txt' })).status;
    expect(await status()).toBe(200);
    works = false;
    await status();
    await until(async () => (await status()) === 503, { what: 'the refusal' });
    store.double.clearCalls();
    const refused = await service.ask({ path: '/docs/a.txt' });
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5']);
    expect(refused.json()).toMatchObject({ error: { reason: 'audit_unavailable' } });
    expect(store.double.calls).toEqual([]);
    works = true;
    await until(async () => (await status()) === 200, { what: 'the recovery' });
    // The refusal itself was recorded: that is how the service learnt that the hook works again.
    expect(events.map((event) => event.status)).toContain(503);
    expect(service.told()).toContain('audit');
  });
});

describe('auditLog through the service (case 165)', () => {
  const lines: string[] = [];
  let server: ReturnType<typeof createServer>;
  let files: ReturnType<typeof createFileService>;

  const startLog = async () => {
    lines.length = 0;
    const sink = new PassThrough();
    let rest = '';
    sink.on('data', (chunk: Buffer) => {
      const pieces = (rest + chunk.toString('utf8')).split('\n');
      rest = pieces.pop() ?? '';
      lines.push(...pieces);
    });
    await start();
    files = createFileService({
      ...storeConfig(store),
      authorize: allowAll,
      audit: auditLog(sink),
      compat: 'dreamfactory',
    });
    server = createServer({ maxHeaderSize: 2 * 2 ** 20 }, inExpress(files));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const stopLog = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await files.close({ graceMs: 0 });
  };

  it.each<[string, Question]>([
    ['a path with a line feed', { path: '/a%0ab' }],
    ['a path with a carriage return', { path: '/a%0d%0ab' }],
    ['a path with an escape', { path: '/a%1b%5b31mb' }],
    ['a path with a line separator', { path: '/a%e2%80%a8b.txt' }],
    ['a path that reads backwards', { path: '/a%e2%80%aegpj.exe' }],
    ['a path with a next line', { path: '/a%c2%85b.txt' }],
    ['a path of 10 KB', { path: `/${'a/'.repeat(5000)}` }],
    [
      'a user agent with a control sequence',
      { path: '/docs/a.txt', headers: { 'User-Agent': 'x\u009b31mred' } },
    ],
    ['a header of 1 MB', { path: '/docs/a.txt', headers: { 'X-Large': 'x'.repeat(2 ** 20) } }],
    ['an odd request id', { path: '/docs/a.txt', headers: { 'X-Request-Id': 'a"b\u009b2Jc' } }],
    [
      'a request id of 1 MB',
      { path: '/docs/a.txt', headers: { 'X-Request-Id': 'x'.repeat(2 ** 20) } },
    ],
    ['credentials in the query', { path: '/docs/a.txt?api_key=SECRET&session_token=SECRET' }],
    ['a signed URL', { path: '/docs/a.txt?url=true' }],
  ])('writes one plain line of at most 4 KiB for %s', async (_name, question) => {
    const port = await startLog();
    // Raw: node's client refuses to send some of these.
    const fields = Object.entries({ Host: 'x', Connection: 'close', ...question.headers })
      .map(([name, value]) => `${name}: ${String(value)}\r\n`)
      .join('');
    const answer = await raw(port, `GET ${MOUNT}${question.path} HTTP/1.1\r\n${fields}\r\n`);
    expect([200, 400, 404]).toContain(answer.status);
    await until(() => lines.length > 0, { what: 'the line' });
    expect(lines).toHaveLength(1);
    const [line = ''] = lines;
    expect(Buffer.byteLength(line) + 1).toBeLessThanOrEqual(4096);
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
    expect(line).not.toMatch(/SECRET|X-Amz-Signature/);
    expect(JSON.parse(line)).toMatchObject({ status: answer.status, service: 's3files' });
    await stopLog();
  });

  it('writes one line each for an aborted, a refused and a failed request', async () => {
    const port = await startLog();
    store.double.sparse(store.bucket, 'large.bin', 32 * 2 ** 20);
    await new Promise<void>((resolve) => {
      const asking = httpRequest({ port, path: `${MOUNT}/large.bin`, agent: false }, (answer) => {
        answer.once('data', () => asking.destroy());
        answer.once('close', resolve);
        answer.on('error', () => {});
      });
      asking.on('error', () => {});
      asking.end();
    });
    await until(() => lines.length === 1, { what: 'the first line' });
    await ask(port, { path: `${MOUNT}/none.txt` });
    store.double.inject({ kind: 'status', status: 403, code: 'AccessDenied', times: 100 });
    await ask(port, { path: `${MOUNT}/docs/a.txt` });
    await until(() => lines.length === 3, { what: 'three lines' });
    expect(
      lines.map((line) => {
        const { status, reason, complete } = JSON.parse(line) as AuditEvent;
        return [status, reason, complete];
      }),
    ).toEqual([
      [200, null, false],
      [404, 'not_found', true],
      [403, 'storage_access_denied', true],
    ]);
    await stopLog();
  });
});
