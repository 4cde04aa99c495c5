// F: storage that refuses, stalls, breaks off, lies or talks nonsense, as a client of the service sees it.
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTrial, type Trial } from '../support/oracles.ts';
import {
  corrupt,
  blackHole,
  commitThenReset,
  early,
  fin,
  okThenErrorBody,
  reset,
  skew,
  status,
  type Fault,
} from '../support/faults.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { freePort } from '../support/free-port.ts';
import { chunked, rawRequest } from '../support/raw-request.ts';
import { MOUNT, startService, type Question } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

const MIB = 2 ** 20;
const ZIP = '/folder/?zip=true';

/** One question for every call of storage. */
const OPERATIONS: Record<string, Question> = {
  list: { path: '/' },
  head: { method: 'HEAD', path: '/f' },
  properties: { path: '/f?include_properties=true' },
  read: { path: '/f' },
  write: { method: 'PUT', path: '/f', body: 'new' },
  'write a stream': { method: 'PUT', path: '/f', body: 'new'.repeat(50_000) },
  'create a file': { method: 'POST', path: '/new', body: 'new' },
  'create a folder': { method: 'POST', path: '/', headers: { 'X-Folder-Name': 'made' } },
  patch: {
    method: 'PATCH',
    path: '/f',
    headers: { 'Content-Type': 'application/json' },
    body: '{"content_type":"text/css"}',
  },
  remove: { method: 'DELETE', path: '/f' },
  'remove unseen': { method: 'DELETE', path: '/f?no_check=true' },
  'remove a folder': { method: 'DELETE', path: '/folder/?force=true' },
  zip: { path: ZIP },
};
const EACH = Object.entries(OPERATIONS);

/** Those that begin with HeadObject. */
const LOOKS = new Set(['head', 'properties', 'patch', 'remove']);

/** The calls of a request, without the probe that a create makes once of a store. */
const callsOfRequest = (): number =>
  trial.proxy.calls.filter(({ key }) => !key.includes('.s3files/probe')).length;

const RETRY_AFTER = expect.stringMatching(/^([1-9]|[12]\d|30)$/);

let trial: Trial;

beforeAll(async () => {
  trial = await startTrial(await doubleStore());
});
afterEach(async () => {
  trial.proxy.heal();
  // The breaker closes at the first answer that its probe gets.
  await until(async () => (await trial.ask({ path: '/alive' })).status === 404, {
    what: 'the breaker to close',
    everyMs: 100,
  });
  await trial.verify();
});
afterAll(() => trial.close());

const seed = async (): Promise<void> => {
  await trial.put('f', 'the old version');
  await trial.put('folder/a', 'a');
  await trial.put('folder/b', 'b');
};

/** Asks under a fault; the answer and how long it took. */
async function under(fault: Fault, question: Question) {
  await seed();
  trial.proxy.fail({ fault });
  const began = performance.now();
  const answer = await trial.ask(question);
  return { answer, ms: performance.now() - began };
}

describe('F138 storage that nobody listens for', () => {
  it.each(EACH)('%s answers 503 within two seconds', async (_, question) => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const service = await startService({ ...trial.store, endpoint });
    const began = performance.now();
    const { status: got, headers } = await service.ask(question);
    expect([got, headers['retry-after']]).toEqual([503, RETRY_AFTER]);
    expect(performance.now() - began).toBeLessThan(2000);
    await service.close();
  });
});

describe('F139 storage that accepts and never answers', () => {
  it.each(EACH)('%s answers 503 within its timeout', async (_, question) => {
    const { answer, ms } = await under(blackHole(), question);
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, RETRY_AFTER]);
    expect(ms).toBeLessThan(1500 + 1000);
  });
});

describe('F140 storage that is busy for a moment', () => {
  it.each(EACH.filter(([name]) => !/write|create/.test(name)))(
    '%s succeeds at the third attempt',
    async (_, question) => {
      await seed();
      trial.proxy.fail({ times: 2, fault: status(503, 'SlowDown') });
      expect((await trial.ask(question)).status).toBe(200);
    },
  );
});

