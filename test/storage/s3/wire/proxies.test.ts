// Storage behind a proxy, and with a certificate of a private authority: both ways of travelling, and signed URLs.
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { s3Storage, type StorageSettings } from '../../../../src/storage/s3/storage.ts';
import { ClientAbort } from '../../../../src/core/client-signal.ts';
import { makeCertificate } from '../../../support/certificate.ts';
import { startConnectProxy } from '../../../support/connect-proxy.ts';
import { freePort } from '../../../support/free-port.ts';
import { doubleStore } from '../../../support/stores.ts';
import { startTlsFront } from '../../../support/tls-front.ts';
import { WAYS, failureOf, withBucket } from '../aws/asked.ts';
import { settingsFor } from '../../contract/given.ts';

let store: Awaited<ReturnType<typeof doubleStore>>;
beforeEach(async () => {
  store = await doubleStore();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await store.close();
});

// Names that only the proxy knows.
const HOST = 's3.company.test';
const secureFront = () =>
  startTlsFront(store.double.port, makeCertificate([HOST, `${store.bucket}.${HOST}`]));

describe.each(WAYS)('calls that travel %s', (_, leanCalls) => {
  const settings = (changes: Partial<StorageSettings>): StorageSettings => ({
    ...settingsFor(store, { leanCalls }),
    ...changes,
  });

  /** Frequent and rare calls, small and large bodies, there and back. */
  const use = (given: StorageSettings) =>
    withBucket(given, async (bucket) => {
      const large = randomBytes(300_000);
      await bucket.write('small', Buffer.from('hello'), { length: 5 });
      const sent = Readable.from([large.subarray(0, 100_000), large.subarray(100_000)], {
        objectMode: false,
      });
      await bucket.write('large', sent, { length: large.length });
      const read = await bucket.read('large');
      const body = read.kind === 'found' ? read.body : Buffer.alloc(0);
      const bytes = body instanceof Readable ? Buffer.concat(await body.toArray()) : body;
      expect(large.equals(bytes)).toBe(true);
      expect(await bucket.copy({ from: 'small', to: 'copy' })).toMatchObject({ kind: 'copied' });
      expect(await bucket.removeMany(['small', 'large', 'copy'])).toMatchObject({ deleted: 3 });
    });

  it('go through the tunnel of HTTPS_PROXY, with its user', async () => {
    const front = await secureFront();
    const proxy = await startConnectProxy({ target: front, user: 'me:pass' });
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    await use(settings({ endpoint: `https://${HOST}`, ca: [front.ca] }));
    expect(new Set(proxy.passed.map(({ line }) => line))).toEqual(new Set([`CONNECT ${HOST}:443`]));
  });

  it('are relayed by HTTP_PROXY, which is told the whole URL', async () => {
    const proxy = await startConnectProxy({ target: store.double, user: 'me:pass' });
    vi.stubEnv('HTTP_PROXY', proxy.url);
    await use(settings({ endpoint: `http://${HOST}` }));
    const lines = proxy.passed.map(({ line }) => line.split('?', 1)[0]);
    expect(lines.length).toBeGreaterThanOrEqual(5);
    for (const line of lines) expect(line).toContain(` http://${HOST}/${store.bucket}`);
  });

  it('go past it where NO_PROXY names the host', async () => {
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${await freePort()}`);
    // This machine under an address that is not its own to a proxy.
    const endpoint = `http://0.0.0.0:${store.double.port}`;
    const stat = () => withBucket(settings({ endpoint }), (bucket) => failureOf(bucket.stat('x')));
    expect(await stat()).toMatchObject({ reason: 'storage_unavailable' });
    vi.stubEnv('NO_PROXY', '0.0.0.0');
    expect(await stat()).toBe('was answered');
    await use(settings({ endpoint }));
  });

  it.each([
    ['wants another password', { user: 'me:pass' }],
    ['refuses the host', { status: 403 }],
  ])('fail at once when the proxy %s, and check says that it was the proxy', async (_why, how) => {
    const front = await secureFront();
    const proxy = await startConnectProxy({ target: front, ...how });
    vi.stubEnv('HTTPS_PROXY', proxy.url.replace('me:pass', 'me:wrong'));
    const given = settings({ endpoint: `https://${HOST}`, ca: [front.ca] });
    const failure = await withBucket(given, (bucket) => failureOf(bucket.stat('x')));
    expect(failure).toMatchObject({ reason: 'storage_unavailable' });
    expect(store.double.calls).toEqual([]);
    const storage = s3Storage(given);
    const [connection] = await storage.check('');
    expect(connection).toMatchObject({
      name: 'connection',
      ok: false,
      advice: expect.stringContaining('HTTPS_PROXY'),
    });
    await storage.close();
  });

  it('fail with its name when the environment names no proxy but nonsense', async () => {
    vi.stubEnv('HTTPS_PROXY', 'socks5://proxy.test');
    const storage = s3Storage(settings({ endpoint: `https://${HOST}` }));
    const [connection] = await storage.check('');
    expect(connection).toMatchObject({ advice: expect.stringContaining('HTTPS_PROXY') });
    await storage.close();
  });

  it('have their turn one after the other when a proxy refuses, and wait for no socket', async () => {
    const proxy = await startConnectProxy({ target: store.double, status: 502 });
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    const given = settings({ endpoint: `https://${HOST}`, maxSockets: 1 });
    const failures = await withBucket(given, (bucket) =>
      Promise.all(['a', 'b', 'c', 'd'].map((key) => failureOf(bucket.stat(key)))),
    );
    const said = failures.map((failure) => (failure as Error).message);
    // After so many failures the breaker may say it of the others.
    expect(said.filter((text) => !/cannot be reached|out of service/.test(text))).toEqual([]);
  });

  it('open no more sockets through a proxy than they may', async () => {
    const front = await secureFront();
    const proxy = await startConnectProxy({ target: front });
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    const storage = s3Storage(
      settings({ endpoint: `https://${HOST}`, ca: [front.ca], maxSockets: 3 }),
    );
    const call = { signal: new ClientAbort().signal, onCall: () => undefined };
    const ask = (n: number) => failureOf(storage.open('', call).copy({ from: `${n}`, to: 'x' }));
    store.double.inject({ operation: 'HeadObject', kind: 'status', status: 404, delayMs: 20 });
    const asked = await Promise.all(Array.from({ length: 30 }, (__, n) => ask(n)));
    expect(new Set(asked)).toEqual(new Set(['was answered']));
    expect(proxy.passed.length).toBeLessThanOrEqual(leanCalls ? 6 : 3);
    await storage.close();
  });

  it('trust the authority that the host names, and nobody else', async () => {
    const front = await startTlsFront(store.double.port);
    const endpoint = `https://localhost:${front.port}`;
    await use(settings({ endpoint, ca: [front.ca] }));
    const other = makeCertificate(['localhost']).cert;
    for (const ca of [undefined, [other]]) {
      const failure = await withBucket(settings({ endpoint, ca }), (bucket) =>
        failureOf(bucket.copy({ from: 'a', to: 'b' })),
      );
      expect(failure).toMatchObject({ reason: 'storage_unavailable' });
    }
  });

  it('learn over TLS of a private authority whether signed writes are bound', async () => {
    const front = await startTlsFront(store.double.port);
    const given = settings({ endpoint: `https://localhost:${front.port}`, ca: [front.ca] });
    expect(await withBucket(given, (bucket) => bucket.signedWritesAreBound())).toBe(true);
    store.double.setQuirks({ unsignedHeaders: 'honoured' });
    expect(await withBucket(given, (bucket) => bucket.signedWritesAreBound())).toBe(false);
  });
});

it('an authority of storage is none of the rest of the process', async () => {
  const front = await startTlsFront(store.double.port);
  const settings = settingsFor(store, {
    endpoint: `https://localhost:${front.port}`,
    ca: [front.ca],
  });
  await withBucket(settings, (bucket) => bucket.stat('x'));
  await expect(fetch(`https://localhost:${front.port}/`)).rejects.toThrow('fetch failed');
});
