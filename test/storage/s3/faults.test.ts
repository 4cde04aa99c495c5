// What a client is told when storage is slow, out, misconfigured or talks nonsense.
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ClientAbort } from '../../../src/core/client-signal.ts';
import type { Bucket } from '../../../src/storage/bucket.ts';
import { s3Storage, type Storage, type StorageSettings } from '../../../src/storage/s3/storage.ts';
import {
  startDouble,
  type Double,
  type DoubleOptions,
  type Fault,
} from '../../support/double/index.ts';
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.ts';
import { blackHole, fin, reset, skew, stall, status } from '../../support/faults.ts';
import { freePort } from '../../support/free-port.ts';
import { until } from '../../support/until.ts';
import { settingsFor } from '../contract/given.ts';

interface Rig {
  readonly double: Double;
  readonly storage: Storage;
  readonly bucket: Bucket;
  readonly calls: string[];
}

const rigs: { close(): Promise<void> }[] = [];
afterAll(async () => {
  for (const rig of rigs) await rig.close();
});

const storeOf = (double: Double, endpoint = double.endpoint) => ({
  name: 'double' as const,
  endpoint,
  region: 'us-east-1',
  bucket: 'bucket',
  accessKeyId: 'testaccess',
  secretAccessKey: 'testsecretkey',
  close: () => double.close(),
});

const QUICK = { connectMs: 300, requestMs: 400, idleMs: 400 };

function open(storage: Storage, signal = new ClientAbort().signal) {
  const calls: string[] = [];
  return { bucket: storage.open('box/', { signal, onCall: (name) => calls.push(name) }), calls };
}

async function start(
  changes: Partial<StorageSettings> = {},
  options: DoubleOptions = {},
): Promise<Rig> {
  const double = await startDouble(options);
  const storage = s3Storage(settingsFor(storeOf(double), { timeouts: QUICK, ...changes }));
  rigs.push({
    async close() {
      await storage.close();
      await double.close();
    },
  });
  return { double, storage, ...open(storage) };
}

const OPERATIONS: Record<string, (bucket: Bucket) => Promise<unknown>> = {
  ListObjectsV2: (bucket) => bucket.list({ prefix: '', recursive: true }),
  HeadObject: (bucket) => bucket.stat('x'),
  DeleteObject: (bucket) => bucket.remove('x'),
  DeleteObjects: (bucket) => bucket.removeMany(['x', 'y']),
};
const EACH = Object.entries(OPERATIONS);

const UNAVAILABLE = {
  reason: 'storage_unavailable',
  status: 503,
  headers: { 'Retry-After': expect.stringMatching(/^([1-9]|[12]\d|30)$/) },
};

const always = (fault: Omit<Fault, 'times'>): Fault => ({ ...fault, times: Infinity });

describe('storage that is out', () => {
  it.each(EACH)('%s answers 503 within two seconds when nothing listens', async (_, ask) => {
    const storage = s3Storage(
      settingsFor({
        ...storeOf((await start()).double),
        endpoint: `http://127.0.0.1:${await freePort()}`,
      }),
    );
    const began = performance.now();
    await expect(ask(open(storage).bucket)).rejects.toMatchObject(UNAVAILABLE);
    expect(performance.now() - began).toBeLessThan(2000);
    await storage.close();
  });

  it('answers 503 when the name does not resolve', async () => {
    const { double } = await start();
    const endpoint = 'http://storage.invalid';
    const storage = s3Storage(settingsFor(storeOf(double, endpoint), { timeouts: QUICK }));
    await expect(open(storage).bucket.stat('x')).rejects.toMatchObject(UNAVAILABLE);
    await storage.close();
  });

  it.each(EACH)('%s answers 503 within its timeout when no answer comes', async (name, ask) => {
    const { double, storage, bucket, calls } = await start();
    double.inject(always({ kind: 'black-hole' }));
    const began = performance.now();
    await expect(ask(bucket)).rejects.toMatchObject(UNAVAILABLE);
    expect(performance.now() - began).toBeLessThan(QUICK.requestMs + 500);
    expect(calls).toEqual([name]);
    await until(() => storage.busySockets() === 0, { what: 'sockets to be freed' });
  });

  it('answers 503 within its timeout when a listing stops in the middle', async () => {
    const { double, storage, bucket } = await start();
    double.inject({ operation: 'ListObjectsV2', kind: 'stall', bytes: 50 });
    const began = performance.now();
    await expect(bucket.list({ prefix: '', recursive: true })).rejects.toMatchObject(UNAVAILABLE);
    expect(performance.now() - began).toBeLessThan(QUICK.requestMs + 500);
    await until(() => storage.busySockets() === 0, { what: 'sockets to be freed' });
  });

  it('settles a call at once when the client goes', async () => {
    const { double, storage } = await start();
    double.inject(always({ kind: 'black-hole' }));
    const leaving = new ClientAbort();
    const { bucket, calls } = open(storage, leaving.signal);
    const asked = bucket.list({ prefix: '', recursive: true });
    await until(() => calls.length === 1, { what: 'the call' });
    leaving.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    await until(() => storage.busySockets() === 0, { what: 'sockets to be freed' });
  });

  it('settles every call when it is closed', async () => {
    const { double, storage } = await start({ timeouts: { ...QUICK, requestMs: 60_000 } });
    double.inject(always({ kind: 'black-hole' }));
    const checked = storage.check('');
    await until(() => double.calls.length === 1, { what: 'the call' });
    await storage.close();
    expect((await checked)[0]).toMatchObject({ name: 'connection', ok: false });
  });
});

