// A transport in a process of its own: what keeps one alive, and TLS, whose authorities are set at its start.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { openTransport } from '../../../../../src/storage/s3/wire/transport/open-transport.ts';
import { makeCertificate } from '../../../../support/certificate.ts';
import { answer, chunked, requests, say, serve } from '../../../../support/scripted-server.ts';
import { failure, given } from './contract/asking.ts';

// A busy machine needs seconds to start a process.
vi.setConfig({ testTimeout: 60_000 });

// Asks for the paths it is given, one after the other or AT_ONCE so many, and says what came; then it has nothing more
// to do.
const CODE = `
  import { createHash } from 'node:crypto';
  import { openTransport } from './src/storage/s3/wire/transport/open-transport.ts';
  const [origin, ...paths] = process.argv.slice(1);
  const atOnce = Number(process.env.AT_ONCE ?? 1);
  const transport = await openTransport(origin, { maxSockets: atOnce, timeouts: { connectMs: 5000 } });
  const contentOf = (flow, pauses) => new Promise((end, fail) => {
    const pieces = [];
    const data = (bytes) => {
      pieces.push(bytes);
      if (!pauses) return;
      flow.pause();
      setImmediate(() => flow.resume());
    };
    flow.start({ data, end: () => end(Buffer.concat(pieces)), fail });
  });
  const ask = async (target) => {
    const headers = [['host', 'test']];
    const request = { method: 'GET', target, headers, body: null, wholeBytes: 100, streamed: true, answerMs: 5000 };
    const { body } = await transport.send(request, new AbortController().signal);
    return body instanceof Uint8Array ? body : await contentOf(body, target.startsWith('/pauses'));
  };
  const left = [...paths];
  const askOn = async () => {
    for (let path = left.shift(); path !== undefined; path = left.shift()) {
      const said = await ask(path).catch((error) => error.code + ' ' + error.isSent);
      console.log(createHash('sha256').update(said).digest('hex'));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, askOn));
`;

const sha = (content: string): string =>
  createHash('sha256').update(content, 'latin1').digest('hex');

/** What the child printed, line by line; null when it did not end by itself. */
const run = async (
  origin: string,
  paths: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string[] | null> => {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', CODE, origin, ...paths],
    {
      cwd: fileURLToPath(new URL('../../../../..', import.meta.url)),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 40_000,
    },
  );
  const printed = text(child.stdout);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0 ? (await printed).trim().split('\n') : null;
};

describe('a process', () => {
  it('waits for an answer, and ends with sockets that nobody needs', async () => {
    const server = await serve(
      requests(({ socket }) => void setTimeout(() => say(socket, answer('late')), 100)),
    );
    expect(await run(server.origin, ['/1', '/2', '/3'])).toEqual(Array(3).fill(sha('late')));
    expect(server.sockets).toHaveLength(1);
  });
});

