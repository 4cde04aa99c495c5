// Everything that the package exports has an example in its documentation; these compile, and so does all code of
// the README and the guides.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What the package's paths lead to. */
const ENTRIES: Readonly<Record<string, string>> = {
  s3files: 'src/index.ts',
  's3files/client': 'src/client/file-client.ts',
  's3files/page': 'src/server/page/file-page.ts',
  's3files/fetch': 'src/server/fetch/fetch-handler.ts',
  's3files/fastify': 'src/server/frameworks/fastify.ts',
  's3files/nest': 'src/server/frameworks/nest.ts',
};
const INDEX = join(ROOT, 'src/index.ts');
const HERE = dirname(fileURLToPath(import.meta.url));

const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);

interface Exported {
  readonly name: string;
  readonly isValue: boolean;
  readonly examples: readonly string[];
}

const exportsOf = (program: ts.Program, entry = INDEX): readonly Exported[] => {
  const checker = program.getTypeChecker();
  const index = program.getSourceFile(entry);
  const symbol = index && checker.getSymbolAtLocation(index);
  if (symbol === undefined) throw new Error(`${entry} is no module`);
  return checker.getExportsOfModule(symbol).map((exported) => {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    const target = isAlias ? checker.getAliasedSymbol(exported) : exported;
    return {
      name: exported.name,
      isValue: (target.flags & ts.SymbolFlags.Value) !== 0,
      examples: target
        .getJsDocTags(checker)
        .filter((tag) => tag.name === 'example')
        .map(({ text }) => ts.displayPartsToString(text)),
    };
  });
};