describe('sockets', () => {
  it('never opens more than allowed, and a queue for them is no outage', async () => {
    // The reads are held until they are let go: only the queue has a bound that can end before.
    const timeouts = { ...QUICK, requestMs: 60_000, idleMs: 60_000 };
    const { double, storage } = await start({ maxSockets: 2, timeouts });
    double.seed('bucket', 'box/x', 'x');
    const leaving = new ClientAbort();
    double.inject({ kind: 'black-hole', times: 2 });
    const held = [open(storage, leaving.signal), open(storage, leaving.signal)].map(({ bucket }) =>
      bucket.read('x').catch((error: unknown) => error),
    );
    await until(() => double.calls.length === 2, { what: 'both sockets to be taken' });
    const { bucket } = open(storage);
    const waiting = await Promise.allSettled(Array.from({ length: 20 }, () => bucket.stat('x')));
    expect(waiting.map(({ status: outcome }) => outcome)).toEqual(
      Array.from({ length: 20 }, () => 'rejected'),
    );
    expect(double.calls).toHaveLength(2);
    leaving.abort(new Error('gone'));
    await Promise.all(held);
    expect(await bucket.stat('x')).toMatchObject({ kind: 'found' });
  });

  it('gives up on a connection whose handshake never comes', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    // A TCP server's address is an object; only pipes have strings.
    const { port } = silent.address() as AddressInfo;
    const settings = settingsFor(storeOf((await start()).double, `https://127.0.0.1:${port}`), {
      timeouts: { connectMs: 200, requestMs: 10_000, idleMs: 10_000 },
    });
    const took: number[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const storage = s3Storage(settings);
      const began = performance.now();
      await expect(open(storage).bucket.read('x')).rejects.toMatchObject(UNAVAILABLE);
      took.push(performance.now() - began);
      await storage.close();
    }
    // A busy machine may stop all of us for a moment; none waits for the time of a request.
    expect(Math.min(...took)).toBeLessThan(700);
    expect(Math.max(...took)).toBeLessThan(5000);
    silent.close();
  });
});

describe('storage that is busy', () => {
  it.each(EACH)('%s is asked three times, and the third answer counts', async (name, ask) => {
    const { double, bucket, calls } = await start();
    double.seed('bucket', 'box/x', 'x');
    double.inject({ kind: 'status', status: 503, code: 'SlowDown', times: 2 });
    await expect(ask(bucket)).resolves.toBeDefined();
    expect(calls).toEqual([name, name, name]);
  });

  it.each([
    [503, 'SlowDown'],
    [500, 'InternalError'],
    [400, 'RequestTimeout'],
    [429, 'TooManyRequests'],
    [502, 'BadGateway'],
  ])('answers 503 after three attempts when it always answers %i %s', async (code, name) => {
    const { double, bucket, calls } = await start();
    double.inject(always({ kind: 'status', status: code, code: name }));
    const listed = bucket.list({ prefix: '', recursive: true });
    await expect(listed).rejects.toMatchObject(UNAVAILABLE);
    expect(calls).toHaveLength(3);
  });

  it.each(EACH)('%s survives a connection that is reset once', async (_, ask) => {
    const { double, bucket } = await start();
    double.seed('bucket', 'box/x', 'x');
    double.inject({ kind: 'reset' });
    await expect(ask(bucket)).resolves.toBeDefined();
  });
});

