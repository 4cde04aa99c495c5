// 104 through proxies. nginx 1.22 breaks on it, which is why `interim` is off unless the host turns it on: the tests that
// show it stay here as documentation, and fail when nginx can do it. HAProxy passes it on.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type ClientHttp2Session } from 'node:http2';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendInformed } from '../support/draft.ts';
import { answers, freePort } from '../support/free-port.ts';
import { installed } from '../support/programs.ts';
import { MOUNT } from '../support/service.ts';
import { until } from '../support/until.ts';
import { startProgramTrial, type ProgramTrial } from './run-program.ts';

const PART = 5 * 2 ** 20;
const HEADERS = { 'Upload-Complete': '?1', 'Upload-Draft-Interop-Version': '8' };

interface Proxied {
  readonly trial: ProgramTrial;
  /** HTTP/1.1. */
  readonly port: number;
  /** HTTP/2 without TLS; the same as `port` where the proxy tells them apart. */
  readonly port2: number;
  readonly close: () => Promise<void>;
}

async function behind(
  interim: boolean,
  proxy: (file: string) => readonly string[],
  config: (ports: readonly [number, number], upstream: number, folder: string) => string,
): Promise<Proxied> {
  const trial = await startProgramTrial({ resumable: { interim }, partSize: PART });
  const ports = [await freePort(), await freePort()] as const;
  const file = join(trial.folder, 'proxy.conf');
  writeFileSync(file, config(ports, trial.service.port, trial.folder));
  const [command = '', ...parameters] = proxy(file);
  const running: ChildProcess = spawn(command, parameters, { stdio: 'ignore' });
  await until(async () => (await answers(ports[0])) && (await answers(ports[1])), {
    what: `${command} to listen`,
    deadlineMs: 30_000,
  });
  return {
    trial,
    port: ports[0],
    port2: ports[1],
    close: async () => {
      const exited = once(running, 'exit');
      running.kill('SIGTERM');
      await exited;
      await trial.close();
    },
  };
}

/** One PUT over HTTP/1.1 as URLSession sends it. */
const put = (port: number, name: string, bytes: Uint8Array) =>
  sendInformed({ port }, { method: 'PUT', path: `${MOUNT}/${name}`, headers: HEADERS }, [bytes]);

/** A client of HTTP/2 that may hand over whole bodies at once; 100 are megabytes. */
const open2 = (port: number): ClientHttp2Session => {
  const session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 100 });
  // What breaks a connection, its requests tell.
  session.on('error', () => undefined);
  return session;
};

/** One PUT over HTTP/2; its status, or the code of the error that ended the stream. */
const put2 = (session: ClientHttp2Session, name: string, bytes: Uint8Array) =>
  new Promise<number | string>((resolve) => {
    const req = session.request({
      ':method': 'PUT',
      ':path': `${MOUNT}/${name}`,
      'upload-complete': '?1',
      'upload-draft-interop-version': '8',
      'content-length': String(bytes.length),
    });
    req.on('response', (headers) => resolve(headers[':status'] ?? 0));
    req.on('error', (error: NodeJS.ErrnoException) => resolve(error.message));
    req.on('close', () => resolve(`closed with ${req.rstCode}`));
    req.resume();
    req.end(bytes);
  });

const nginx = ([port, port2]: readonly [number, number], upstream: number, folder: string) => `
  daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
  events {}
  http {
    access_log off; client_max_body_size 0; client_body_temp_path ${folder}/body;
    proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f;
    uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
    upstream files { server 127.0.0.1:${upstream}; keepalive 8; }
    server {
      listen 127.0.0.1:${port};
      listen 127.0.0.1:${port2} http2;
      location / {
        proxy_pass http://files; proxy_http_version 1.1; proxy_set_header Connection "";
        proxy_request_buffering off; proxy_set_header Host $http_host;
        proxy_read_timeout 2s;
      }
    }
  }`;
