// What `check()` says of a set-up that does not work: each fault has its own advice, both ways of travelling.
import { createServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import debug from 'debug';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { allowAll, createFileService } from '../../../src/index.ts';
import type { FileService, FileServiceConfig, Finding } from '../../../src/index.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { freePort } from '../../support/free-port.ts';
import { storeConfig } from '../../support/service.ts';
import { doubleStore } from '../../support/stores.ts';

const DAY_MS = 86_400_000;
const undo: (() => void | Promise<unknown>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const one of undo.splice(0)) await one();
});

const listen = async (server: Server | HttpServer): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => void server.close());
  return (server.address() as AddressInfo).port;
};
const serviceWith = (config: Partial<FileServiceConfig>): FileService => {
  const files = createFileService({
    bucket: 'acme',
    region: 'us-east-1',
    usePathStyleEndpoint: true,
    key: 'testaccess',
    secret: 'testsecretkey',
    authorize: allowAll,
    timeouts: { connectMs: 1000, requestMs: 2000 },
    ...config,
  });
  undo.push(() => files.close());
  return files;
};
/** What is wrong, without what could not be tried for it. */
const faultsOf = async (config: Partial<FileServiceConfig>): Promise<readonly Finding[]> =>
  (await serviceWith(config).check()).findings.filter(({ ok, advice }) => !ok && advice !== null);

const answering =
  (status: number, type: string, body: string): RequestListener =>
  (_, res) =>
    void res.writeHead(status, { 'Content-Type': type }).end(body);
const own = makeCertificate(['127.0.0.1']);
const past = makeCertificate(['127.0.0.1'], {
  from: new Date(Date.now() - 2 * DAY_MS),
  until: new Date(Date.now() - DAY_MS),
});
const page = answering(200, 'text/html', '<!doctype html><title>Console</title>');
const html = '<html><body>The plain HTTP request was sent to HTTPS port</body></html>';
const secured = (certificate: object): Server => createTlsServer(certificate, page);

/** What stands at the endpoint, the scheme that the host wrote, and what the advice has to say. */
const CONNECTIONS: Readonly<Record<string, readonly [() => Server, string, RegExp]>> = {
  'a certificate that has expired': [() => secured(past), 'https', /has expired/],
  'a certificate of nobody that is trusted': [() => secured(own), 'https', /NODE_EXTRA_CA_CERTS/],
  'plain HTTP where https was written': [() => createServer(page), 'https', /another protocol/],
  'TLS where http was written': [() => secured(own), 'http', /"https" in "endpoint"/],
  'TLS behind nginx where http was written': [
    () => createServer(answering(400, 'text/html', html)),
    'http',
    /write "https" in "endpoint"/,
  ],
  'TLS in Go where http was written': [
    () =>
      createTcpServer((socket) =>
        socket.end(
          'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.',
        ),
      ),
    'http',
    /write "https" in "endpoint"/,
  ],
  'another protocol': [
    () => createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')),
    'http',
    /another protocol/,
  ],
  'the page of a console': [() => createServer(page), 'http', /not S3/],
  'a web server that has no such page': [
    () => createServer(answering(404, 'text/html', '<h1>Not Found</h1>')),
    'http',
    /not S3/,
  ],
  'a web server that wants to know who asks': [
    () => createServer(answering(401, 'text/plain', 'Unauthorized')),
    'http',
    /not S3/,
  ],
};