describe('storage that is misconfigured', () => {
  const DENIED = { reason: 'storage_access_denied', status: 403, headers: {} };

  it.each([
    [403, 'AccessDenied'],
    [403, 'InvalidAccessKeyId'],
    [403, 'SignatureDoesNotMatch'],
    [400, 'ExpiredToken'],
    [400, 'AuthorizationHeaderMalformed'],
    [301, 'PermanentRedirect'],
    [403, 'RequestTimeTooSkewed'],
  ])('answers 403 after one attempt to %i %s, in words of our own', async (code, name) => {
    for (const [operation, ask] of EACH) {
      const { double, bucket, calls } = await start({ leanCalls: false });
      double.inject(always({ kind: 'status', status: code, code: name }));
      await expect(ask(bucket)).rejects.toMatchObject({
        ...DENIED,
        message: 'Access Denied: Storage refused access to this service.',
      });
      expect(calls).toEqual([operation]);
    }
  });

  it('counts no key as removed that no document can name and storage refused', async () => {
    const { double, bucket } = await start();
    double.inject(always({ kind: 'status', status: 403, code: 'AccessDenied' }));
    const odd = 'odd \u0001';
    expect(await bucket.removeMany([odd])).toEqual({ failed: [odd], deleted: 0 });
  });

  it('asks nobody a second time what storage has refused', async () => {
    const { double, bucket, calls } = await start();
    double.inject(always({ kind: 'status', status: 403, code: 'AccessDenied' }));
    await expect(bucket.stat('x')).rejects.toMatchObject(DENIED);
    expect(calls).toEqual(['HeadObject']);
  });

  it.each(EACH)('%s answers 403 to a wrong secret', async (_, ask) => {
    const { bucket } = await start({
      credentials: { accessKeyId: 'testaccess', secretAccessKey: 'no' },
    });
    await expect(ask(bucket)).rejects.toMatchObject(DENIED);
  });

  it.each(EACH)('%s answers 403 to a wrong region', async (_, ask) => {
    const { bucket } = await start({ region: 'eu-north-1' });
    await expect(ask(bucket)).rejects.toMatchObject(DENIED);
  });

  it.each(EACH)('%s says that the bucket is missing, never the file', async (_, ask) => {
    const { bucket } = await start({ bucket: 'no-such-bucket' });
    await expect(ask(bucket)).rejects.toMatchObject({
      reason: 'storage_bucket_missing',
      status: 404,
    });
  });

  it('corrects its clock by itself', async () => {
    const { double } = await start({}, { now: () => Date.now() + 3_600_000 });
    const proxy = await startFaultProxy({ target: double.endpoint });
    proxy.fail({ fault: skew(3600) });
    const storage = s3Storage(settingsFor(storeOf(double, proxy.endpoint)));
    rigs.unshift({
      async close() {
        await storage.close();
        await proxy.close();
      },
    });
    const { bucket, calls } = open(storage);
    expect(await bucket.list({ prefix: '', recursive: true })).toMatchObject({ files: [] });
    // Before and after the correction, which every later call knows.
    expect(calls).toEqual(['ListObjectsV2', 'ListObjectsV2']);
    await bucket.list({ prefix: '', recursive: true });
    expect(calls).toHaveLength(3);
  });

  it('creates the bucket once when told to', async () => {
    const { double, bucket, storage } = await start(
      { createBucket: true, bucket: 'new-one', region: 'eu-north-1' },
      { region: 'eu-north-1' },
    );
    await Promise.all(Array.from({ length: 5 }, () => open(storage).bucket.stat('x')));
    expect(await bucket.stat('x')).toEqual({ kind: 'missing' });
    expect(double.calls.filter(({ operation }) => operation === 'CreateBucket')).toHaveLength(1);
  });
});