/** What the compiler says of modules that exist in memory only. */
const diagnose = (modules: ReadonlyMap<string, string>, old: ts.Program): readonly string[] => {
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile, readFile } = host;
  host.fileExists = (name) => modules.has(name) || fileExists(name);
  host.readFile = (name) => modules.get(name) ?? readFile(name);
  host.getSourceFile = (name, language, ...rest) => {
    const text = modules.get(name);
    if (text !== undefined) return ts.createSourceFile(name, text, language);
    return old.getSourceFile(name) ?? getSourceFile(name, language, ...rest);
  };
  const program = ts.createProgram([...modules.keys()], options, host);
  return [...modules.keys()].flatMap((name) => {
    const file = program.getSourceFile(name);
    const found = [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ];
    return found.map(
      ({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  });
};

const GUIDES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

/** What the surroundings of a block of code are: what it may use without saying where it comes from. */
const SURROUNDINGS: Readonly<Record<string, string>> = {
  addEventListener: 'declare const addEventListener: (name: string, hear: () => void) => void;',
  app: "declare const app: import('express').Express;",
  authorize: "declare const authorize: import('../../src/index.ts').Authorize;",
  bar: 'declare const bar: (share: number) => void;',
  bucket: 'declare const bucket: string;',
  cert: 'declare const cert: string;',
  createSecureServer: "import { createSecureServer } from 'node:http2';",
  database:
    'declare const database: { query(text: string, values: readonly unknown[]): Promise<void> };',
  definition: 'declare const definition: unknown;',
  exported: 'declare const exported: unknown;',
  express: "import express from 'express';",
  fastify: "import fastify from 'fastify';",
  file: 'declare const file: Blob & { readonly name: string };',
  files: "declare const files: import('../../src/index.ts').FileService;",
  Hono: "import { Hono } from 'hono';",
  http: "import http from 'node:http';",
  imageVariants: `declare const imageVariants: (
    options: { service: (request: Request) => Promise<Response> } & Record<string, unknown>,
  ) => (request: Request) => Promise<Response>;`,
  key: 'declare const key: string;',
  keyv: "declare const keyv: import('../../src/index.ts').KeyvLike;",
  queue: 'declare const queue: { send(events: readonly unknown[]): Promise<void> };',
  redis: 'declare const redis: object;',
  region: 'declare const region: string;',
  readFileSync: "import { readFileSync } from 'node:fs';",
  S3Client: "import { S3Client } from '@aws-sdk/client-s3';",
  session:
    "declare const session: (options: { secret: string }) => import('express').RequestHandler;",
  server: "declare const server: import('node:http').Server;",
  show: 'declare const show: (share: number) => void;',
};

/** The blocks of TypeScript of a guide, those inside lists too, each with its line. */
const blocksOf = (guide: string): readonly (readonly [line: number, code: string])[] => {
  const text = readFileSync(join(ROOT, guide), 'utf8');
  return [...text.matchAll(/^ *```ts\n([\s\S]*?)^ *```$/gm)].map(({ index, 1: code = '' }) => [
    text.slice(0, index).split('\n').length,
    code,
  ]);
};

/** A block as a module of its own: with the imports that it does not have itself. */
const moduleOf = (code: string, exported: readonly Exported[]): string => {
  const isFragment = /^ *\w+: /.test(code);
  const whole = isFragment
    ? `export const options = { ${code} } satisfies Partial<FileServiceConfig>;`
    : code;
  const isWanted = (name: string): boolean =>
    new RegExp(`\\b${name}\\b`).test(whole) &&
    !new RegExp(`import [^;]*\\b${name}\\b[^;]*from|(?:const|type) ${name}\\b`).test(whole);
  const values = exported.filter(({ name, isValue }) => isValue && isWanted(name));
  const types = exported.filter(({ name, isValue }) => !isValue && isWanted(name));
  const list = (of: readonly Exported[]): string => of.map(({ name }) => name).join(', ');
  return [
    `import { ${list(values)} } from '../../src/index.ts';`,
    `import type { ${list(types)} } from '../../src/index.ts';`,
    ...Object.entries(SURROUNDINGS).flatMap(([name, line]) => (isWanted(name) ? [line] : [])),
    whole.replaceAll(/'(s3files(?:\/\w+)?)'/g, (whole, name: string) =>
      ENTRIES[name] === undefined ? whole : `'../../${ENTRIES[name]}'`,
    ),
    'export {};',
  ].join('\n');
};

describe('the documentation of the package', () => {
  const adapters = ['s3files/fetch', 's3files/fastify', 's3files/nest'] as const;
  const pathOf = (name: string): string => join(ROOT, ENTRIES[name] ?? '');
  const program = ts.createProgram([INDEX, ...adapters.map(pathOf)], options);
  const exported = exportsOf(program);
  const ofAdapters = adapters.flatMap((name) =>
    exportsOf(program, pathOf(name)).map((one) => ({ ...one, from: name })),
  );

  const values = ofAdapters.filter(({ isValue }) => isValue);
  it.each([...exported, ...values])('has an example of $name', ({ examples }) => {
    expect(examples).not.toEqual([]);
  });

  it('has examples and guides whose code compiles', () => {
    const names = (isValue: boolean): string =>
      exported.flatMap((one) => (one.isValue === isValue ? [one.name] : [])).join(', ');
    const imports = `import { ${names(true)} } from '../../src/index.ts';\nimport type { ${names(false)} } from '../../src/index.ts';\n`;
    const modules = new Map(
      exported.flatMap(({ name, examples }) =>
        examples.map((example, index) => [
          join(HERE, `example-${name}-${index}.ts`),
          imports + example,
        ]),
      ),
    );
    expect(modules.size).toBeGreaterThan(20);
    for (const { name, isValue, examples, from } of ofAdapters)
      for (const [index, example] of examples.entries()) {
        const own = `import ${isValue ? '' : 'type '}{ ${name} } from '${from}';\n`;
        modules.set(join(HERE, `example-${name}-${index}.ts`), moduleOf(own + example, exported));
      }
    for (const guide of GUIDES)
      for (const [line, code] of blocksOf(guide))
        // Uppy's types bring those of browsers along, in which Node's own are others: test/clients/uppy.test.ts runs it.
        if (!code.includes("'@uppy/"))
          modules.set(
            join(HERE, `${guide.replace('/', '-')}-${line}.ts`),
            moduleOf(code, exported),
          );
    expect(modules.size).toBeGreaterThan(35);
    expect(diagnose(modules, program)).toEqual([]);
    const wrong = new Map([
      [join(HERE, 'example-wrong.ts'), `${imports}memoryCache({ maxByte: 1 });`],
    ]);
    expect(diagnose(wrong, program)).toHaveLength(1);
  }, 120_000);
});
