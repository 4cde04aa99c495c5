// What importing the package loads: little, since every process that starts waits for it. The rest comes when it is used.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
// `import type` is erased; `import('...')` waits until it is asked for.
const IMPORT = /^(?:import|export)\s+(?!type\b)(?:[^'"]*?\sfrom\s+)?'([^']+)'/gm;
const LAZY = /\bimport\('([^']+)'\)/g;

/** Packages that a source loads, with all that it imports. */
function packagesOf(entry: string): readonly string[] {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const follow = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      if (from.startsWith('.')) follow(resolve(dirname(file), from.replace(/\.js$/, '.ts')));
      else packages.add(from);
    }
  };
  follow(join(ROOT, entry));
  return [...packages].toSorted();
}

const isPackage = (name: string): boolean => !name.startsWith('node:');

describe('importing', () => {
  it('the package loads two small packages, no SDK, no transport and no parser', () => {
    expect(packagesOf('src/index.ts').filter(isPackage)).toEqual([
      'content-disposition',
      'lru-cache',
    ]);
  });

  it.each(['src/client/file-client.ts', 'src/server/page/file-page.ts'])(
    '%s loads no package',
    (entry) => {
      expect(packagesOf(entry).filter(isPackage)).toEqual([]);
    },
  );

  it('leaves to their first use what these sources name', () => {
    const lazy = [
      ['src/core/debug.ts', 'debug'],
      ['src/http/body/multipart.ts', 'busboy'],
      ['src/operations/import/import.ts', './download.js'],
      ['src/operations/shared/upload/extract.ts', '../../../archive/unzip.js'],
      ['src/storage/s3/wire/configured-endpoint.ts', './sdk/resolve-endpoint.js'],
      ['src/storage/s3/wire/sdk/lazy-sdk.ts', './sdk.js'],
      ['src/storage/s3/wire/transport/undici-client.ts', 'undici/lib/dispatcher/client.js'],
    ] as const;
    for (const [file, wanted] of lazy) {
      const path = join(ROOT, file);
      const named = [...readFileSync(path, 'utf8').matchAll(LAZY)].map(([, from = '']) => from);
      expect(named, file).toContain(wanted);
      if (wanted.startsWith('.'))
        expect(existsSync(resolve(dirname(path), wanted.replace(/\.js$/, '.ts')))).toBe(true);
    }
  });
});