describe('storage that talks nonsense', () => {
  const NONSENSE = { reason: 'storage_failed', status: 502 };
  const listing = (inside: string) =>
    `<?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated>${inside}</ListBucketResult>`;
  const entities = Array.from({ length: 12 }, (_, level) =>
    level === 0 ? '<!ENTITY a0 "lol">' : `<!ENTITY a${level} "${`&a${level - 1};`.repeat(10)}">`,
  );

  it.each([
    ['what is no XML', 'not XML at all <'],
    ['an unfinished document', '<?xml version="1.0"?><ListBucketResult><Contents><Key>a'],
    ['a page that goes on nowhere', listing('')],
    ['a page that goes on at itself', listing('<NextContinuationToken>t</NextContinuationToken>')],
    ['a file without a name', listing('<Contents><Size>1</Size></Contents>')],
    ['a file without a size', listing('<Contents><Key>box/a</Key></Contents>')],
    [
      'a file that was not asked for',
      listing('<Contents><Key>else/a</Key><Size>1</Size></Contents>'),
    ],
    [
      'a document that grows',
      `<?xml version="1.0"?><!DOCTYPE x [${entities.join('')}]><ListBucketResult><Name>&a11;</Name><IsTruncated>true</IsTruncated></ListBucketResult>`,
    ],
  ])('answers 502 to %s', async (_, body) => {
    const { double, bucket } = await start({ timeouts: { ...QUICK, requestMs: 10_000 } });
    double.inject(always({ operation: 'ListObjectsV2', kind: 'malformed', body }));
    const asked = bucket.list({ prefix: '', recursive: true, after: 't' });
    await expect(asked).rejects.toMatchObject(NONSENSE);
  });

  it('reads no answer that is larger than any listing can be', async () => {
    const { double, bucket } = await start({ timeouts: { ...QUICK, requestMs: 10_000 } });
    const many = '<Name>a</Name>'.repeat(1_000_000);
    const body = `<ListBucketResult>${many}<IsTruncated>false</IsTruncated></ListBucketResult>`;
    double.inject(always({ operation: 'ListObjectsV2', kind: 'malformed', body }));
    await expect(bucket.list({ prefix: '', recursive: true })).rejects.toMatchObject({
      ...NONSENSE,
      message: 'Bad Gateway: Storage gave an answer without end.',
    });
  });

  it('answers 503 to an error page of something in between', async () => {
    const { double, bucket } = await start();
    double.inject(always({ kind: 'status', status: 502, code: '<html>' }));
    const asked = bucket.list({ prefix: '', recursive: true });
    await expect(asked).rejects.toMatchObject(UNAVAILABLE);
  });

  it('lists a thousand keys full of escapes', async () => {
    const { double, bucket } = await start({ timeouts: { ...QUICK, requestMs: 10_000 } });
    const key = (index: number) => `${index}-${'&<>"\''.repeat(100)}`;
    for (let index = 0; index < 1000; index += 1) double.seed('bucket', `box/${key(index)}`, '');
    const page = await bucket.list({ prefix: '', recursive: true });
    expect(page.files.map((file) => file.key).sort()).toEqual(
      Array.from({ length: 1000 }, (_, index) => key(index)).sort(),
    );
  });

  it('names the files that storage refused to remove', async () => {
    const { double, bucket } = await start();
    const keys = ['a', 'b', 'c', 'd'];
    for (const key of keys) double.seed('bucket', `box/${key}`, '');
    double.inject({
      operation: 'DeleteObject:inBatch',
      key: /[bc]$/,
      kind: 'status',
      status: 403,
      code: 'AccessDenied',
      times: 2,
    });
    expect(await bucket.removeMany(keys)).toEqual({ failed: ['b', 'c'], deleted: 2 });
    expect([...double.objects('bucket').keys()]).toEqual(['box/b', 'box/c']);
  });

  it('does not take half an answer about removed files for a whole one', async () => {
    const { double, bucket } = await start();
    double.inject(always({ operation: 'DeleteObjects', kind: 'malformed', body: '<DeleteRes' }));
    await expect(bucket.removeMany(['a'])).rejects.toMatchObject(NONSENSE);
  });
});

