// `npm start` as a newcomer runs it: it prints what to do, and what it prints works.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { inChromium } from '../support/in-chromium.ts';
import { installed } from '../support/programs.ts';
import { environmentOf } from '../support/service.ts';
import { cephStore, client, doubleStore, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

interface Demo {
  readonly output: () => string;
  /** The three commands that it tells to try. */
  readonly commands: readonly string[];
  readonly exit: () => Promise<number | null>;
}

const started: ChildProcess[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) await stop(child);
});

/** npm, and what npm started: the group that `detached` gave it. */
const stop = async (child: ChildProcess): Promise<number | null> => {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    await exited;
  }
  return child.exitCode;
};

const start = async (env: Record<string, string>): Promise<Demo> => {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('S3_'));
  const child = spawn('npm', ['start'], {
    detached: true,
    env: { ...Object.fromEntries(inherited), PORT: '0', ...env },
  });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  await until(() => output.includes('include_properties') || child.exitCode !== null, {
    what: 'the demo',
    deadlineMs: 60_000,
  });
  return {
    output: () => output,
    commands: output.split('\n').flatMap((line) => /^ {2}(curl .*)$/.exec(line)?.[1] ?? []),
    exit: () => stop(child),
  };
};

/** What a shell makes of a printed line. */
const shell = async (command: string): Promise<[status: number, body: unknown]> => {
  const { stdout } = await run('bash', ['-c', `${command} -s -w '\\n%{http_code}'`]);
  const end = stdout.lastIndexOf('\n');
  return [Number(stdout.slice(end + 1)), JSON.parse(stdout.slice(0, end))];
};

describe.runIf(installed('curl'))('the demo', () => {
  it('prints its address, its store and three commands that work', async () => {
    const demo = await start({});
    expect(demo.output()).toMatch(
      /^s3files listens at http:\/\/127\.0\.0\.1:\d+\/api\/v2\/s3files\/$/m,
    );
    expect(demo.output()).toContain('Store: embedded, in memory');
    const [list = '', upload = '', properties = ''] = demo.commands;
    expect(demo.commands).toHaveLength(3);

    const [listed, listing] = await shell(list);
    const names = (listing as { resource: { path: string }[] }).resource.map(({ path }) => path);
    expect([listed, names]).toEqual([
      200,
      [
        'Inbox/',
        'Music/',
        'Photos/',
        'Private/',
        'Reports/',
        'Team/',
        'Handbook.pdf',
        'Welcome.md',
        'app.log',
        'mount-files.ts',
        'settings.json',
      ],
    ]);

    const [uploaded, hello] = await shell(upload);
    expect([uploaded, hello]).toMatchObject([
      201,
      { name: 'hello.txt', path: 'uploads/hello.txt', content_type: 'text/plain' },
    ]);

    const [read, found] = await shell(properties);
    expect([read, found]).toMatchObject([
      200,
      {
        path: 'uploads/hello.txt',
        name: 'hello.txt',
        type: 'file',
        content_type: 'text/plain',
        content_length: 5,
        last_modified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      },
    ]);
    expect((await shell(upload))[0]).toBe(409);
    // Without the key nobody gets anything.
    expect((await shell(list.replace(/-H "[^"]*"/, '')))[0]).toBe(401);
  }, 90_000);

  it('takes another key', async () => {
    const demo = await start({ DEMO_KEY: 'mine' });
    expect(demo.commands[0]).toContain('X-DreamFactory-API-Key: mine');
    expect((await shell(demo.commands[0] ?? ''))[0]).toBe(200);
  }, 90_000);

  it('uses the S3 that the environment names, and says so', async () => {
    const store: Store =
      inject('cephEndpoint') === undefined ? await doubleStore() : ((await cephStore()) as Store);
    const demo = await start(environmentOf(store, 'demo'));
    expect(demo.output()).toContain(`Store: bucket ${store.bucket} at ${store.endpoint}`);
    expect(demo.output()).not.toContain(store.secretAccessKey);
    // What check() asked, before the first request.
    expect(demo.output()).toMatch(/^ {2}ok {6}read: fine\.$/m);
    const [list = '', upload = ''] = demo.commands;
    expect(await shell(list)).toEqual([200, { resource: [] }]);
    expect((await shell(upload))[0]).toBe(201);
    const s3 = client(store);
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: store.bucket, Key: 'demo/uploads/hello.txt' }),
    );
    expect(await Body?.transformToString()).toBe('Hello');
    s3.destroy();
    await demo.exit();
    await store.close();
  }, 90_000);

  it('makes a key that nobody can guess, another each time', async () => {
    const key = async () => /Key: ([0-9a-f]{24})"/.exec((await start({})).output())?.[1];
    const keys = [await key(), await key()];
    expect(new Set(keys).size).toBe(2);
    expect(keys).not.toContain(undefined);
  }, 90_000);

  it('listens on another address only when it is told', async () => {
    const demo = await start({ HOST: '127.0.0.2' });
    expect(demo.commands[0]).toContain('http://127.0.0.2:');
    expect((await shell(demo.commands[0] ?? ''))[0]).toBe(200);
  }, 90_000);

  it('says what is wrong with the S3 that the environment names', async () => {
    const store = await doubleStore();
    const demo = await start({
      S3_BUCKET: 'missing-bucket',
      S3_ENDPOINT: store.endpoint,
      S3_ACCESS_KEY_ID: store.accessKeyId,
      S3_SECRET_ACCESS_KEY: store.secretAccessKey,
    });
    expect(demo.output()).toMatch(/^ {2}problem bucket: .+\. .+\.$/m);
    await demo.exit();
    await store.close();
  }, 90_000);

  it('says which port is taken', async () => {
    const first = await start({});
    const port = /127\.0\.0\.1:(\d+)/.exec(first.output())?.[1] ?? '';
    const second = await start({ PORT: port });
    expect(second.output()).toContain(`s3files cannot listen on port ${port} of 127.0.0.1`);
    expect(second.output()).toContain('Choose others with PORT and HOST');
    expect(await second.exit()).not.toBe(0);
  }, 90_000);
});

inChromium('somebody new', () => {
  it('opens the printed address and has uploaded a first file within ten seconds', async () => {
    const demo = await start({});
    const address = /^Open (\S+)$/m.exec(demo.output())?.[1] ?? '';
    const browser = await launchChromium();
    try {
      const page = await browser.newPage({ locale: 'en-GB' });
      const began = performance.now();
      await page.goto(address);
      // The demo shows the page in a frame, beside what it asks of the service.
      const files = page.frameLocator('iframe');
      await files.getByRole('button', { name: 'Upload', exact: true }).waitFor();
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        files.getByRole('button', { name: 'Upload', exact: true }).click(),
      ]);
      await chooser.setFiles([
        { name: 'mine.txt', mimeType: 'text/plain', buffer: Buffer.from('of somebody new') },
      ]);
      await files.getByText('1 file uploaded').waitFor();
      await files.getByRole('link', { name: 'mine.txt' }).waitFor();
      expect(performance.now() - began).toBeLessThan(10_000);
    } finally {
      await browser.close();
    }
    const read = (demo.commands[0] ?? '').replace(/\S+$/, (url) => `${url}mine.txt`);
    const { stdout } = await run('bash', ['-c', `${read} -s`]);
    expect(stdout).toBe('of somebody new');
  }, 90_000);
});
