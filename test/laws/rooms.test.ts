// Who may import what is a table in lint/rooms.js; these fixtures prove that the linter holds each row of it.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a file of one room is refused and allowed: of src/ by its path, of packages by their name. */
interface Row {
  readonly file: string;
  /** Refused as a value and as a type. */
  readonly refuses: readonly string[];
  /** Refused as a value, allowed as a type. */
  readonly typesOnly?: readonly string[];
  readonly allows: readonly string[];
}

const SDK = '@aws-sdk/client-s3';

/** One for each row of lint/rooms.js, by its `files`. */
const ROOMS: Readonly<Record<string, Row>> = {
  'core/**': {
    file: 'core/errors',
    refuses: ['http/request', 'config/options', 'storage/bucket', 'file-service', SDK],
    typesOnly: ['node:http', 'node:https'],
    allows: ['core/debug', 'node:stream'],
  },
  'config/**': {
    file: 'config/options',
    refuses: ['operations/index', 'policies/roles', 'pipeline/service', 'server/in-flight'],
    typesOnly: ['storage/s3/settings', SDK, '@smithy/types', 'node:http'],
    allows: ['core/key', 'http/serving', 'config/checks'],
  },
  'http/**': {
    file: 'http/reply',
    refuses: ['storage/bucket', 'operations/operation', 'archive/zip', 'policies/roles', SDK],
    typesOnly: ['node:http', 'node:http2'],
    allows: ['core/errors', 'core/key', 'http/entry'],
  },
  'archive/**': {
    file: 'archive/zip',
    refuses: ['storage/bucket', 'http/reply', 'policies/roles', 'node:http', 'https', SDK],
    allows: ['core/errors', 'archive/zip-name', 'yazl', 'node:stream'],
  },
  'operations/uploads/**': {
    file: 'operations/uploads/token',
    refuses: ['http/reply', 'operations/operation', 'config/settings', 'node:http', SDK],
    typesOnly: ['storage/bucket', 'storage/upload-store'],
    allows: ['core/errors', 'core/hooks', 'node:crypto'],
  },
  'policies/**': {
    file: 'policies/roles',
    refuses: ['config/options', 'storage/bucket', 'http/request', 'archive/zip', SDK],
    typesOnly: ['node:http'],
    allows: ['core/hooks', 'policies/role-rule', 'lru-cache'],
  },
  'operations/**': {
    file: 'operations/shared/listing',
    refuses: [
      'storage/s3/read',
      'storage/cache/cached-bucket',
      'storage/streams/flow',
      'policies/roles',
      'pipeline/service',
      'server/send-reply',
      'file-service',
      'index',
      'node:http',
      SDK,
    ],
    typesOnly: ['storage/bucket', 'storage/upload-store', 'config/options'],
    allows: ['core/key', 'http/reply', 'archive/zip', 'operations/operation'],
  },
  'operations/import/**': {
    file: 'operations/import/download',
    refuses: ['storage/s3/read', 'policies/roles', 'pipeline/service', 'server/send-reply', SDK],
    typesOnly: ['storage/bucket', 'config/options'],
    allows: [
      'node:http',
      'node:https',
      'http/body/guarded-body',
      'operations/shared/upload/store-file',
    ],
  },
  'pipeline/**': {
    file: 'pipeline/service',
    refuses: ['storage/s3/storage', 'storage/cache/cached-bucket', 'server/in-flight', SDK],
    typesOnly: ['storage/bucket', 'config/options', 'node:http'],
    allows: ['operations/index', 'http/reply', 'core/deadline', 'pipeline/audit'],
  },
  'server/**': {
    file: 'server/send-reply',
    refuses: ['storage/bucket', 'operations/index', 'pipeline/service', 'config/options', SDK],
    typesOnly: ['http/reply'],
    allows: ['node:http', 'core/errors', 'server/in-flight'],
  },
  'storage/*': {
    file: 'storage/bucket',
    refuses: ['http/request', 'storage/s3/read', 'storage/cache/versioned-cache', 'node:http', SDK],
    allows: ['core/errors', 'storage/measured-bucket'],
  },
  'storage/cache/**': {
    file: 'storage/cache/cached-bucket',
    refuses: ['storage/s3/read', 'storage/streams/flow', 'http/conditions', 'node:http', SDK],
    allows: ['core/hooks', 'storage/bucket', 'storage/cache/versioned-cache'],
  },
  'storage/quota/**': {
    file: 'storage/quota/quota-bucket',
    refuses: ['storage/s3/read', 'storage/cache/versioned-cache', 'http/reply', 'node:http', SDK],
    allows: ['core/key', 'storage/bucket', 'storage/quota/ledger'],
  },
  'storage/streams/**': {
    file: 'storage/streams/flow',
    refuses: [
      'storage/s3/call',
      'storage/cache/versioned-cache',
      'http/body/scan',
      'node:http',
      SDK,
    ],
    allows: ['core/errors', 'storage/bucket', 'storage/streams/watchdog'],
  },
  'storage/s3/**': {
    file: 'storage/s3/writing/multipart',
    refuses: ['config/options', 'http/reply', 'operations/operation', 'storage/cache/cached-value'],
    allows: [SDK, 'node:http', 'core/errors', 'storage/bucket', 'storage/streams/cut-parts'],
  },
  'storage/s3/wire/**': {
    file: 'storage/s3/wire/sigv4',
    refuses: ['storage/s3/read', 'storage/s3/writing/multipart', 'http/request', 'config/options'],
    typesOnly: ['storage/bucket'],
    allows: ['storage/s3/settings', 'storage/streams/flow', 'core/debug', 'undici', SDK],
  },
  'client/**': {
    file: 'client/upload',
    refuses: ['core/key', 'operations/operation', 'file-service', 'node:stream', 'https', SDK],
    typesOnly: ['http/entry'],
    allows: ['core/errors', 'client/path'],
  },
  'server/page/**': {
    file: 'server/page/file-page',
    refuses: ['core/key', 'operations/operation', 'storage/bucket', 'policies/roles', SDK],
    typesOnly: ['file-service', 'node:http'],
    allows: ['policies/known-options', 'server/page/assets', 'node:fs'],
  },
  'server/fetch/**': {
    file: 'server/fetch/fetch-handler',
    refuses: ['operations/operation', 'storage/bucket', 'pipeline/service', 'node:http', SDK],
    typesOnly: ['http/request', 'config/options'],
    allows: ['file-service', 'core/errors', 'http/reply', 'server/mounted-request'],
  },
  'server/frameworks/**': {
    file: 'server/frameworks/fastify',
    refuses: ['operations/operation', 'storage/bucket', 'server/in-flight', 'config/options', SDK],
    typesOnly: ['file-service'],
    allows: ['core/errors', 'fastify', 'node:http'],
  },
  'cli/**': {
    file: 'cli/serve',
    refuses: ['operations/operation', 'storage/s3/storage', 'pipeline/service', 'http/reply', SDK],
    allows: ['file-service', 'index', 'client/file-client', 'server/fast-lane', 'node:http'],
  },
  'file-service': {
    file: 'file-service',
    refuses: [],
    allows: ['storage/s3/storage', 'pipeline/service', 'server/in-flight', 'node:http', SDK],
  },
  index: {
    file: 'index',
    refuses: [SDK, 'node:http'],
    typesOnly: ['operations/operation', 'storage/s3/storage', 'config/options'],
    allows: ['file-service', 'core/errors', 'policies/roles'],
  },
};