describe.each([
  ['SlowDown', status(503, 'SlowDown')],
  ['InternalError', status(500, 'InternalError')],
  ['RequestTimeout', status(400, 'RequestTimeout')],
  ['TooManyRequests', status(429, 'TooManyRequests')],
])('F141 storage that always says %s', (code, fault) => {
  // S3 says RequestTimeout of bodies only; a HEAD's answer has no room for the word.
  const asking = code === 'RequestTimeout' ? EACH.filter(([name]) => !LOOKS.has(name)) : EACH;
  it.each(asking)('%s answers 503', async (name, question) => {
    const { answer } = await under(fault, question);
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, RETRY_AFTER]);
    const puts = trial.calls().filter((operation) => operation === 'PutObject');
    // What is in memory can be sent again, a stream cannot.
    if (name === 'write') expect(puts.length).toBeLessThanOrEqual(3);
    if (name === 'write a stream') expect(puts).toHaveLength(1);
    // The first create asks the store whether it can: four racers, and their file removed.
    expect(callsOfRequest()).toBeLessThanOrEqual(4);
  });
});

describe.each([
  ['InvalidAccessKeyId', status(403, 'InvalidAccessKeyId'), 403, 'storage_access_denied'],
  ['SignatureDoesNotMatch', status(403, 'SignatureDoesNotMatch'), 403, 'storage_access_denied'],
  ['ExpiredToken', status(400, 'ExpiredToken'), 403, 'storage_access_denied'],
  ['AccessDenied', status(403, 'AccessDenied'), 403, 'storage_access_denied'],
  ['PermanentRedirect', status(301, 'PermanentRedirect'), 403, 'storage_access_denied'],
  [
    'AuthorizationHeaderMalformed',
    status(400, 'AuthorizationHeaderMalformed'),
    403,
    'storage_access_denied',
  ],
  ['NoSuchBucket', status(404, 'NoSuchBucket'), 404, 'storage_bucket_missing'],
])('F142 storage that says %s', (_, fault, code, reason) => {
  it.each(EACH)('%s says so, and nothing else', async (name, question) => {
    const { answer } = await under(fault, question);
    expect(answer.status).toBe(code);
    expect(answer.headers['retry-after']).toBeUndefined();
    if (name !== 'head') expect(answer.json()).toMatchObject({ error: { code, reason } });
    // A folder is made after a look; a HEAD asks for the bucket.
    expect(callsOfRequest()).toBeLessThanOrEqual(3);
  });
});

describe('F144 a clock that is an hour behind', () => {
  it.each(EACH)('does not keep %s from succeeding', async (_, question) => {
    const store = await doubleStore({ now: () => Date.now() + 3_600_000 });
    for (const key of ['f', 'folder/a', 'folder/b']) store.double.seed(store.bucket, key, key);
    const proxy = await startFaultProxy({ target: store.endpoint });
    // It answers what is signed in the past as S3 does, with the Date of storage.
    proxy.fail({ fault: skew(3600) });
    const service = await startService({ ...store, endpoint: proxy.endpoint });
    const first = await service.ask(question);
    // A body that streams cannot be sent again; from then on the clock is known.
    const isStream = first.status === 403 && question.body !== undefined;
    const answer = isStream ? await service.ask(question) : first;
    expect(answer.status).toBeLessThan(300);
    await service.close();
    await proxy.close();
    await store.close();
  });
});

describe('F145 storage that breaks off in the middle', () => {
  const big = Buffer.alloc(8 * MIB, 'big');

  it.each([
    ['reset', reset(MIB)],
    ['fin', fin(MIB)],
  ])('a file that can be had again after %s arrives whole', async (_, fault) => {
    await trial.put('big', big);
    trial.proxy.fail({ operation: 'GetObject', times: 1, fault });
    expect((await trial.ask({ path: '/big' })).body.equals(big)).toBe(true);
  });

  it.each([
    ['a file, reset', '/big', 'GetObject', reset(MIB)],
    ['a file, fin', '/big', 'GetObject', fin(MIB)],
    ['a zip, reset', '/bigs/?zip=true', 'GetObject', reset(MIB)],
    ['a zip, fin', '/bigs/?zip=true', 'GetObject', fin(MIB)],
  ])('%s never ends well', async (_, target, operation, fault) => {
    await trial.put('big', big);
    await trial.put('bigs/one', big);
    trial.proxy.fail({ operation, times: 1, fault });
    // Not even the rest can be had.
    trial.proxy.fail({ operation, fault: reset(0) });
    const before = trial.service.audit.length;
    const answer = await trial.rawAsk({ target }, { timeoutMs: 10_000 });
    expect(answer.status).toBe(200);
    expect(['fin', 'reset']).toContain(answer.ended);
    expect(answer.body.length).toBeLessThan(big.length);
    expect(answer.finalChunk ?? false).toBe(false);
    await until(() => trial.service.audit.length > before, { what: 'the event' });
    expect(trial.service.audit[before]).toMatchObject({
      complete: false,
      reason: 'storage_unavailable',
    });
  });

  it('a listing of three pages breaks off when the third page is refused', async () => {
    const { store } = trial;
    for (let n = 0; n < 2100; n += 1)
      (store as Awaited<ReturnType<typeof doubleStore>>).double.seed(
        store.bucket,
        `tenant1/many/${n}`,
        '',
      );
    trial.proxy.fail({ operation: 'ListObjectsV2', nth: 3, times: 5, fault: status(500, 'X') });
    const answer = await trial.rawAsk({ target: '/many/' });
    expect([answer.status, answer.finalChunk]).toEqual([200, false]);
    expect(['fin', 'reset']).toContain(answer.ended);
  });
});

