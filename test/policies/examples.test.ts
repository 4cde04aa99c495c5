import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditDatabase, type AuditRow } from '../../examples/audit-database.ts';
import { auditPino } from '../../examples/audit-pino.ts';
import { publishedKeys, sharedSecret } from '../../examples/jwt.ts';
import { traceRequests } from '../../examples/opentelemetry.ts';
import { auditEvent, rejection, request } from './request.ts';

const OPTIONS = { issuer: 'https://login.example', audience: 'files' };
const SECRET = 'a secret that is long enough for HS256';
const secretKey = new TextEncoder().encode(SECRET);

const token = ({ audience = 'files', expires = '1h', header = { alg: 'HS256', kid: 'k1' } } = {}) =>
  new SignJWT({ roles: ['member'], team: 'red' })
    .setProtectedHeader(header)
    .setSubject('alice')
    .setIssuer(OPTIONS.issuer)
    .setAudience(audience)
    .setExpirationTime(expires);

const sent = (jwt: string) => request({ headers: { authorization: `Bearer ${jwt}` } });

describe('the example of JWT with a shared secret', () => {
  const authenticate = sharedSecret(SECRET, OPTIONS);

  it('knows the principal of a valid token', async () => {
    expect(await authenticate(sent(await token().sign(secretKey)))).toEqual({
      id: 'alice',
      roles: ['member'],
      team: 'red',
    });
  });

  it.each([
    ['no token', async () => request()],
    ['no JWT', async () => sent('abc')],
    ['another scheme', async () => request({ headers: { authorization: 'Basic dTpw' } })],
    ['an expired token', async () => sent(await token({ expires: '-1h' }).sign(secretKey))],
    ['another audience', async () => sent(await token({ audience: 'mail' }).sign(secretKey))],
    ['another secret', async () => sent(await token().sign(new Uint8Array(32)))],
    ['a token that is cut', async () => sent((await token().sign(secretKey)).slice(0, -2))],
    [
      'no signature',
      async () =>
        sent(
          new UnsecuredJWT({})
            .setSubject('alice')
            .setIssuer(OPTIONS.issuer)
            .setAudience('files')
            .setExpirationTime('1h')
            .encode(),
        ),
    ],
    [
      'a token that never expires',
      async () =>
        sent(
          await new SignJWT({ sub: 'alice', iss: OPTIONS.issuer, aud: 'files' })
            .setProtectedHeader({ alg: 'HS256' })
            .sign(secretKey),
        ),
    ],
  ])('answers 401 for %s', async (_what, make) => {
    expect(await rejection(authenticate(await make()))).toMatchObject({
      reason: 'unauthorized',
      status: 401,
      message: 'Unauthorized: A valid token is required.',
    });
  });
});

describe('the example of JWT with published keys', () => {
  const pair = generateKeyPair('ES256');
  const publish = async (): Promise<string> => {
    const jwk = await exportJWK((await pair).publicKey);
    return JSON.stringify({ keys: [{ ...jwk, alg: 'ES256', kid: 'k1' }] });
  };
  const server = createServer((_req, res) => {
    publish().then(
      (keys) => res.end(keys),
      (error: Error) => res.destroy(error),
    );
  });
  let url: string;

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  });

  afterAll(() => void server.close());

  const signed = async () =>
    token({ header: { alg: 'ES256', kid: 'k1' } }).sign((await pair).privateKey);

  it('knows the principal of a token that one of them signed', async () => {
    expect(await publishedKeys(url, OPTIONS)(sent(await signed()))).toMatchObject({ id: 'alice' });
  });

  it('answers 401 for a token signed with what is public, as if it were a secret', async () => {
    const shared = new TextEncoder().encode(await exportSPKI((await pair).publicKey));
    const guess = await token().sign(shared);
    expect(await rejection(publishedKeys(url, OPTIONS)(sent(guess)))).toMatchObject({
      status: 401,
    });
  });

  it('does not call a token wrong while the keys cannot be had', async () => {
    const nowhere = publishedKeys('http://127.0.0.1:1/jwks.json', OPTIONS);
    expect(await rejection(nowhere(sent(await signed())))).not.toHaveProperty('status');
  });
});

describe('the examples of audit', () => {
  it('choose a pino level by the outcome', () => {
    const lines: unknown[] = [];
    const at = (level: string) => (_fields: unknown, message?: string) =>
      void lines.push([level, message]);
    const audit = auditPino({ info: at('info'), warn: at('warn'), error: at('error') });
    for (const status of [200, 403, 503]) audit(auditEvent({ status }));
    audit(auditEvent({ complete: false }));
    expect(lines).toEqual([
      ['info', 'GET 200'],
      ['warn', 'GET 403'],
      ['error', 'GET 503'],
      ['error', 'GET 200'],
    ]);
  });

  it('store a row, and reject when it could not be stored', async () => {
    const rows: AuditRow[] = [];
    await auditDatabase(async (row) => rows.push(row))(auditEvent({ bytesIn: 5 }));
    expect(rows).toEqual([
      {
        time: new Date('2026-02-10T14:30:00Z'),
        requestId: 'r1',
        userId: 'alice',
        verb: 'GET',
        path: 'docs/a.txt',
        status: 200,
        reason: null,
        bytes: 15,
        access: '[{"action":"read","path":"docs/a.txt","verb":"GET","operation":"read"}]',
      },
    ]);
    const full = new Error('disk full');
    expect(await rejection(auditDatabase(() => Promise.reject(full))(auditEvent()))).toBe(full);
  });

  it('make a span with the times of the request', async () => {
    const spans: unknown[] = [];
    const tracer = {
      startSpan: (name: string, options: { startTime: number }) => {
        const span = { name, startTime: options.startTime, status: 0, endTime: 0 };
        spans.push(span);
        return {
          setStatus: ({ code }: { code: number }) => void (span.status = code),
          end: (endTime: number) => void (span.endTime = endTime),
        };
      },
    };
    const startTime = Date.parse('2026-02-10T14:30:00Z');
    await traceRequests(tracer)(auditEvent());
    await traceRequests(tracer)(auditEvent({ status: 503, operation: null }));
    expect(spans).toEqual([
      { name: 'read', startTime, status: 0, endTime: startTime + 3 },
      { name: 'GET', startTime, status: 2, endTime: startTime + 3 },
    ]);
  });
});