const startNginx = (interim: boolean) => behind(interim, (file) => ['nginx', '-c', file], nginx);

describe.runIf(installed('nginx'))('behind nginx with upstream keep-alive', () => {
  describe('without `interim`', () => {
    let proxied: Proxied;
    beforeAll(async () => {
      proxied = await startNginx(false);
    });
    afterAll(() => proxied.close());

    it('100 of 100 uploads pass over HTTP/1.1, with no interim response', async () => {
      const bytes = randomBytes(100_000);
      const sent = await Promise.all(
        Array.from({ length: 100 }, (_, n) => put(proxied.port, `one-${n}.mov`, bytes)),
      );
      expect(sent.map(({ status, interim }) => [status, interim.length])).toEqual(
        sent.map(() => [201, 0]),
      );
      const large = await put(proxied.port, 'large.mov', randomBytes(2 * PART));
      expect([large.status, large.interim]).toEqual([201, []]);
    });

    it('100 of 100 pass over HTTP/2', async () => {
      const session = open2(proxied.port2);
      const bytes = randomBytes(100_000);
      const statuses = await Promise.all(
        Array.from({ length: 100 }, (_, n) => put2(session, `two-${n}.mov`, bytes)),
      );
      session.destroy();
      expect(statuses).toEqual(statuses.map(() => 201));
    });
  });

  // nginx/nginx issue 1427: it takes every 1xx but 100 and 103 for the answer.
  describe('with `interim`, which is why it is off by default', () => {
    let proxied: Proxied;
    beforeAll(async () => {
      proxied = await startNginx(true);
    });
    afterAll(() => proxied.close());

    it(
      'an upload over HTTP/1.1 gets no answer but the interim one',
      { timeout: 60_000 },
      async () => {
        const sent = await put(proxied.port, 'hangs.mov', randomBytes(2 * PART)).then(
          ({ status }) => status,
          (error: NodeJS.ErrnoException) => error.code,
        );
        expect(sent).not.toBe(201);
      },
    );

    it('an upload over HTTP/2 ends with an error', { timeout: 60_000 }, async () => {
      const session = open2(proxied.port2);
      const sent = await put2(session, 'errs.mov', randomBytes(2 * PART));
      session.destroy();
      expect(sent).toBe('Stream closed with error code NGHTTP2_INTERNAL_ERROR');
    });
  });
});

const haproxy = ([port, port2]: readonly [number, number], upstream: number) => `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  http-reuse always
frontend one
  bind 127.0.0.1:${port}
  default_backend out
frontend two
  bind 127.0.0.1:${port2} proto h2
  default_backend out
backend out
  server s3files 127.0.0.1:${upstream}
`;

describe.runIf(installed('haproxy'))('behind HAProxy with `interim`', () => {
  let proxied: Proxied;
  beforeAll(async () => {
    proxied = await behind(true, (file) => ['haproxy', '-db', '-f', file], haproxy);
  });
  afterAll(() => proxied.close());

  it('the interim response comes through, and then the answer', { timeout: 60_000 }, async () => {
    for (let n = 0; n < 5; n += 1) {
      const bytes = randomBytes(2 * PART);
      const { interim, status } = await put(proxied.port, `ha-${n}.mov`, bytes);
      expect([status, interim.map((one) => one.status)]).toEqual([201, [104]]);
      expect(interim[0]?.headers['location']).toContain('/_uploads/');
      expect((await proxied.trial.stored(`ha-${n}.mov`))?.equals(bytes)).toBe(true);
    }
  });

  it('an upload over HTTP/2 is stored', { timeout: 60_000 }, async () => {
    const session = open2(proxied.port2);
    const bytes = randomBytes(2 * PART);
    expect(await put2(session, 'ha-two.mov', bytes)).toBe(201);
    session.destroy();
    expect((await proxied.trial.stored('ha-two.mov'))?.equals(bytes)).toBe(true);
  });
});
