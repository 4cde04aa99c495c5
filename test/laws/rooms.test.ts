// Who may import what is a rule of the linter; these fixtures prove that each rule bites.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A file of the fixture, one line of it, and a part of the linter's message about it. */
type Refused = readonly [file: string, line: string, message: string];

const SDK = `import { S3Client } from '@aws-sdk/client-s3';`;
const HTTP = `import { createServer } from 'node:http';`;
const HTTP_TYPE = `import type { IncomingMessage } from 'node:http';`;
const from = (path: string): string => `import { thing } from '${path}';`;
const typeFrom = (path: string): string => `import type { Thing } from '${path}';`;

const refused: readonly Refused[] = [
  ['src/errors.ts', from('./key.js'), 'the floor'],
  ['src/hooks.ts', from('./http/request.js'), 'the floor'],
  ['src/debug.ts', SDK, 'S3 is known to'],
  ['src/hooks.ts', HTTP, 'take its types at most'],
  ['src/key.ts', from('./http/request.js'), 'key imports the floor'],
  ['src/key.ts', HTTP_TYPE, 'take its types at most'],
  ['src/http/reply.ts', from('../storage/bucket.js'), 'http/ holds values'],
  ['src/http/reply.ts', typeFrom('../storage/bucket.js'), 'http/ holds values'],
  ['src/http/reply.ts', from('../operations/operation.js'), 'http/ holds values'],
  ['src/http/reply.ts', from('../express.js'), 'http/ holds values'],
  ['src/http/reply.ts', SDK, 'http/ knows no storage'],
  ['src/http/reply.ts', HTTP, 'never sees req or res'],
  ['src/storage/cached.ts', from('../http/request.js'), 'bytes at rest'],
  ['src/storage/cached.ts', SDK, 'src/storage/s3*.ts only'],
  ['src/storage/cached.ts', `import type { S3 } from '@aws-sdk/client-s3';`, 's3*.ts only'],
  ['src/storage/bucket.ts', HTTP_TYPE, 'storage/ sees no request'],
  ['src/storage/s3-read.ts', from('../key.js'), 'bytes at rest'],
  ['src/storage/s3-read.ts', typeFrom('../config.js'), 'bytes at rest'],
  ['src/archive/zip.ts', from('../storage/bucket.js'), 'archive/ imports the floor'],
  ['src/archive/zip.ts', from('../http/reply.js'), 'archive/ imports the floor'],
  ['src/archive/zip.ts', from('../remote/guard.js'), 'archive/ imports the floor'],
  ['src/archive/zip.ts', HTTP, 'no HTTP'],
  ['src/archive/zip.ts', SDK, 'no S3'],
  ['src/remote/download.ts', from('../archive/unzip.js'), 'remote/ imports the floor'],
  ['src/remote/download.ts', from('../storage/s3.js'), 'remote/ imports the floor'],
  ['src/remote/download.ts', from('../http/body.js'), 'remote/ imports the floor'],
  ['src/remote/download.ts', SDK, 'no S3'],
  ['src/policies/roles.ts', from('../key.js'), 'a host could have written them'],
  ['src/policies/roles.ts', from('../debug.js'), 'a host could have written them'],
  ['src/policies/roles.ts', typeFrom('../config.js'), 'a host could have written them'],
  ['src/policies/roles.ts', SDK, 'policies/ know no storage'],
  ['src/policies/roles.ts', HTTP, 'policies/ judge requests'],
  ['src/operations/read.ts', SDK, 'never the AWS SDK'],
  ['src/operations/read.ts', from('../storage/s3.js'), 'by the types of'],
  ['src/operations/read.ts', typeFrom('../storage/s3-read.js'), 'by the types of'],
  ['src/operations/read.ts', from('../storage/cached.js'), 'by the types of'],
  ['src/operations/read.ts', from('../storage/bucket.js'), 'types only from ../storage/bucket.js'],
  ['src/operations/read.ts', from('../config.js'), 'types only from ../config.js'],
  ['src/operations/read.ts', HTTP_TYPE, 'req and res stay'],
  ['src/operations/read.ts', from('../express.js'), 'nothing that uses them'],
  ['src/operations/read.ts', from('../service.js'), 'nothing that uses them'],
  ['src/operations/read.ts', from('../policies/roles.js'), 'nothing that uses them'],
  ['src/config.ts', from('./operations/index.js'), 'config holds what a host may say'],
  ['src/config.ts', from('./service.js'), 'config holds what a host may say'],
  ['src/config.ts', from('./storage/s3.js'), 'config takes types only'],
  ['src/config.ts', SDK, 'config takes types only'],
  ['src/config.ts', HTTP, 'take its types at most'],
  ['src/service.ts', HTTP, 'take its types at most'],
  ['src/service.ts', SDK, 'S3 is known to'],
  ['src/service.ts', from('./storage/s3.js'), 'S3 is known to'],
  ['src/service.ts', from('./storage/cached.js'), 'S3 is known to'],
  ['src/http/index.ts', `export * from '../reply.js';`, 'Barrel file'],
  ['src/key.ts', `export default 1;`, 'default export'],
  ['src/key.ts', `export const thing: any = 1;`, 'any'],
];