describe('F147 storage that gives other bytes than it was given', () => {
  const digestOf = (bytes: Buffer) =>
    `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
  const store = (name: string, bytes: Buffer) =>
    trial.ask({
      method: 'PUT',
      path: `/${name}`,
      headers: { 'Repr-Digest': digestOf(bytes) },
      body: bytes,
    });

  it('never lets a large file look complete', async () => {
    const bytes = Buffer.alloc(MIB, 'digested');
    expect((await store('digested', bytes)).status).toBe(201);
    trial.proxy.fail({ operation: 'GetObject', fault: corrupt(100) });
    const answer = await trial.rawAsk({ target: '/digested' }, { timeoutMs: 10_000 });
    expect(answer.status).toBe(200);
    expect(answer.body.length).toBeLessThan(bytes.length);
    expect(['fin', 'reset']).toContain(answer.ended);
    trial.proxy.heal();
    expect((await trial.ask({ path: '/digested' })).body.equals(bytes)).toBe(true);
  });

  it('answers 502 instead of a small one', async () => {
    await store('small', Buffer.from('0123456789'.repeat(20)));
    trial.proxy.fail({ operation: 'GetObject', fault: corrupt(100) });
    const answer = await trial.ask({ path: '/small' });
    expect([answer.status, answer.json()]).toEqual([
      502,
      { error: expect.objectContaining({ reason: 'storage_failed' }) },
    ]);
  });

  it('checks no part, of which the digest says nothing', async () => {
    await store('part', Buffer.from('0123456789'.repeat(20)));
    const answer = await trial.ask({ path: '/part', headers: { Range: 'bytes=10-19' } });
    expect([answer.status, answer.text]).toEqual([206, '0123456789']);
  });
});

describe('F148 storage that answers before it has the body', () => {
  it.each([
    ['403', early(403, 'AccessDenied'), 403],
    ['503', early(503, 'SlowDown'), 503],
    ['403 and hangs up', early(403, 'AccessDenied', { close: true }), 403],
  ])('%s is told within a second while the body flows', async (_, fault, expected) => {
    trial.proxy.fail({ operation: 'PutObject', fault });
    const connection = await trial.connect();
    const headers = { 'Content-Length': `${8 * MIB}` };
    connection.send(rawRequest({ method: 'PUT', target: `${MOUNT}/early`, headers }));
    connection.send(Buffer.alloc(MIB));
    const began = performance.now();
    const answer = await connection.response();
    expect(performance.now() - began).toBeLessThan(1500);
    // A store that hangs up with bytes unread resets the connection, now and then before its answer.
    expect([expected, 503]).toContain(answer.status);
    expect(answer.headers['connection']).toBe('close');
    connection.close();
    expect(await trial.etagOf('early')).toBeUndefined();
  });
});

describe('F149 a write that storage drops', () => {
  it.each([
    ['a whole write, reset', 'PutObject', reset(1000, 'request'), false],
    ['a whole write, 500', 'PutObject', status(500, 'InternalError'), false],
    ['the third part, reset', 'UploadPart', reset(1000, 'request'), true],
    ['the third part, 500', 'UploadPart', status(500, 'InternalError'), true],
    ['Complete, 500', 'CompleteMultipartUpload', status(500, 'InternalError'), true],
    [
      'Complete, 200 with an error',
      'CompleteMultipartUpload',
      okThenErrorBody('InternalError'),
      true,
    ],
    ['Create, 500', 'CreateMultipartUpload', status(500, 'InternalError'), true],
  ])('%s: 503, no object, no upload', async (_, operation, fault, byParts) => {
    const nth = operation === 'UploadPart' ? 3 : 1;
    trial.proxy.fail({ operation, nth, times: 20, fault });
    const bytes = Buffer.alloc((byParts ? 18 : 2) * MIB, 'w');
    const answer = await trial.rawAsk(
      {
        method: 'PUT',
        target: '/dropped',
        headers: byParts ? { 'Transfer-Encoding': 'chunked' } : {},
        body: byParts ? chunked(bytes) : bytes,
      },
      { timeoutMs: 10_000 },
    );
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      error: { reason: expect.stringMatching(/^storage_(unavailable|outcome_unknown)$/) },
    });
    expect(await trial.etagOf('dropped')).toBeUndefined();
  });

  it('F150 aborts an upload until storage agrees', async () => {
    trial.proxy.fail({ operation: 'UploadPart', times: 20, fault: status(500, 'InternalError') });
    trial.proxy.fail({
      operation: 'AbortMultipartUpload',
      times: 3,
      fault: status(503, 'SlowDown'),
    });
    const answer = await trial.rawAsk(
      {
        method: 'PUT',
        target: '/dropped',
        headers: { 'Transfer-Encoding': 'chunked' },
        body: chunked(Buffer.alloc(6 * MIB)),
      },
      { timeoutMs: 10_000 },
    );
    expect(answer.status).toBe(503);
    await until(async () => (await trial.uploads()).length === 0, {
      what: 'the abort to land',
      deadlineMs: 15_000,
      everyMs: 100,
    });
  });

  it('F150 leaves to the sweeper what storage never lets go', async () => {
    trial.proxy.fail({ operation: 'UploadPart', times: 20, fault: status(500, 'InternalError') });
    trial.proxy.fail({ operation: 'AbortMultipartUpload', fault: status(503, 'SlowDown') });
    await trial.rawAsk(
      {
        method: 'PUT',
        target: '/dropped',
        headers: { 'Transfer-Encoding': 'chunked' },
        body: chunked(Buffer.alloc(6 * MIB)),
      },
      { timeoutMs: 10_000 },
    );
    expect((await trial.uploads()).length).toBeGreaterThan(0);
    trial.proxy.heal();
    await until(
      async () => {
        await trial.service.files.sweep({ olderThanSeconds: 0 });
        return (await trial.uploads()).length === 0;
      },
      { what: 'the sweep', everyMs: 200 },
    );
  });

  it.each([
    ['a small body', 'x'],
    ['a body of 1 MiB', 'x'.repeat(MIB)],
  ])('F151 recognises its own create when the answer was lost: %s', async (_, body) => {
    const path = `/lost-${body.length}`;
    trial.proxy.fail({ operation: 'PutObject', times: 1, fault: commitThenReset() });
    const answer = await trial.ask({ method: 'POST', path, body });
    if (answer.status !== 201)
      expect(answer.json()).toMatchObject({ error: { reason: 'storage_outcome_unknown' } });
    expect((await trial.ask({ path })).text).toBe(body);
  });
});

describe('F152 a folder of which storage keeps a part', () => {
  const fill = (): void => {
    const { store } = trial;
    for (let n = 0; n < 2500; n += 1)
      (store as Awaited<ReturnType<typeof doubleStore>>).double.seed(
        store.bucket,
        `tenant1/kept/${n}`,
        '',
      );
  };
  const remove = () => trial.ask({ method: 'DELETE', path: '/kept/?force=true' });

  it('is reported, and removed by asking again', async () => {
    fill();
    trial.proxy.fail({
      operation: 'DeleteObjects',
      nth: 2,
      times: 5,
      fault: status(503, 'SlowDown'),
    });
    const answer = await remove();
    expect([502, 503]).toContain(answer.status);
    trial.proxy.heal();
    expect((await remove()).status).toBe(200);
    expect((await trial.ask({ path: '/kept/' })).status).toBe(404);
  });

  it('is named file by file when storage refuses some', async () => {
    fill();
    const { double } = trial.store as Awaited<ReturnType<typeof doubleStore>>;
    double.inject({
      operation: 'DeleteObject:inBatch',
      key: /\/kept\/7$/,
      kind: 'status',
      status: 403,
      code: 'AccessDenied',
    });
    const answer = await remove();
    expect([answer.status, answer.json()]).toMatchObject([
      502,
      { error: { reason: 'partial_failure', context: { failed: ['kept/7'], deleted: 2499 } } },
    ]);
    expect((await remove()).status).toBe(200);
  });
});
