// R109: a zip of more than 5 GiB through the service, as other programs read it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, ftruncateSync, rmSync, writeSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MOUNT, startService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const GIB = 2 ** 30;
const ZEROS = Buffer.alloc(64 * 1024);
const IN_PYTHON = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    print([(i.filename, i.file_size) for i in archive.infolist()])
`;

it('opens in unzip and in Python with an entry beyond 4 GiB and 5 GiB in all', async () => {
  const store = await doubleStore();
  const service = await startService(store);
  store.double.sparse(store.bucket, 'big/a.bin', 4 * GIB + 1);
  store.double.sparse(store.bucket, 'big/b.bin', GIB);
  store.double.seed(store.bucket, 'big/c.txt', 'last');
  const folder = mkdtempSync(join(tmpdir(), 's3files-zip-'));
  const file = join(folder, 'big.zip');
  const descriptor = openSync(file, 'w');
  let length = 0;
  const declared = await new Promise<number>((resolve, reject) => {
    const asking = request({ port: service.port, path: `${MOUNT}/big/?zip=true` }, (answer) => {
      answer.on('data', (chunk: Buffer) => {
        // What is zero stays a hole, so that the disk need not hold 5 GiB.
        const isHole =
          chunk.length <= ZEROS.length && chunk.equals(ZEROS.subarray(0, chunk.length));
        if (!isHole) writeSync(descriptor, chunk, 0, chunk.length, length);
        length += chunk.length;
      });
      answer.on('error', reject);
      answer.on('end', () => resolve(Number(answer.headers['content-length'])));
    });
    asking.on('error', reject);
    asking.end();
  });
  ftruncateSync(descriptor, length);
  closeSync(descriptor);
  expect(length).toBe(declared);
  const entries = execFileSync('python3', ['-c', IN_PYTHON, file], { encoding: 'utf8' });
  expect(entries.trim()).toBe(`[('a.bin', ${4 * GIB + 1}), ('b.bin', ${GIB}), ('c.txt', 4)]`);
  const said = execFileSync('unzip', ['-tq', file], { encoding: 'utf8' });
  expect(said).toContain('No errors detected');
  rmSync(folder, { recursive: true });
  await service.close();
  await store.close();
}, 600_000);