const allowed: readonly (readonly [file: string, line: string])[] = [
  ['src/errors.ts', from('./debug.js')],
  ['src/hooks.ts', HTTP_TYPE],
  ['src/key.ts', from('./errors.js')],
  ['src/http/request.ts', HTTP_TYPE],
  ['src/http/reply.ts', from('../errors.js')],
  ['src/http/reply.ts', from('./entry.js')],
  ['src/http/reply.ts', from('../key.js')],
  ['src/storage/s3-read.ts', SDK],
  ['src/storage/s3-read.ts', HTTP],
  ['src/storage/s3.ts', from('./cached.js')],
  ['src/archive/zip.ts', from('../errors.js')],
  ['src/archive/zip.ts', from('yazl')],
  ['src/remote/download.ts', HTTP],
  ['src/policies/roles.ts', from('../hooks.js')],
  ['src/policies/roles.ts', from('./role-rule.js')],
  ['src/policies/roles.ts', from('lru-cache')],
  ['src/operations/read.ts', typeFrom('../storage/bucket.js')],
  ['src/operations/read.ts', typeFrom('../config.js')],
  ['src/operations/read.ts', from('../http/reply.js')],
  ['src/operations/read.ts', from('../archive/zip.js')],
  ['src/config.ts', typeFrom('./storage/s3.js')],
  ['src/config.ts', from('./policies/memory-cache.js')],
  ['src/service.ts', from('./operations/index.js')],
  ['src/service.ts', typeFrom('./storage/bucket.js')],
  ['src/express.ts', HTTP],
  ['src/express.ts', from('./storage/s3.js')],
  ['src/server.ts', HTTP],
  ['src/index.ts', `export { createFileService } from '../express.js';`],
];

/** A finding of `oxlint --format json`, as far as it is read here. */
interface Finding {
  readonly filename: string;
  readonly message: string;
  readonly help?: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

const lint = (files: Readonly<Record<string, string>>): readonly Finding[] => {
  const folder = mkdtempSync(join(tmpdir(), 's3files-rooms-'));
  copyFileSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const program = join(ROOT, 'node_modules/.bin/oxlint');
  const run = spawnSync(program, ['--format', 'json', '.'], { cwd: folder });
  rmSync(folder, { recursive: true });
  // The linter's own format.
  return (JSON.parse(run.stdout.toString()) as { diagnostics: Finding[] }).diagnostics;
};

/** The messages about each row's line, found in one run of the linter. */
const findingsOf = (rows: readonly (readonly [string, string, ...unknown[]])[]): string[][] => {
  const files: Record<string, string[]> = {};
  const places = rows.map(([file, line], index) => {
    const lines = (files[file] ??= []);
    // Each row imports by a name of its own and uses it, so that only the rule in question speaks.
    const name = `name${index}`;
    const uses = {
      'import {': ` console.log(${name});`,
      'import t': ` export type T${index} = ${name};`,
    };
    const use = Object.entries(uses).find(([start]) => line.startsWith(start))?.[1] ?? '';
    lines.push(line.replace(/\{ (\w+) \}( from)/, `{ $1 as ${name} }$2`) + use);
    return { file, line: lines.length };
  });
  const texts = Object.entries(files).map(([file, lines]) => [file, lines.join('\n')]);
  const findings = lint(Object.fromEntries(texts));
  return places.map((place) =>
    findings
      .filter(({ filename, labels }) => {
        return filename === place.file && labels[0]?.span.line === place.line;
      })
      .map(({ message, help }) => `${message} ${help ?? ''}`),
  );
};

describe('rooms', () => {
  const found = findingsOf(refused);
  it.each(refused.map((row, index) => [...row, found[index]] as const))(
    'refuse in %s: %s',
    (_, __, message, findings) => {
      expect(findings).toEqual([expect.stringContaining(message)]);
    },
  );

  it('allow what the architecture allows', () => {
    const findings = findingsOf(allowed).flatMap((messages, index) =>
      messages.map((message) => [allowed[index], message]),
    );
    expect(findings).toEqual([]);
  });

  it('refuse a circle of imports', () => {
    const findings = lint({
      'src/key.ts': `import { b } from '../errors.js';\nexport const a = (): unknown => b;\n`,
      'src/errors.ts': `import { c } from '../hooks.js';\nexport const b = (): unknown => c;\n`,
      'src/hooks.ts': `import { b } from '../errors.js';\nexport const c = (): unknown => b;\n`,
    });
    expect(findings.map(({ message }) => message)).toEqual([
      expect.stringContaining('cycle'),
      expect.stringContaining('cycle'),
    ]);
  });
});
