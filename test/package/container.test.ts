// The container's build, step by step without Docker: what goes in, what is built and installed, how it starts and ends.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, instructionsOf } from '../support/dockerfile.ts';
import { startDouble, type Double } from '../support/double/index.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const instructions = instructionsOf(read('Dockerfile'));
const last = (name: string): string =>
  instructions.findLast(([instruction]) => instruction === name)?.[1] ?? '';
const list = (name: string): string[] => JSON.parse(last(name)) as string[];
/** What `.dockerignore` lets into the build: it ignores all, and takes back what follows a `!`. */
const context = read('.dockerignore')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1));

const NOBODY = 65_534;

let folder: string;
let app: string;
let double: Double;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 's3files-container-'));
  await chmod(folder, 0o755);
  const given = join(folder, 'context');
  await mkdir(given);
  for (const path of context) await cp(join(ROOT, path), join(given, path), { recursive: true });
  app = await build(instructions, { context: given, root: join(folder, 'images') });
  await chmod(app, 0o555);
  double = await startDouble({ buckets: ['acme'] });
}, 900_000);
afterAll(async () => {
  await double.close();
  await chmod(app, 0o755);
  await rm(folder, { recursive: true });
}, 120_000);

const environment = (port: number): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  NODE_ENV: 'production',
  HOST: '127.0.0.1',
  PORT: String(port),
  S3_BUCKET: 'acme',
  S3_ENDPOINT: double.endpoint,
  S3_ACCESS_KEY_ID: 'testaccess',
  S3_SECRET_ACCESS_KEY: 'testsecretkey',
  S3FILES_KEY: 'secret',
});
// Only root may become another user; then it is one who owns nothing here.
const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

describe('the Dockerfile', () => {
  it('copies what there is and what the build needs, and nothing else goes in', () => {
    for (const path of context) expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
    const build = read('tsup.config.ts') + read('web/build.ts');
    for (const name of ['src', 'web', 'package-lock.json'])
      expect([build.includes(name), context.includes(name)]).toEqual([true, true]);
    expect(context.filter((path) => /test|node_modules|\.git|\.env/.test(path))).toEqual([]);
  });

  it('runs no install script, as nobody special, with a health check', () => {
    const installs = instructions.filter(([, rest]) => rest.startsWith('npm ci'));
    expect(installs).toHaveLength(2);
    for (const [, rest] of installs) expect(rest).toContain('--ignore-scripts');
    expect(last('USER')).toBe('node');
    expect(last('HEALTHCHECK')).toContain('"dist/cli.js", "check", "--quick"');
  });
});

describe('the image that it would make', () => {
  it('has what was built in it, and nothing of the tests or of what builds', async () => {
    expect((await readdir(app)).toSorted()).toEqual([
      'dist',
      'node_modules',
      'package-lock.json',
      'package.json',
    ]);
    const built = await readdir(join(app, 'dist'), { recursive: true });
    expect(built).toEqual(expect.arrayContaining(['cli.js', 'index.js', 'page/manifest.json']));
    expect(built.filter((file) => file.endsWith('.map'))).toEqual([]);
    const installed = await readdir(join(app, 'node_modules'));
    expect(installed).toContain('@aws-sdk');
    expect(installed).not.toContain('vitest');
    expect(installed).not.toContain('typescript');
  });

  it('serves as another user from a folder that nobody may write, healthy, and ends on SIGTERM', async () => {
    const port = await freePort();
    const env = environment(port);
    const [node = '', ...words] = [...list('ENTRYPOINT'), ...list('CMD')];
    const child = spawn(node, words, { cwd: app, env, ...user });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    await until(() => output.includes('include_properties') || child.exitCode !== null, {
      what: 'the server',
      deadlineMs: 60_000,
    });
    expect(output).not.toContain('Error');

    const origin = `http://127.0.0.1:${port}`;
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
    // What no URL can hold.
    expect((await fetch(`${origin}//?key=%zz`, { redirect: 'manual' })).status).toBe(404);
    const headers = { 'X-API-Key': 'secret', 'Content-Type': 'text/plain' };
    const target = `${origin}/api/v2/s3files/a.txt`;
    expect((await fetch(target, { method: 'PUT', body: 'x', headers })).status).toBe(201);
    expect((await fetch(target)).status).toBe(401);
    const shown = await fetch(`${origin}/?key=secret`, { redirect: 'manual' });
    const Cookie = shown.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect([shown.status, Cookie.includes('secret')]).toEqual([303, false]);
    const page = await fetch(`${origin}/files/`, { headers: { Cookie } });
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/html'),
    ]);

    const [check = '', ...question] = JSON.parse(
      last('HEALTHCHECK').replace(/^.*?CMD /, ''),
    ) as string[];
    expect((await run(check, question, { cwd: app, env, ...user })).stdout).toContain('answers');

    const began = performance.now();
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect([code, performance.now() - began < 10_000]).toEqual([0, true]);
  }, 120_000);

  it('is unhealthy while storage does not answer', async () => {
    const env = { ...environment(0), S3_ENDPOINT: 'http://127.0.0.1:9' };
    const [, ...question] = JSON.parse(last('HEALTHCHECK').replace(/^.*?CMD /, '')) as string[];
    await expect(run(process.execPath, question, { cwd: app, env, ...user })).rejects.toMatchObject(
      { code: 1 },
    );
  }, 60_000);
});

it('compose.yaml passes on every variable that the command reads', () => {
  const compose = read('compose.yaml');
  const documented = [...read('src/cli/options.ts').matchAll(/\[([A-Z0-9_, ]+)\]/g)].flatMap(
    ([, names = '']) => names.split(', '),
  );
  const inside = documented.filter((name) => !['HOST', 'PORT', 'S3FILES_URL'].includes(name));
  for (const name of inside)
    if (!name.startsWith('AWS_'))
      expect([name, compose.includes(`${name}:`)]).toEqual([name, true]);
  expect(compose).toContain('read_only: true');
});
