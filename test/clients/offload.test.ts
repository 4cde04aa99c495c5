// nginx carries the bytes, by the file of docs/deployment.md: nobody can tell it from the service, but by who has the work.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FileServiceConfig } from '../../src/index.ts';
import { answers, freePort } from '../support/free-port.ts';
import { installed, type ProgramName } from '../support/programs.ts';
import { ask, MOUNT, type Answer, type Question } from '../support/service.ts';
import { until } from '../support/until.ts';
import { startProgramTrial, type ProgramTrial } from './run-program.ts';

const GUIDE = new URL('../../docs/deployment.md', import.meta.url);
const LARGE = Buffer.from(
  Array.from({ length: 400_000 }, (_, index) => `${index}\n`).join(''),
).subarray(0, 2_500_000);

/** The guide's file, for these ports and for whoever runs the tests. */
function nginxFile(
  folder: string,
  ports: { front: number; files: number; storage: number },
): string {
  const [, file = ''] =
    /<!-- offload -->\s+```nginx\n([^]*?)```/.exec(readFileSync(GUIDE, 'utf8')) ?? [];
  const server = file
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${ports.files}`)
    .replaceAll('127.0.0.1:9000', `127.0.0.1:${ports.storage}`)
    .replace('listen 8080', `listen 127.0.0.1:${ports.front}`)
    .replace('/var/cache/nginx/s3files', `${folder}/cache`);
  return `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    events {}
    http {
      access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
      ${server}
    }`;
}

const QUESTIONS: readonly (readonly [name: string, question: Question])[] = [
  ['the whole', { path: '/large.bin' }],
  ['a text', { path: '/notes.txt' }],
  ['a page, which is no page', { path: '/page.html' }],
  ['a picture, saved', { path: '/logo.png?download=true' }],
  ['a name of other letters', { path: `/${encodeURIComponent('a b+c%20?#&=ü🦊.txt')}` }],
  ['a file without bytes', { path: '/empty.txt' }],
  ['what was stored with more to say', { path: '/rich.txt' }],
  ['HEAD', { method: 'HEAD', path: '/large.bin' }],
  ['a range', { path: '/large.bin', headers: { Range: 'bytes=1000000-1200000' } }],
  ['the end', { path: '/large.bin', headers: { Range: 'bytes=-5' } }],
  ['from a place on', { path: '/large.bin', headers: { Range: 'bytes=2499990-' } }],
  ['a range beyond the end', { path: '/notes.txt', headers: { Range: 'bytes=100-' } }],
  ['no byte', { path: '/notes.txt', headers: { Range: 'bytes=-0' } }],
  ['a range of nothing', { path: '/empty.txt', headers: { Range: 'bytes=0-1' } }],
  ['a range in another unit', { path: '/notes.txt', headers: { Range: 'lines=1-2' } }],
  ['If-None-Match', { path: '/notes.txt', headers: { 'If-None-Match': '$etag' } }],
  ['If-None-Match of another', { path: '/notes.txt', headers: { 'If-None-Match': '"x"' } }],
  ['If-Match', { path: '/notes.txt', headers: { 'If-Match': '$etag' } }],
  ['If-Match of another', { path: '/notes.txt', headers: { 'If-Match': '"x"' } }],
  ['If-Modified-Since', { path: '/notes.txt', headers: { 'If-Modified-Since': '$date' } }],
  ['If-Unmodified-Since', { path: '/notes.txt', headers: { 'If-Unmodified-Since': '$date' } }],
  ['If-Range', { path: '/notes.txt', headers: { Range: 'bytes=1-2', 'If-Range': '$etag' } }],
  [
    'If-Range of another',
    { path: '/notes.txt', headers: { Range: 'bytes=1-2', 'If-Range': '"x"' } },
  ],
  ['what is not there', { path: '/none.txt' }],
  ['what is refused', { path: '/denied.txt' }],
  ['a page of another origin', { path: '/notes.txt', headers: { Origin: 'https://app.example' } }],
];

/** What is the same for equal answers, whoever sends them. */
function lasting({ status, headers, body }: Answer): unknown {
  const { date: _, server: _server, connection: _connection, ...rest } = headers;
  const {
    'x-request-id': _id,
    'transfer-encoding': _encoding,
    'keep-alive': _alive,
    ...own
  } = rest;
  return { status, headers: own, body: body.toString('latin1') };
}

const NGINX: ProgramName = 'nginx';

describe.runIf(installed(NGINX)).each(['/_s3files/', '/_s3files_cached/'])(
  'offload by nginx, %s',
  (location) => {
    let trial: ProgramTrial;
    let nginx: ChildProcess;
    let front: number;
    let tags: { etag: string; date: string };

    beforeAll(async () => {
      const config: Partial<FileServiceConfig> = {
        offload: { by: 'x-accel', location },
        authenticate: () => ({ id: 'someone' }),
        authorize: ({ path }) => path !== 'denied.txt',
        cors: { origins: ['https://app.example'], credentials: true },
      };
      trial = await startProgramTrial(config);
      front = await freePort();
      const storage = Number(new URL(trial.store.endpoint).port);
      const file = join(trial.folder, 'nginx.conf');
      mkdirSync(join(trial.folder, 'cache'));
      writeFileSync(file, nginxFile(trial.folder, { front, files: trial.service.port, storage }));
      nginx = spawn(NGINX, ['-c', file, '-p', trial.folder], { stdio: 'inherit' });
      await until(() => answers(front), { what: 'nginx to listen', deadlineMs: 30_000 });
      const put = (path: string, body: string | Buffer, headers = {}) =>
        trial.service.ask({ method: 'PUT', path, body, headers });
      await put('/large.bin', LARGE);
      await put('/notes.txt', 'some notes');
      await put('/page.html', '<script>', { 'Content-Type': 'text/html' });
      await put('/logo.png', 'PNG', { 'Content-Type': 'image/png' });
      await put(`/${encodeURIComponent('a b+c%20?#&=ü🦊.txt')}`, 'odd');
      await put('/empty.txt', '');
      await put('/rich.txt', 'rich', {
        'Content-Language': 'de',
        'X-File-Cache-Control': 'public, max-age=60',
        'Repr-Digest': 'sha-256=:6LGF7NuyHs2YTFZ0BZEHAqNmR5z2gYjLJpZf0AaEUSs=:',
      });
      const { headers } = await trial.service.ask({ path: '/notes.txt' });
      tags = { etag: headers['etag'] ?? '', date: headers['last-modified'] ?? '' };
    });
    beforeEach(() => {
      trial.store.double.clearCalls();
      trial.store.double.clearFaults();
    });
    afterAll(async () => {
      const exited = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await exited;
      await trial.close();
    });

    const asked = (question: Question): Question => ({
      ...question,
      headers: Object.fromEntries(
        Object.entries(question.headers ?? {}).map(([name, value]) => [
          name,
          String(value).replace('$etag', tags.etag).replace('$date', tags.date),
        ]),
      ),
    });
    const through = (question: Question) =>
      ask(front, { ...asked(question), path: MOUNT + question.path });
    const itself = (question: Question) => trial.service.ask(asked(question));

    it.each(QUESTIONS)('answers as the service itself: %s', async (_, question) => {
      const answer = await itself(question);
      // A part that nginx cuts out itself says so without Accept-Ranges.
      if (location.includes('cached') && answer.status === 206)
        delete (answer.headers as Record<string, string>)['accept-ranges'];
      const expected = lasting(answer);
      expect(lasting(await through(question))).toEqual(expected);
      // From the cache too, where there is one.
      expect(lasting(await through(question))).toEqual(expected);
    });

    it('sends the bytes past the service, and counts them', async () => {
      const answer = await through({ path: '/large.bin' });
      expect(answer.body.equals(LARGE)).toBe(true);
      const id = answer.headers['x-request-id'] ?? '';
      expect(await trial.service.audited(id)).toMatchObject({
        operation: 'read',
        status: 200,
        bytesOut: LARGE.length,
        storageCalls: 1,
      });
      const calls = trial.store.double.calls.map(({ operation }) => operation);
      expect(calls[0]).toBe('HeadObject');
    });

    it('sends them itself to who comes past nginx, and shows nobody where they are', async () => {
      const direct = await itself({ path: '/large.bin' });
      expect(direct.body.equals(LARGE)).toBe(true);
      const forged = await itself({
        path: '/notes.txt',
        headers: { 'X-S3files-Offload': 'something' },
      });
      expect(forged.text).toBe('some notes');
      const { headers } = await through({ path: '/large.bin' });
      expect(Object.keys(headers).filter((name) => /s3files|accel|amz/.test(name))).toEqual([]);
    });

    it('answers itself what storage refuses to nginx', async () => {
      await trial.service.ask({ method: 'PUT', path: '/broken.txt', body: 'whole after all' });
      trial.store.double.inject({ kind: 'status', status: 503, operation: 'GetObject' });
      const answer = await through({ path: '/broken.txt' });
      expect([answer.status, answer.text]).toEqual([200, 'whole after all']);
    });

    it('shows what has just been replaced', async () => {
      for (const body of ['one', 'two two', 'three three three']) {
        await trial.service.ask({ method: 'PUT', path: '/changing.txt', body });
        expect((await through({ path: '/changing.txt' })).text).toBe(body);
      }
    });
  },
);

describe('offload by a redirect', () => {
  let trial: ProgramTrial;
  beforeAll(async () => {
    trial = await startProgramTrial({
      offload: { by: 'redirect', types: ['image/*', 'application/octet-stream'], minBytes: 3 },
      authenticate: () => ({ id: 'someone' }),
      authorize: ({ path }) => path !== 'denied.png',
    });
    const put = (path: string, body: string, type: string) =>
      trial.service.ask({ method: 'PUT', path, body, headers: { 'Content-Type': type } });
    await put('/logo.png', 'PNG', 'image/png');
    await put('/tiny.png', 'P', 'image/png');
    await put('/page.html', '<script>', 'text/html');
    await put('/notes.txt', 'some notes', 'text/plain');
  });
  afterAll(() => trial.close());

  it('leads to a URL that shows what the service would', async () => {
    for (const path of ['/logo.png', '/page.html', '/logo.png?download=true']) {
      const answer = await trial.service.ask({ path });
      const { status, headers, text } = answer;
      expect([status, headers['cache-control'], text]).toEqual([307, 'no-store', '']);
      const here = await trial.service.ask({ method: 'HEAD', path });
      const there = await fetch(headers['location'] ?? '');
      const shown = ['content-type', 'content-disposition', 'cache-control', 'etag'];
      expect(shown.map((name) => there.headers.get(name))).toEqual(
        shown.map((name) => here.headers[name]),
      );
      const event = await trial.service.audited(headers['x-request-id'] ?? '');
      expect(event).toMatchObject({ operation: 'read', status: 307, bytesOut: 0, storageCalls: 1 });
      expect(JSON.stringify(event)).not.toContain('Amz');
    }
  });

  it.each<[string, Question, number]>([
    ['smaller files', { path: '/tiny.png' }, 200],
    ['other types', { path: '/notes.txt' }, 200],
    ['several ranges', { path: '/logo.png', headers: { Range: 'bytes=0-0,2-2' } }, 206],
    ['who has it', { path: '/logo.png', headers: { 'If-None-Match': '*' } }, 304],
    ['who wants another', { path: '/logo.png', headers: { 'If-Match': '"x"' } }, 412],
    ['a range that names no byte', { path: '/logo.png', headers: { Range: 'bytes=9-' } }, 416],
    ['what is not there', { path: '/none.png' }, 404],
    ['what is refused', { path: '/denied.png' }, 403],
    ['one range', { path: '/logo.png', headers: { Range: 'bytes=0-0' } }, 307],
  ])('decides the rest here: %s', async (_, question, status) => {
    expect((await trial.service.ask(question)).status).toBe(status);
  });
});