/** A finding of `oxlint --format json`, as far as it is read here. */
interface Finding {
  readonly filename: string;
  readonly message: string;
  readonly code: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

/** What the linter says of these files, each a path and its lines, with the configuration of this repository. */
const lint = (files: Readonly<Record<string, readonly string[]>>): readonly Finding[] => {
  const folder = mkdtempSync(join(tmpdir(), 's3files-rooms-'));
  for (const part of ['.oxlintrc.json', 'lint'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  for (const [file, lines] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), lines.join('\n'));
  }
  const program = join(ROOT, 'node_modules/.bin/oxlint');
  const run = spawnSync(program, ['--format', 'json', 'src'], { cwd: folder });
  rmSync(folder, { recursive: true });
  // The linter's own format.
  return (JSON.parse(run.stdout.toString()) as { diagnostics: Finding[] }).diagnostics;
};

/** `target` as `file` writes it in an import: `../core/errors.js`, or a package's name. */
const specifier = (file: string, target: string): string => {
  const isOurs = /^(?:[a-z\d]+\/.*|file-service|index)$/.test(target);
  return isOurs ? `${'../'.repeat(file.split('/').length - 1) || './'}${target}.js` : target;
};

/** Every way of writing an import; a number keeps the names of a file apart. */
const VALUE_IMPORTS: readonly ((from: string, n: number) => string)[] = [
  (from, n) => `import { thing as v${n} } from '${from}'; console.log(v${n});`,
  (from, n) =>
    `import { thing as v${n}, type Thing as T${n} } from '${from}'; console.log(v${n} as T${n});`,
  (from, n) => `export { thing as v${n} } from '${from}';`,
  (from) => `export * from '${from}';`,
  (from, n) => `export const v${n} = (): unknown => import('${from}');`,
];
const TYPE_IMPORTS: readonly ((from: string, n: number) => string)[] = [
  (from, n) => `import type { Thing as T${n} } from '${from}'; export type U${n} = T${n};`,
  (from, n) => `import { type Thing as T${n} } from '${from}'; export type U${n} = T${n};`,
  (from, n) => `export type { Thing as T${n} } from '${from}';`,
  (from) => `export type * from '${from}';`,
  (from, n) => `export type T${n} = import('${from}').Thing;`,
];

interface Line {
  readonly path: string;
  readonly text: string;
  readonly refused: boolean;
}

const linesOf = ({ file, refuses, typesOnly = [], allows }: Row): Line[] => {
  const path = `src/${file}.ts`;
  const write = (
    targets: readonly string[],
    ways: typeof VALUE_IMPORTS,
    refused: boolean,
  ): Line[] =>
    targets.flatMap((target) =>
      ways.map((way) => ({ path, text: way(specifier(file, target), 0), refused })),
    );
  return [
    ...write(refuses, [...VALUE_IMPORTS, ...TYPE_IMPORTS], true),
    ...write(typesOnly, VALUE_IMPORTS, true),
    ...write(typesOnly, TYPE_IMPORTS, false),
    ...write(allows, [...VALUE_IMPORTS, ...TYPE_IMPORTS], false),
  ].map((line, n) => ({ ...line, text: line.text.replaceAll(/\b([vTU])0\b/g, `$1${n}`) }));
};

describe('the table of rooms', () => {
  const lines = Object.values(ROOMS).map(linesOf);
  const findings = lint(
    Object.fromEntries(
      lines.map((ofRoom) => [ofRoom[0]?.path ?? '', ofRoom.map(({ text }) => text)]),
    ),
  ).filter(({ code }) => code === 'rooms(imports)');

  it.each(Object.keys(ROOMS).map((room, index) => [room, lines[index] ?? []] as const))(
    'refuses and allows the imports of %s',
    (_, ofRoom) => {
      const found = ofRoom.map(({ path, text }, index) => ({
        path,
        text,
        refused: findings.some(
          ({ filename, labels }) => filename === path && labels[0]?.span.line === index + 1,
        ),
      }));
      expect(found).toEqual(ofRoom);
    },
  );

  it('is tried here row by row', async () => {
    // The rule is plain JavaScript: the linter loads it on every Node that we support.
    const { ROWS } = (await import(pathToFileURL(join(ROOT, 'lint/rooms.js')).href)) as {
      ROWS: readonly { readonly files: string }[];
    };
    expect(Object.keys(ROOMS)).toEqual(ROWS.map(({ files }) => files));
  });

  it('says what the room holds and which import it refuses', () => {
    const findings = lint({
      'src/http/reply.ts': [`import { thing } from '../storage/bucket.js';`, 'console.log(thing);'],
    });
    expect(findings.map(({ message }) => message)).toEqual([
      'rooms: http/ holds values of HTTP: core/ and no storage, no req or res; not src/storage/bucket.',
    ]);
  });

  it('has a row for every folder: a file in a new one is refused', () => {
    const findings = lint({
      'src/other/thing.ts': [`import { thing } from '../core/errors.js';`, 'console.log(thing);'],
    });
    expect(findings.map(({ message }) => message)).toEqual([
      'rooms: src/other/thing is in no room: give it a row in lint/rooms.js.',
    ]);
  });
});

describe('the linter', () => {
  const codes = (files: Parameters<typeof lint>[0]): string[] =>
    lint(files).map(({ code }) => code);

  it('refuses a cycle of imports', () => {
    expect(
      codes({
        'src/core/key.ts': [`import { b } from './errors.js';`, 'export const a = () => b;'],
        'src/core/errors.ts': [`import { c } from './hooks.js';`, 'export const b = () => c;'],
        'src/core/hooks.ts': [`import { b } from './errors.js';`, 'export const c = () => b;'],
      }),
    ).toEqual(['import(no-cycle)', 'import(no-cycle)']);
  });

  it('refuses a cycle through types alone', () => {
    expect(
      codes({
        'src/core/key.ts': [`import type { B } from './errors.js';`, 'export type A = B[];'],
        'src/core/errors.ts': [`import type { A } from './key.js';`, 'export type B = A | 1;'],
      }),
    ).toEqual(['import(no-cycle)', 'import(no-cycle)']);
  });

  it.each([
    ['a barrel file', 'src/http/index.ts', `export * from './reply.js';`, 'oxc(no-barrel-file)'],
    ['a default export', 'src/core/key.ts', 'export default 1;', 'import(no-default-export)'],
    ['`any`', 'src/core/key.ts', 'export const a: any = 1;', 'typescript(no-explicit-any)'],
    [
      '`!`',
      'src/core/key.ts',
      'export const a = process.env.A!;',
      'typescript(no-non-null-assertion)',
    ],
  ])('refuses %s', (_, path, line, code) => {
    expect(codes({ [path]: [line] })).toEqual([code]);
  });
});
