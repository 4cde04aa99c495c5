import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FileServiceError } from '../../src/core/errors.ts';
import type { AuditEvent } from '../../src/core/hooks.ts';
import { auditLog } from '../../src/policies/audit-log.ts';
import { auditEvent, rejection, repeated } from './request.ts';

/** The line that an event becomes. */
const lineOf = async (event: AuditEvent, options?: Parameters<typeof auditLog>[1]) => {
  const stream = new PassThrough();
  await auditLog(stream, options)(event);
  return `${stream.read()}`;
};

const parsed = async (event: AuditEvent): Promise<Record<string, unknown>> =>
  JSON.parse(await lineOf(event));

/** A stream that takes chunks only when told, one at a time. */
const slowStream = (highWaterMark: number) => {
  const taken: string[] = [];
  let release: (() => void) | undefined;
  const stream = new Writable({
    highWaterMark,
    write: (chunk, _encoding, done) => {
      taken.push(`${chunk}`);
      release = done;
    },
  });
  return { stream, taken, release: () => release?.() };
};

const paths = (lines: readonly string[]) => lines.map((line) => JSON.parse(line).path);

describe('auditLog', () => {
  it('writes an event as one line of JSON, its fields in order', async () => {
    const event = auditEvent();
    const line = await lineOf(event);
    expect(line).toBe(`${JSON.stringify(event)}\n`);
  });

  it('writes only the fields that it was told', async () => {
    expect(await lineOf(auditEvent(), { fields: ['status', 'path', 'time'] })).toBe(
      '{"time":"2026-02-10T14:30:00.000Z","path":"docs/a.txt","status":200}\n',
    );
  });

  it('escapes what could end, colour or reverse a line (case 165)', async () => {
    const path =
      'a\nb\r\u001b[31m\u0000\u007f\u0085\u009b1m\u2028\u2029\u202e\u2066\ufeff"\\\u00e9\u{1f600}';
    const line = await lineOf(auditEvent({ path, access: [] }), { fields: ['path'] });
    expect(line).toBe(
      '{"path":"a\\nb\\r\\u001b[31m\\u0000\\u007f\\u0085\\u009b1m\\u2028\\u2029\\u202e\\u2066\\ufeff\\"\\\\\u00e9\u{1f600}"}\n',
    );
    expect(JSON.parse(line)).toEqual({ path });
  });

  it.each(['x', '\u0000', '"', '\u20ac', '\u{1f600}', '\ud800', '\u2028'])(
    'keeps a line of huge values of %j within 4 KiB (case 165)',
    async (character) => {
      const huge = character.repeat(200_000);
      const access = { action: 'read', path: huge, verb: huge, operation: huge } as const;
      const event = auditEvent({
        id: huge,
        service: huge,
        operation: huge,
        verb: huge,
        path: huge,
        ip: huge,
        reason: huge,
        time: huge,
        access: repeated(100, access),
        principal: { id: huge, roles: repeated(1000, huge) },
        bytesIn: Number.MAX_SAFE_INTEGER,
        bytesOut: Number.MAX_SAFE_INTEGER,
        durationMs: 1e-7 / 3,
        storageCalls: Number.MAX_SAFE_INTEGER,
      });
      const line = await lineOf(event);
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(4096);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      const record = JSON.parse(line);
      expect(Object.keys(record)).toEqual([...Object.keys(event), 'truncated']);
      expect(record.truncated).toBe(true);
      expect(record.path.startsWith(character)).toBe(true);
    },
  );

  it('keeps a long path whole when only the access list is long', async () => {
    const path = 'p/'.repeat(512);
    const access = {
      action: 'delete',
      path: 'q/'.repeat(100),
      verb: 'DELETE',
      operation: 'remove',
    } as const;
    const record = await parsed(
      auditEvent({ path: 'p/'.repeat(200), access: repeated(100, access) }),
    );
    expect(record).toMatchObject({ path: 'p/'.repeat(200), truncated: true });
    expect(record['access']).toEqual(repeated(12, access));
    expect((await parsed(auditEvent({ path })))['path']).toBe(path);
  });

  it('never writes a secret, nor what else a principal carries', async () => {
    const secret = 'S3CR3T';
    const event = auditEvent({
      path: `a%zz?api_key=${secret}&x=1&Session_Token=${secret}&X-Amz-Signature=${secret}&X-Amz-Credential=${secret}`,
      principal: { id: 'alice', roles: ['r'], token: secret } as AuditEvent['principal'],
      access: [{ action: 'read', path: 'a', verb: 'GET', operation: 'read', key: secret } as never],
    });
    const line = await lineOf({ ...event, headers: { authorization: secret } } as AuditEvent);
    expect(line).not.toContain(secret);
    expect(JSON.parse(line)).toMatchObject({
      path: 'a%zz?api_key=***&x=1&Session_Token=***&X-Amz-Signature=***&X-Amz-Credential=***',
      principal: { id: 'alice', roles: ['r'] },
    });
  });

  it('writes anonymous requests and principals without roles', async () => {
    expect((await parsed(auditEvent({ principal: null })))['principal']).toBe(null);
    expect((await parsed(auditEvent({ principal: { id: 'a' } })))['principal']).toEqual({
      id: 'a',
    });
  });

  it('hands a full stream nothing more until it drains, and keeps the order', async () => {
    const slow = slowStream(1);
    const audit = auditLog(slow.stream);
    const written = ['1', '2', '3'].map((path) => audit(auditEvent({ path })));
    expect([paths(slow.taken), slow.stream.writableLength > 0]).toEqual([['1'], true]);
    const firstLength = slow.stream.writableLength;
    expect(firstLength).toBe(Buffer.byteLength(slow.taken[0] ?? ''));
    for (const promise of written) {
      slow.release();
      await promise;
    }
    expect(paths(slow.taken)).toEqual(['1', '2', '3']);
  });

  it('rejects what would make more than 10,000 lines wait', async () => {
    const slow = slowStream(1);
    const audit = auditLog(slow.stream);
    const held = Array.from({ length: 10_001 }, () => audit(auditEvent()).catch((error) => error));
    const error = await rejection(audit(auditEvent()));
    expect(error).toBeInstanceOf(FileServiceError);
    expect(error).toMatchObject({ reason: 'audit_unavailable', status: 503 });
    slow.stream.destroy();
    const ends = await Promise.all(held);
    expect(new Set(ends.map((end) => end?.reason))).toEqual(new Set(['audit_unavailable']));
  });

  it('rejects when the stream is destroyed, ended, or fails, and the process lives', async () => {
    const destroyed = new PassThrough();
    destroyed.destroy();
    const ended = new PassThrough();
    ended.end();
    const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error('ENOSPC')) });
    const missing = createWriteStream('/nonexistent/folder/audit.log');
    for (const stream of [destroyed, ended, full, full, missing]) {
      expect(await rejection(auditLog(stream)(auditEvent()))).toMatchObject({
        reason: 'audit_unavailable',
        message: 'Service Unavailable: The audit record cannot be written.',
      });
    }
  });

  it('rejects when the function that returns the stream throws', async () => {
    const audit = auditLog(() => {
      throw new Error('rotating');
    });
    expect(await rejection(audit(auditEvent()))).toMatchObject({
      reason: 'audit_unavailable',
      cause: new Error('rotating'),
    });
  });

  it('follows a rotation, losing no line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'audit-'));
    const file = join(folder, 'audit.log');
    try {
      let stream = createWriteStream(file, { highWaterMark: 256 });
      const audit = auditLog(() => stream);
      const written: Promise<void>[] = [];
      const writeSome = (from: number) => {
        for (let index = from; index < from + 100; index += 1) {
          written.push(audit(auditEvent({ path: `${index}` })));
        }
      };
      writeSome(0);
      await once(stream, 'open');
      await rename(file, `${file}.1`);
      const old = stream;
      stream = createWriteStream(file, { highWaterMark: 256 });
      old.end();
      writeSome(100);
      await Promise.all(written);
      stream.end();
      await once(stream, 'close');
      const lines = async (name: string) => (await readFile(name, 'utf8')).trim().split('\n');
      const [before, after] = [await lines(`${file}.1`), await lines(file)];
      expect(paths([...before, ...after])).toEqual(
        Array.from({ length: 200 }, (_, index) => `${index}`),
      );
      expect(before.length).toBeGreaterThan(0);
      expect(after.length).toBeGreaterThan(100);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('leaves one error listener on a stream that many audit logs share', async () => {
    const stream = new PassThrough();
    stream.resume();
    await Promise.all(Array.from({ length: 50 }, () => auditLog(stream)(auditEvent())));
    expect(stream.listenerCount('error')).toBe(1);
    expect(stream.listenerCount('drain')).toBeLessThan(2);
  });

  it.each([
    ['an unknown field', [new PassThrough(), { fields: ['headers'] }], '"headers" is not a field'],
    ['no field', [new PassThrough(), { fields: [] }], '"fields" must be a list'],
    ['a misspelt option', [new PassThrough(), { field: [] }], 'did you mean "fields"?'],
    ['no stream', ['audit.log'], 'takes a writable stream'],
    ['nothing', [undefined], 'takes a writable stream'],
  ])('throws at construction for %s', (_what, given, message) => {
    const build = () => auditLog(...(given as unknown as Parameters<typeof auditLog>));
    expect(build).toThrow(TypeError);
    expect(build).toThrow(message);
  });
});
