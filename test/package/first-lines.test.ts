// The first lines of the README as a new user copies them, with the packed package beside them: as a module, as TypeScript
// and in CommonJS.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDouble, type Double } from '../support/double/index.ts';
import {
  besideSdkWarning,
  IS_WARNED_OF_NODE,
  packed,
  ROOT,
  type Packed,
} from '../support/packed.ts';

const run = promisify(execFile);
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const LINES = /^## In your application\n\n```ts\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? '';

/** Another port than 3000, which somebody else may have; told on the first line. */
const PORT = `const { Server } = require('node:net');
const { listen } = Server.prototype;
Server.prototype.listen = function (port, ...rest) {
  this.once('listening', () => console.log(this.address().port));
  return listen.call(this, port === 3000 ? 0 : port, ...rest);
};`;

let pack: Packed;
let double: Double;
beforeAll(async () => {
  pack = await packed();
  double = await startDouble({ buckets: ['acme-prod'], region: 'eu-west-1' });
});
afterAll(async () => {
  await double.close();
  await pack.remove();
});

const compile = async (place: string, module: string): Promise<void> => {
  const compilerOptions = {
    module,
    target: 'ES2022',
    strict: true,
    types: ['node'],
    outDir: 'out',
  };
  const options = Object.entries({ ...compilerOptions, skipLibCheck: true, rootDir: '.' });
  const flags = options.flatMap(([name, value]) => [`--${name}`, String(value)]);
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [compiler, 'main.ts', ...flags], {
    cwd: place,
  }).catch((error: { stdout: string }) => error);
  expect(stdout).toBe('');
};

/** How the lines are run. */
interface Host {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly compiledTo?: string;
  readonly main: string;
}

// What the README says of CommonJS: the imports are called otherwise there, and nothing else changes.
const REQUIRED = LINES.replaceAll(
  /^import (.+) from ('.+');$/gm,
  (_, names: string, from: string) => `const ${names} = require(${from});`,
);
const typed = (type: string) => ({
  'main.ts': LINES,
  'package.json': JSON.stringify({ private: true, type }),
});
const HOSTS: readonly Host[] = [
  { name: 'a module', files: { 'main.mjs': LINES }, main: 'main.mjs' },
  {
    name: 'TypeScript, compiled to a module',
    files: typed('module'),
    compiledTo: 'NodeNext',
    main: 'out/main.js',
  },
  {
    name: 'TypeScript, compiled to CommonJS',
    files: typed('commonjs'),
    compiledTo: 'NodeNext',
    main: 'out/main.js',
  },
  { name: 'CommonJS', files: { 'main.cjs': REQUIRED }, main: 'main.cjs' },
];

it('are twenty', () => {
  expect(LINES.split('\n').filter((line) => line !== '').length).toBeLessThanOrEqual(20);
  expect(LINES).toContain("from 's3files'");
});

it.each(HOSTS)(
  'serve files as $name',
  async ({ name, files, compiledTo, main }) => {
    const preload = { 'port.cjs': PORT };
    const folder = name.replaceAll(/\W+/g, '-');
    const packages = ['express', '@types/node', '@types/express'];
    const place = await pack.consumer(folder, { ...files, ...preload }, packages);
    if (compiledTo !== undefined) await compile(place, compiledTo);
    const child = spawn(process.execPath, ['--require', './port.cjs', main], {
      cwd: place,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        FILES_KEY: 'the-key',
        AWS_ENDPOINT_URL_S3: double.endpoint,
        AWS_ACCESS_KEY_ID: 'testaccess',
        AWS_SECRET_ACCESS_KEY: 'testsecretkey',
      },
    });
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const next = async (): Promise<string> => String((await lines.next()).value);
    const origin = `http://127.0.0.1:${await next()}/api/v2/s3files`;
    const headers = { 'X-API-Key': 'the-key', 'Content-Type': 'text/plain' };
    const target = `${origin}/users/billing/a.txt`;
    const put = await fetch(target, { method: 'PUT', body: 'hello', headers });
    expect(put.status).toBe(201);
    expect(JSON.parse(await next())).toMatchObject({
      operation: 'write',
      path: 'users/billing/a.txt',
      principal: { id: 'billing' },
      status: 201,
    });
    expect(await (await fetch(target, { headers })).text()).toBe('hello');
    expect((await fetch(target)).status).toBe(401);
    expect((await fetch(`${origin}/users/other/a.txt`, { headers })).status).toBe(403);
    // Every key lies below app/.
    expect([...double.objects('acme-prod').keys()]).toEqual(['app/users/billing/a.txt']);
    const ended = once(child, 'exit');
    child.kill();
    await ended;
    expect(complaints.includes('NodeVersionSupportWarning')).toBe(IS_WARNED_OF_NODE);
    expect(besideSdkWarning(complaints)).toBe('');
  },
  120_000,
);

it('say what is missing when the key is', async () => {
  const place = await pack.consumer('without-a-key', { 'main.mjs': LINES });
  const failed = await run(process.execPath, ['main.mjs'], {
    cwd: place,
    env: { PATH: process.env.PATH },
  }).catch((error: { stderr: string }) => error);
  expect(failed.stderr).toMatch(/TypeError: .*apiKeys.* is undefined/);
});
