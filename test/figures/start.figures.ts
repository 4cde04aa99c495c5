// How long a process takes to begin: importing the built package, and its first answer. `npm run build` comes first.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { doubleStore } from '../support/stores.ts';
import { figure, megabytes } from './report.ts';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const LOADS = {
  CommonJS: `Promise.resolve(require('${DIST}/index.cjs'))`,
  ESM: `import('${DIST}/index.js')`,
} as const;
/** The best of several: what else the machine does only makes it slower. */
const TIMES = 15;
const MIB = 2 ** 20;

let store: Awaited<ReturnType<typeof doubleStore>>;
beforeAll(async () => {
  expect(existsSync(`${DIST}/index.cjs`)).toBe(true);
  store = await doubleStore();
  store.double.seed(store.bucket, 'a.txt', 'a');
});
afterAll(() => store.close());

interface Started {
  readonly importMs: number;
  readonly firstMs: number;
  readonly idleBytes: number;
}

async function start(load: string): Promise<Started> {
  const { bucket, region, endpoint, accessKeyId: key, secretAccessKey: secret } = store;
  const config = { bucket, region, endpoint, usePathStyleEndpoint: true, key, secret };
  const program = `
    const { createServer } = require('node:http');
    const begun = performance.now();
    ${load}.then(({ createFileService, allowAll }) => {
      const importMs = performance.now() - begun;
      const files = createFileService({ ...${JSON.stringify(config)}, authorize: allowAll });
      const server = createServer(files).listen(0, () =>
        process.send({ importMs, port: server.address().port, idleBytes: process.memoryUsage.rss() }));
    });`;
  const child = spawn(process.execPath, ['-e', program], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const { port, ...told } = await new Promise<Omit<Started, 'firstMs'> & { port: number }>(
    (resolve) => child.once('message', (message) => resolve(message as never)),
  );
  const asked = performance.now();
  const status = await new Promise((resolve, reject) => {
    get({ port, path: '/a.txt', agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    }).on('error', reject);
  });
  expect(status).toBe(200);
  const firstMs = performance.now() - asked;
  child.kill();
  return { ...told, firstMs };
}

it.each([
  ['CommonJS', 60],
  ['ESM', 90],
] as const)('%s', async (format, most) => {
  const all: Started[] = [];
  for (let time = 0; time < TIMES; time += 1) all.push(await start(LOADS[format]));
  const least = (of: (one: Started) => number): number => Math.min(...all.map(of));
  const importMs = least((one) => one.importMs);
  const firstMs = least((one) => one.firstMs);
  const idle = least((one) => one.idleBytes);
  figure({
    name: `start, ${format}: import; first answer after listening; memory before it`,
    target: `<= ${most} ms; <= 100 ms; <= 65 MB`,
    measured: `${importMs.toFixed(0)} ms; ${firstMs.toFixed(0)} ms; ${megabytes(idle)}`,
    reached: importMs <= most && firstMs <= 100 && idle <= 65 * MIB,
  });
});
