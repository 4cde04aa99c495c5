// Proxies in front of the service: nginx, HAProxy and Varnish, each with the least configuration.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answers, freePort } from '../support/free-port.ts';
import { installed, type ProgramName } from '../support/programs.ts';
import { ask, MOUNT } from '../support/service.ts';
import { beginTus } from '../support/tus.ts';
import { until } from '../support/until.ts';
import { startProgramTrial, type ProgramTrial } from './run-program.ts';

/** How a proxy is started: its configuration, and its command once that stands in a file. */
interface Proxy {
  readonly config: (port: number, upstream: number, folder: string) => string;
  readonly command: (file: string, port: number, folder: string) => readonly string[];
}

const PROXIES: Readonly<Partial<Record<ProgramName, Proxy>>> = {
  nginx: {
    config: (port, upstream, folder) => `
      daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
      events {}
      http {
        access_log off; client_max_body_size 0; client_body_temp_path ${folder}/body;
        proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f;
        uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
        server {
          listen 127.0.0.1:${port};
          location / {
            proxy_pass http://127.0.0.1:${upstream}; proxy_http_version 1.1;
            proxy_request_buffering off; proxy_set_header Host $http_host;
          }
        }
      }`,
    command: (file, _, folder) => ['nginx', '-c', file, '-p', folder],
  },
  haproxy: {
    config: (port, upstream) => `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend in
  bind 127.0.0.1:${port}
  default_backend out
backend out
  server s3files 127.0.0.1:${upstream}
`,
    command: (file) => ['haproxy', '-db', '-f', file],
  },
  varnish: {
    config: (_, upstream) =>
      `vcl 4.1;\nbackend default { .host = "127.0.0.1"; .port = "${upstream}"; }\n`,
    command: (file, port, folder) => {
      const storage = ['-s', 'malloc,32m', '-n', `${folder}/varnish`];
      return ['varnishd', '-F', '-j', 'none', '-a', `127.0.0.1:${port}`, '-f', file, ...storage];
    },
  },
};

const LARGE = Buffer.alloc(2 ** 20 + 7, 'proxied\n');

// The keys of the table above.
describe.each(Object.entries(PROXIES) as [ProgramName, Proxy][])('behind %s', (name, proxy) => {
  describe.runIf(installed(name))('the service', () => {
    let trial: ProgramTrial;
    let process: ChildProcess;
    let port: number;

    beforeAll(async () => {
      trial = await startProgramTrial({ resumable: true, partSize: 5 * 2 ** 20 });
      port = await freePort();
      const file = join(trial.folder, 'proxy.conf');
      writeFileSync(file, proxy.config(port, trial.service.port, trial.folder));
      const [command = '', ...parameters] = proxy.command(file, port, trial.folder);
      process = spawn(command, parameters, { stdio: 'ignore' });
      await until(() => answers(port), { what: `${name} to listen`, deadlineMs: 30_000 });
    });
    afterAll(async () => {
      const exited = once(process, 'exit');
      process.kill('SIGTERM');
      await exited;
      await trial.close();
    });

    const through = (question: Parameters<typeof ask>[1]) =>
      ask(port, { ...question, path: MOUNT + question.path });

    it('takes uploads, also in chunks, and gives the bytes back', async () => {
      const put = { method: 'PUT', body: LARGE };
      expect((await through({ ...put, path: '/a.bin' })).status).toBe(201);
      const headers = { 'Transfer-Encoding': 'chunked' };
      expect((await through({ ...put, path: '/b.bin', headers })).status).toBe(201);
      for (const path of ['/a.bin', '/b.bin'])
        expect((await through({ path })).body.equals(LARGE)).toBe(true);
    });

    it('answers parts, and 304 to who has it', async () => {
      await through({ method: 'PUT', path: '/c.txt', body: 'hello' });
      const part = await through({ path: '/c.txt', headers: { Range: 'bytes=1-3' } });
      expect([part.status, part.text, part.headers['content-range']]).toEqual([
        206,
        'ell',
        'bytes 1-3/5',
      ]);
      const { headers } = await through({ path: '/c.txt' });
      const again = await through({
        path: '/c.txt',
        headers: { 'If-None-Match': headers['etag'] ?? '' },
      });
      expect([again.status, again.text]).toEqual([304, '']);
    });

    it('shows each change at once: nothing is kept on the way', async () => {
      await through({ method: 'PUT', path: '/d.txt', body: 'one' });
      expect((await through({ path: '/d.txt' })).text).toBe('one');
      await through({ method: 'PUT', path: '/d.txt', body: 'two' });
      expect((await through({ path: '/d.txt' })).text).toBe('two');
      await through({ method: 'DELETE', path: '/d.txt' });
      expect((await through({ path: '/d.txt' })).status).toBe(404);
    });

    it('goes on with an upload that was cut in front of the proxy', async () => {
      const bytes = randomBytes(11 * 2 ** 20);
      const upload = await beginTus({ port }, '/cut.bin', {
        'Upload-Length': String(bytes.length),
      });
      await upload.cut(0, bytes, 7 * 2 ** 20);
      let offset = 0;
      await until(async () => (offset = await upload.offset()) > 0, { what: 'bytes to be kept' });
      let last = await upload.patch(offset, bytes.subarray(offset));
      // The proxy may still have passed on what it held.
      while (last.status === 409) {
        const told = Number(last.headers['upload-offset']);
        last = await upload.patch(told, bytes.subarray(told));
      }
      expect(last.status).toBe(204);
      expect((await trial.stored('cut.bin'))?.equals(bytes)).toBe(true);
    });

    it('takes the uploads of clients that ask for interim responses, without any', async () => {
      const headers = { 'Upload-Complete': '?1', 'Upload-Draft-Interop-Version': '8' };
      const put = (n: number) =>
        through({ method: 'PUT', path: `/phone-${n}.mov`, headers, body: LARGE });
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => put(n)));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    });

    it('refuses `..` in whatever form the proxy passes it on', async () => {
      const { status } = await through({ path: '/x/%2e%2e/%2e%2e/y' });
      expect([400, 404]).toContain(status);
    });
  });
});