describe('storage behind a proxy that fails', () => {
  let double: Double;
  let proxy: FaultProxy;
  let storage: Storage;

  beforeAll(async () => {
    double = await startDouble();
    double.seed('bucket', 'box/x', 'x');
    proxy = await startFaultProxy({ target: double.endpoint, seed: 7 });
    storage = s3Storage(settingsFor(storeOf(double, proxy.endpoint), { timeouts: QUICK }));
  });
  afterEach(() => {
    proxy.heal();
    proxy.forget();
  });
  afterAll(async () => {
    await storage.close();
    await proxy.close();
    await double.close();
  });

  it.each([
    ['reset', reset(20)],
    ['ended', fin(20)],
    ['stalled', stall(20)],
  ])('answers 503 when every listing is %s in the middle', async (_, fault) => {
    proxy.fail({ operation: 'ListObjectsV2', fault });
    const asked = open(storage).bucket.list({ prefix: '', recursive: true });
    await expect(asked).rejects.toMatchObject({ status: expect.toBeOneOf([502, 503]) });
    await open(storage).bucket.stat('x');
  });

  it('answers 99 of 100 while a fifth of the calls fail, with at most 1.3 calls each', async () => {
    // Three attempts leave 0.8 % in the mean. One after the other, so that the seed alone decides.
    const unsteady = await startFaultProxy({ target: double.endpoint, seed: 7 });
    unsteady.fail({ fault: status(503, 'SlowDown'), probability: 0.2 });
    const settings = settingsFor(storeOf(double, unsteady.endpoint), { timeouts: QUICK });
    const shaken = s3Storage(settings);
    const { bucket } = open(shaken);
    const asked = 500;
    let failed = 0;
    for (let count = 0; count < asked; count += 1) {
      await bucket.stat('x').catch(() => (failed += 1));
    }
    expect(failed).toBeLessThanOrEqual(asked / 100);
    expect(unsteady.calls.length).toBeLessThanOrEqual(asked * 1.3);
    // The faults were there.
    expect(unsteady.calls.length).toBeGreaterThan(asked * 1.1);
    await shaken.close();
    await unsteady.close();
  });

  it('answers an outage at once, asks once a second, and recovers by itself', async () => {
    const { bucket } = open(storage);
    const look = () => bucket.list({ prefix: '', recursive: true });
    // The connection breaks before the answer's first byte of content.
    proxy.fail({ fault: reset(0) });
    const began = performance.now();
    let requests = 0;
    const waits: number[] = [];
    // A hundred requests a second for three seconds.
    await until(
      async () => {
        const asked = performance.now();
        requests += 1;
        await expect(look()).rejects.toMatchObject(UNAVAILABLE);
        // The first ones meet the outage; after them nobody waits.
        if (requests > 5) waits.push(performance.now() - asked);
        return performance.now() - began > 3000;
      },
      { what: 'three seconds of outage' },
    );
    expect(requests).toBeGreaterThan(100);
    const inOrder = waits.toSorted((one, other) => one - other);
    // Whoever does not ask storage is answered at once; who does, long before a time-out, whatever the machine does.
    expect(inOrder[inOrder.length - 1 - proxy.calls.length]).toBeLessThan(50);
    expect(inOrder.at(-1)).toBeLessThan(400);
    expect(proxy.calls.length).toBeLessThanOrEqual(5 + 4);

    proxy.heal();
    const healed = performance.now();
    await until(() => look().catch(() => false), { what: 'recovery' });
    expect(performance.now() - healed).toBeLessThan(2000);
    for (let index = 0; index < 20; index += 1) await look();
  });

  it('opens when a store stops answering, and frees every socket', async () => {
    proxy.fail({ fault: blackHole() });
    const { bucket } = open(storage);
    const look = () => bucket.list({ prefix: '', recursive: true });
    const answers = await Promise.allSettled(Array.from({ length: 200 }, () => look()));
    expect(answers.every((answer) => answer.status === 'rejected')).toBe(true);
    await until(() => storage.busySockets() === 0, { what: 'sockets to be freed' });
    proxy.heal();
    await until(() => look().catch(() => false), { what: 'recovery' });
  });
});

describe('sign', () => {
  it('signs for the public endpoint', async () => {
    const { bucket } = await start({ publicEndpoint: 'https://files.example.com' });
    const { url } = await bucket.sign({ kind: 'read', key: 'a b', expiresSeconds: 60 });
    expect(url).toMatch(/^https:\/\/files\.example\.com\/bucket\/box\/a%20b\?.*X-Amz-Expires=60&/);
    expect(url).not.toMatch(/checksum|crc32/i);
  });

  it('signs for no longer than its session lives', async () => {
    const credentials = async () => ({
      accessKeyId: 'testaccess',
      secretAccessKey: 'testsecretkey',
      sessionToken: 'token',
      expiration: new Date(Date.now() + 600_500),
    });
    const { bucket } = await start({ credentials });
    const { url } = await bucket.sign({ kind: 'read', key: 'x', expiresSeconds: 3600 });
    expect(Number(new URL(url).searchParams.get('X-Amz-Expires'))).toBeOneOf([599, 600]);
  });

  it('answers 403 when its session has ended', async () => {
    const credentials = async () => ({
      accessKeyId: 'testaccess',
      secretAccessKey: 'testsecretkey',
      expiration: new Date(Date.now() - 1000),
    });
    const { bucket } = await start({ credentials });
    const signed = bucket.sign({ kind: 'read', key: 'x', expiresSeconds: 3600 });
    await expect(signed).rejects.toMatchObject({ reason: 'storage_access_denied' });
  });

  it('binds an upload to the encryption and storage class of the service', async () => {
    const { bucket } = await start({
      serverSideEncryption: 'aws:kms',
      kmsKeyId: 'key-1',
      storageClass: 'STANDARD_IA',
    });
    const { url, headers } = await bucket.sign({ kind: 'write', key: 'x', expiresSeconds: 60 });
    expect(headers).toEqual({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
      'x-amz-storage-class': 'STANDARD_IA',
    });
    expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe(
      'host;x-amz-server-side-encryption;x-amz-server-side-encryption-aws-kms-key-id;x-amz-storage-class',
    );
  });
});

