// The wire in a process of its own: what keeps one alive, and TLS, whose authorities are set at its start.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../support/certificate.ts';
import {
  answer,
  ask,
  chunked,
  poolFor,
  requests,
  say,
  serve,
} from '../../../support/scripted-server.ts';

// Asks for the paths it is given, one after the other, and says what came; then it has nothing more to do.
const CODE = `
  import { wirePool } from './src/storage/s3/wire/socket-pool.ts';
  const [origin, ...paths] = process.argv.slice(1);
  const pool = wirePool(origin, { maxSockets: 2, connectMs: 5000, idleMs: 60_000 });
  const ask = (path) => new Promise((resolve, reject) => {
    const pieces = [];
    pool.claim({
      start(wire) {
        const head = 'GET ' + path + ' HTTP/1.1\\r\\nhost: test\\r\\n\\r\\n';
        const data = (bytes) => {
          pieces.push(bytes);
          if (!path.startsWith('/pauses')) return;
          wire.pause();
          setImmediate(() => wire.resume());
        };
        const end = () => resolve(Buffer.concat(pieces).toString('latin1'));
        wire.send({ method: 'GET', head, body: null }, { head: () => true, data, end, fail: reject });
      },
    });
  });
  const { createHash } = await import('node:crypto');
  for (const path of paths) {
    const answer = await ask(path).catch((error) => error.code);
    console.log(createHash('sha256').update(answer, 'latin1').digest('hex'));
  }
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
      cwd: fileURLToPath(new URL('../../../..', import.meta.url)),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 10_000,
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

describe('a wire over TLS', () => {
  const LONG = Array.from({ length: 200_000 }, (_, n) => `${n}`).join(',');
  const options = makeCertificate(['localhost', '127.0.0.1']);
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  writeFileSync(join(folder, 'cert.pem'), options.cert);
  afterAll(() => rmSync(folder, { recursive: true }));

  const serveSecurely = () => {
    const server = createServer({ ...options, ALPNProtocols: ['http/1.1'] });
    return serve(
      requests(({ head, socket }) => {
        if (head.includes('chunks')) say(socket, chunked([LONG.slice(0, 77_777), LONG]));
        else say(socket, answer(head.includes('long') ? LONG : 'short'));
      }),
      server,
    );
  };

  it('carries one answer after another over one socket', async () => {
    const server = await serveSecurely();
    const paths = ['/short', '/long', '/chunks', '/pauses/long', '/pauses/chunks', '/short'];
    const chunks = sha(LONG.slice(0, 77_777) + LONG);
    const env = { NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') };
    expect(await run(server.origin, paths, env)).toEqual([
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

  it('goes to an address, which is no name', async () => {
    const server = await serveSecurely();
    const env = { NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') };
    const origin = `https://127.0.0.1:${server.port}`;
    expect(await run(origin, ['/short'], env)).toEqual([sha('short')]);
    expect(server.sockets[0]).toMatchObject({ servername: false });
  });

  it('fails where nobody vouches for the certificate', async () => {
    const server = await serveSecurely();
    const pool = poolFor(server.origin);
    await expect(ask(pool)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });
});