describe.each([
  ['directly', true],
  ['by the SDK', false],
])('check, %s', (_, leanCalls) => {
  it.each(Object.entries(CONNECTIONS))('finds %s', async (_what, [serve, scheme, advice]) => {
    const endpoint = `${scheme}://127.0.0.1:${await listen(serve())}`;
    expect(await faultsOf({ endpoint, leanCalls })).toMatchObject([
      { name: 'connection', advice: expect.stringMatching(advice) },
    ]);
  });

  it('finds a name that does not resolve, and a port where nobody listens', async () => {
    const [name] = await faultsOf({ endpoint: 'http://storage.invalid', leanCalls });
    const [port] = await faultsOf({ endpoint: `http://127.0.0.1:${await freePort()}`, leanCalls });
    expect([name?.advice, port?.advice]).toEqual([
      // On a machine without a network there is no resolver to say so.
      expect.stringMatching(/does not resolve|resolver of host names does not answer/),
      expect.stringMatching(/Nothing listens/),
    ]);
  });

  it('tells a key that is not known from a secret that is wrong', async () => {
    const store = await doubleStore();
    undo.push(() => store.close());
    const given = { ...storeConfig(store), leanCalls };
    const key = await faultsOf({ ...given, key: 'AKIANOBODY' });
    const secret = await faultsOf({ ...given, secret: 'another' });
    expect([key, secret]).toMatchObject([
      [{ name: 'credentials', advice: expect.stringMatching(/does not know the access key id/) }],
      [{ name: 'credentials', advice: expect.stringMatching(/the signature is wrong.*"secret"/) }],
    ]);
  });

  it.each<[code: string, status: number, name: string, advice: RegExp]>([
    ['ExpiredToken', 400, 'credentials', /session has ended/],
    ['InvalidToken', 400, 'credentials', /"sessionToken"/],
    ['InvalidSecurity', 403, 'credentials', /HMAC/],
    ['UserSuspended', 403, 'credentials', /suspended/],
    ['InvalidRegionName', 400, 'region', /"auto"/],
    ['InvalidRegion', 400, 'region', /"region"/],
    ['AuthorizationHeaderMalformed', 400, 'region', /"region"/],
    ['SecondLevelDomainForbidden', 403, 'connection', /host name/],
    ['NoSuchBucket', 404, 'bucket', /spelling/],
    ['AccessDenied', 403, 'list', /s3:ListBucket/],
  ])('blames what %s speaks of', async (code, status, name, advice) => {
    const store = await doubleStore();
    undo.push(() => store.close());
    store.double.inject({ operation: 'ListObjectsV2', kind: 'status', status, code, times: 10 });
    expect(await faultsOf({ ...storeConfig(store), leanCalls })).toMatchObject([
      { name, advice: expect.stringMatching(advice) },
    ]);
  });

  it.each([
    ['KMS.NotFoundException', 400],
    ['KMS.DisabledException', 400],
    ['InvalidEncryptionAlgorithmError', 400],
  ])('names the encryption that storage refuses by %s', async (code, status) => {
    const store = await doubleStore();
    undo.push(() => store.close());
    store.double.inject({ operation: 'PutObject', kind: 'status', status, code, times: 10 });
    const faults = await faultsOf({
      ...storeConfig(store),
      serverSideEncryption: 'aws:kms',
      leanCalls,
    });
    expect(faults.find(({ name }) => name === 'write')?.advice).toMatch(/serverSideEncryption/);
  });

  it('says that path style was forgotten, once it has tried both', async () => {
    const store = await doubleStore();
    undo.push(() => store.close());
    const given = { ...storeConfig(store), leanCalls, usePathStyleEndpoint: false };
    // `<bucket>.localhost` does not resolve, or to a place where nobody listens.
    const endpoint = store.endpoint.replace('127.0.0.1', 'localhost');
    expect(await faultsOf({ ...given, endpoint })).toMatchObject([
      { name: 'connection', advice: expect.stringMatching(/set "usePathStyleEndpoint" to true/) },
    ]);
    expect(store.double.calls.map(({ operation }) => operation)).toEqual(['ListObjectsV2']);
  });

  it('removes all the same, and says so, where a store has no batch deletion', async () => {
    const store = await doubleStore({ quirks: { batchDelete: 'missing-501' } });
    undo.push(() => store.close());
    const { ok, findings } = await serviceWith({ ...storeConfig(store), leanCalls }).check();
    expect([ok, findings.find(({ name }) => name === 'delete')]).toMatchObject([
      true,
      { ok: true, advice: expect.stringMatching(/one call a file/) },
    ]);
  });
});

describe('debug output', () => {
  it('tells one failure of a connection from another', async () => {
    const lines: string[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
      lines.push(String(line));
      return true;
    });
    undo.push(() => write.mockRestore());
    debug.enable('file-service:*');
    undo.push(() => void debug.disable());
    await faultsOf({ endpoint: 'http://storage.invalid' });
    await faultsOf({ endpoint: `https://127.0.0.1:${await listen(secured(past))}` });
    await faultsOf({ endpoint: `https://127.0.0.1:${await listen(secured(own))}` });
    const said = lines.join('');
    for (const code of [
      '(?:ENOTFOUND|EAI_AGAIN)',
      'CERT_HAS_EXPIRED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    ])
      expect(said).toMatch(new RegExp(`ListObjectsV2: unreachable - ${code}`));
  });
});

describe('a handshake that fails', () => {
  const ENDS: Readonly<Record<string, () => Server>> = {
    'for its certificate': () => secured(own),
    'for its protocol': () => createServer(page),
    'by a reset': () =>
      createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
    'by an end': () => createTcpServer((socket) => socket.once('data', () => socket.end())),
    'for HTTP/2 alone': () => createSecureServer({ ...own, allowHTTP1: false }),
  };

  it.each(
    Object.entries(ENDS).flatMap(([how, serve]) =>
      [true, false].map((lean) => [how, lean, serve] as const),
    ),
  )('leaves no doubt that nothing was stored: %s, directly: %s', async (_, leanCalls, serve) => {
    const endpoint = `https://127.0.0.1:${await listen(serve())}`;
    const files = serviceWith({ endpoint, leanCalls });
    const port = await listen(createServer(files));
    for (const body of ['small', 'x'.repeat(100_000)]) {
      const answer = await fetch(`http://127.0.0.1:${port}/a.txt`, { method: 'PUT', body });
      const { error } = (await answer.json()) as { error: { reason: string } };
      expect([answer.status, error.reason]).toEqual([503, 'storage_unavailable']);
    }
  });
});