describe('conditionalWrites', () => {
  it('is false on a store that ignores the condition, and says so once', async () => {
    const { bucket, double, storage } = await start({}, { conditionalWrites: false });
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    expect(await bucket.conditionalWrites()).toBe(false);
    const asked = double.calls.length;
    expect(await open(storage).bucket.conditionalWrites()).toBe(false);
    expect(double.calls).toHaveLength(asked);
    await until(() => warnings.length > 0, { what: 'the warning' });
    process.off('warning', onWarning);
    expect(warnings).toMatchObject([
      { name: 'FileServiceWarning', code: 'S3FILES_CONDITIONAL_WRITES' },
    ]);
    expect(double.objects('bucket').size).toBe(0);
  });

  it('asks again after an outage', async () => {
    const { bucket, double } = await start();
    double.inject(always({ kind: 'status', status: 503, code: 'SlowDown' }));
    await expect(bucket.conditionalWrites()).rejects.toMatchObject(UNAVAILABLE);
    double.clearFaults();
    await until(() => bucket.conditionalWrites().catch(() => false), { what: 'an answer' });
  });

  it('is asked of the store once, however many ask', async () => {
    const { double, storage } = await start();
    const asked = Array.from({ length: 10 }, () => open(storage).bucket.conditionalWrites());
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 10 }, () => true));
    expect(double.calls.filter(({ operation }) => operation === 'DeleteObject')).toHaveLength(1);
  });
});

describe('check', () => {
  const failures = async (storage: Storage) =>
    (await storage.check('box/')).filter(({ ok, advice }) => !ok && advice !== null);

  it.each([
    ['credentials', { credentials: { accessKeyId: 'nobody', secretAccessKey: 'x' } }, /"key"/],
    [
      'credentials',
      { credentials: { accessKeyId: 'testaccess', secretAccessKey: 'x' } },
      /"secret"/,
    ],
    ['region', { region: 'eu-north-1' }, /"region"/],
    ['bucket', { bucket: 'no-such-bucket' }, /spelling/],
    ['connection', { endpoint: 'http://storage.invalid' }, /network/],
  ])('blames %s', async (name, changes, advice) => {
    const { storage } = await start(changes);
    expect(await failures(storage)).toEqual([
      { name, ok: false, reason: expect.any(String), advice: expect.stringMatching(advice) },
    ]);
  });

  it.each([
    ['list', 'ListObjectsV2', /s3:ListBucket /],
    ['write', 'PutObject', /s3:PutObject /],
    ['read', 'GetObject', /s3:GetObject /],
    ['delete', 'DeleteObject', /s3:DeleteObject /],
    ['multipart', 'AbortMultipartUpload', /s3:AbortMultipartUpload /],
    ['multipart', 'ListMultipartUploads', /s3:ListBucketMultipartUploads/],
  ])('says that the right to %s is missing when %s is denied', async (name, operation, advice) => {
    const { storage, double } = await start();
    double.inject(always({ operation, kind: 'status', status: 403, code: 'AccessDenied' }));
    expect(await failures(storage)).toContainEqual({
      name,
      ok: false,
      reason: 'Storage refused access to this service.',
      advice: expect.stringMatching(advice),
    });
  });

  it('says that the store does not honour conditional writes', async () => {
    const { storage } = await start({}, { conditionalWrites: false });
    expect(await failures(storage)).toMatchObject([{ name: 'conditional-writes' }]);
  });
});