describe('a transport over TLS', () => {
  const LONG = Array.from({ length: 200_000 }, (_, n) => `${n}`).join(',');
  const options = makeCertificate(['localhost', 'storage.example', '127.0.0.1']);
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const trusting = { NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') };
  writeFileSync(trusting.NODE_EXTRA_CA_CERTS, options.cert);
  afterAll(() => rmSync(folder, { recursive: true }));

  const serveSecurely = async (more: object = {}) => {
    const secured = createServer({ ...options, ALPNProtocols: ['http/1.1'], ...more });
    // Whether the session of each socket was resumed.
    const resumed: boolean[] = [];
    secured.on('secureConnection', (socket) => resumed.push(socket.isSessionReused()));
    const server = await serve(
      requests(({ head, socket }) => {
        if (head.includes('chunks')) say(socket, chunked([LONG.slice(0, 77_777), LONG]));
        else if (head.includes('close')) say(socket, answer('bye', 200, 'Connection: close\r\n'));
        else say(socket, answer(head.includes('long') ? LONG : 'short'));
      }),
      secured,
    );
    return { ...server, resumed };
  };

  it('carries one answer after another over one socket', async () => {
    const server = await serveSecurely();
    const paths = ['/short', '/long', '/chunks', '/pauses/long', '/pauses/chunks', '/short'];
    const chunks = sha(LONG.slice(0, 77_777) + LONG);
    expect(await run(server.origin, paths, trusting)).toEqual([
      sha('short'),
      sha(LONG),
      chunks,
      sha(LONG),
      chunks,
      sha('short'),
    ]);
    expect(server.sockets).toHaveLength(1);
    expect(server.sockets[0]).toMatchObject({ servername: 'localhost', alpnProtocol: 'http/1.1' });
  });

  it('carries all over the same sockets while many are busy', async () => {
    const server = await serveSecurely();
    const paths = Array.from({ length: 2000 }, () => '/short');
    const env = { ...trusting, AT_ONCE: '16' };
    expect(await run(server.origin, paths, env)).toEqual(paths.map(() => sha('short')));
    expect(server.sockets.length).toBeLessThanOrEqual(16);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('resumes its sessions (%s)', async (maxVersion) => {
    const server = await serveSecurely({ maxVersion });
    const paths = ['/close/1', '/close/2', '/close/3', '/close/4'];
    expect(await run(server.origin, paths, trusting)).toEqual(paths.map(() => sha('bye')));
    expect(server.resumed).toEqual([false, true, true, true]);
  });

  it('goes to an address, which is no name', async () => {
    const server = await serveSecurely();
    const origin = `https://127.0.0.1:${server.port}`;
    expect(await run(origin, ['/short'], trusting)).toEqual([sha('short')]);
    expect(server.sockets[0]).toMatchObject({ servername: false });
  });

  it('sends nothing where nobody vouches for the certificate', async () => {
    const transport = await given(openTransport, (await serveSecurely()).origin);
    expect(await failure(transport.begin())).toEqual({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      isSent: false,
    });
    expect(transport.busySockets()).toBe(0);
  });

  it('sends nothing where the certificate is for another name', async () => {
    const other = makeCertificate(['other.example']);
    const secured = await serveSecurely(other);
    writeFileSync(join(folder, 'other.pem'), other.cert);
    const env = { NODE_EXTRA_CA_CERTS: join(folder, 'other.pem') };
    expect(await run(secured.origin, ['/short'], env)).toEqual([
      sha('ERR_TLS_CERT_ALTNAME_INVALID false'),
    ]);
  });

  describe('through a proxy of the environment', () => {
    /** A proxy that connects whoever asks to the server, or refuses. */
    const serveProxy = async (port: number, status = 200) => {
      const asked: string[] = [];
      const proxy = await serve((client: Socket) => {
        client.once('data', (head: Buffer) => {
          asked.push(head.toString('latin1'));
          client.write(`HTTP/1.1 ${status} X\r\n\r\n`);
          if (status !== 200) return void client.end();
          const server = connect(port, '127.0.0.1');
          server.on('error', () => {});
          client.pipe(server).pipe(client);
        });
      });
      return { proxy, asked };
    };

    it('asks it to connect, and sees the certificate of storage itself', async () => {
      const server = await serveSecurely();
      const { proxy, asked } = await serveProxy(server.port);
      const env = { ...trusting, HTTPS_PROXY: proxy.origin.replace('//', '//u%40x:p@') };
      const paths = ['/short', '/long', '/close', '/short'];
      expect(await run('https://storage.example', paths, env)).toEqual([
        sha('short'),
        sha(LONG),
        sha('bye'),
        sha('short'),
      ]);
      expect(asked).toHaveLength(2);
      const credentials = Buffer.from('u@x:p').toString('base64');
      expect(asked[0]).toMatch(/^CONNECT storage\.example:443 HTTP\/1\.1\r\n/);
      expect(asked[0]?.toLowerCase()).toContain(
        `proxy-authorization: basic ${credentials}`.toLowerCase(),
      );
      expect(server.sockets[0]).toMatchObject({ servername: 'storage.example' });
      expect(server.resumed).toEqual([false, true]);
    });

    it('sends nothing where it refuses', async () => {
      const { proxy } = await serveProxy(0, 407);
      const environment = { https_proxy: proxy.origin };
      const transport = await given(openTransport, 'https://storage.example', { environment });
      expect(await failure(transport.begin())).toEqual({ code: 'EPROXY', isSent: false });
      expect(transport.busySockets()).toBe(0);
    });

    it('gives up on one that does not answer', async () => {
      const proxy = await serve((socket) => void socket.resume());
      const environment = { https_proxy: proxy.origin };
      const changes = { environment, connectMs: 200 };
      const transport = await given(openTransport, 'https://storage.example', changes);
      expect(await failure(transport.begin())).toEqual({ code: 'ETIMEDOUT', isSent: false });
      expect(transport.busySockets()).toBe(0);
    });
  });
});

describe('a transport without TLS, through a proxy of the environment', () => {
  it('tells it the whole address', async () => {
    const heads: string[] = [];
    const proxy = await serve(
      requests(({ head, socket }) => {
        heads.push(head);
        say(socket, answer('relayed'));
      }),
    );
    const environment = { http_proxy: proxy.origin.replace('//', '//user:secret@') };
    const transport = await given(openTransport, 'http://storage.example:9000', { environment });
    for (let n = 0; n < 2; n += 1)
      expect(await transport.ask({ target: '/b/k?x=1' })).toMatchObject({ status: 200 });
    expect(heads[0]).toMatch(/^GET http:\/\/storage\.example:9000\/b\/k\?x=1 HTTP\/1\.1\r\n/);
    expect(heads[0]).toContain(
      `proxy-authorization: Basic ${Buffer.from('user:secret').toString('base64')}`,
    );
    expect(proxy.sockets).toHaveLength(1);
  });
});
