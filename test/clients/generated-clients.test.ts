// Clients that generators write from the description of a running service: they compile, and do every operation.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installed } from '../support/programs.ts';
import { PUBLIC_ADDRESS, startPublicHost, type PublicHost } from '../support/public-host.ts';
import { MOUNT } from '../support/mount.ts';
import { startService, type RunningService } from '../support/service.ts';
import { doubleStore, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';

/** What `makeSteps` of a program makes: see `generated/programs/steps.ts`. */
type Steps = Readonly<Record<string, () => Promise<string>>>;
interface Client {
  readonly makeSteps: (root: string, imported: string) => Steps;
}

const HERE = fileURLToPath(new URL('generated', import.meta.url));
const run = promisify(execFile);

/** What each client answers, an operation a row, in this order. */
const ANSWERS = {
  describe: '3.1.0',
  write: 'docs/a b.txt',
  write_named: 'docs/named.txt',
  make_folder: 'new/',
  make_folder_named: 'docs/made/',
  write_form: 'form.txt',
  write_form_file: 'docs/f.txt',
  write_batch: 'batch b.txt moved.txt',
  import: 'docs/imported.txt',
  sign_write: 'PUT',
  upload_link: 'docs/linked.txt',
  share: 'shared',
  open_link: 'hello',
  list: 'a b.txt b.txt f.txt form.txt imported.txt linked.txt moved.txt',
  search: 'docs/linked.txt',
  list_access: ' * docs/ docs/* new/ new/*',
  read_folder_properties: 'docs/',
  read_properties: Buffer.from('hello').toString('base64'),
  read: 'hello',
  sign_read: '3600',
  zip: 'PK, whole',
  zip_selection: 'PK, whole',
  update_folder: 'true',
  update: 'a',
  remove_batch: 'docs/b.txt new/',
  remove_folder: 'docs/made/',
  remove: 'docs/a b.txt',
} as const;

/** How each generator is called; the program that uses what it made has the name of the row. */
const GENERATORS: Readonly<Record<string, (spec: string) => readonly string[]>> = {
  'openapi-fetch': (spec) => ['openapi-typescript.mjs', spec, 'made/openapi-typescript.ts'],
  orval: () => ['node_modules/orval/dist/bin/orval.js', '--config', 'orval.config.cjs'],
  'hey-api': (spec) => [
    'node_modules/@hey-api/openapi-ts/bin/run.js',
    '-i',
    spec,
    '-o',
    'made/hey-api',
    '-c',
    '@hey-api/client-fetch',
  ],
};
const COMPILER = {
  compilerOptions: {
    module: 'ESNext',
    moduleResolution: 'bundler',
    target: 'ES2022',
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  },
  files: Object.keys(GENERATORS).map((name) => `${name}.ts`),
};

describe.runIf(installed('generators'))('clients that are generated', () => {
  let folder: string;
  let outside: PublicHost;
  const running: { store: Store; service: RunningService }[] = [];
  const start = async (): Promise<RunningService> => {
    const store = await doubleStore();
    const service = await startService(store, { importFromUrl: true, directUploads: false });
    running.push({ store, service });
    return service;
  };

  beforeAll(async () => {
    outside = await startPublicHost((_, res) => res.end('hello'));
    folder = await mkdtemp(join(tmpdir(), 's3files-generated-'));
    await cp(join(HERE, 'programs'), folder, { recursive: true });
    await mkdir(join(folder, 'made'));
    await symlink(join(HERE, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(COMPILER));
    const { port } = await start();
    const spec = `http://127.0.0.1:${port}${MOUNT}/_spec`;
    const env = { PATH: process.env.PATH, HOME: folder, CI: 'true', SPEC: spec };
    await Promise.all(
      Object.values(GENERATORS).map((parameters) =>
        run(process.execPath, parameters(spec), { cwd: folder, env, timeout: 120_000 }),
      ),
    );
  }, 180_000);
  afterAll(async () => {
    for (const { store, service } of running) {
      await service.close();
      await store.close();
    }
    await outside.close();
    await rm(folder, { recursive: true });
  });

  it('compile strictly, and refuse what the description has not', async () => {
    const compiler = join(folder, 'node_modules/typescript/bin/tsc');
    const output = await run(process.execPath, [compiler, '-p', folder]).then(
      ({ stdout }) => stdout,
      // execFile's rejection carries what the program printed.
      (error: { stdout: string }) => error.stdout,
    );
    expect(output).toBe('');
    for (const name of Object.keys(GENERATORS))
      expect(await readFile(join(folder, `${name}.ts`), 'utf8')).toContain('@ts-expect-error');
  }, 120_000);

  it.each(Object.keys(GENERATORS))('do every operation of the description by %s', async (name) => {
    const service = await start();
    const client = (await import(join(folder, `${name}.ts`))) as Client;
    const root = `http://127.0.0.1:${service.port}${MOUNT}`;
    const steps = client.makeSteps(root, `http://${PUBLIC_ADDRESS}/file.txt`);
    const answers: Record<string, string> = {};
    for (const [operation, step] of Object.entries(steps)) answers[operation] = await step();
    expect(answers).toEqual(ANSWERS);
    const names = Object.keys(ANSWERS);
    await until(() => service.audit.length >= names.length, { what: 'the last audit event' });
    expect([...new Set(service.audit.map(({ operation }) => operation))]).toEqual(names);
    // What a later version describes must be done here too.
    type Paths = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    const { paths } = service.files.openapi() as unknown as { readonly paths: Paths };
    const described = Object.values(paths).flatMap((item) =>
      Object.values(item).flatMap((one) => {
        const { 'x-operations': names = [] } = one as { 'x-operations'?: readonly string[] };
        return names;
      }),
    );
    expect(new Set(names)).toEqual(new Set(described));
  });

  it.each(['redocly', 'spectral'])(
    'come from a description that %s finds no error in',
    async (linter) => {
      const service = await start();
      await writeFile(
        join(folder, 'description.json'),
        JSON.stringify(service.files.openapi(), null, 2),
      );
      const parameters = {
        redocly: ['@redocly/cli/bin/cli.js', 'lint', 'description.json', '--format', 'json'],
        spectral: [
          '@stoplight/spectral-cli/dist/index.js',
          'lint',
          'description.json',
          '-f',
          'json',
        ],
      }[linter] as string[];
      await writeFile(join(folder, '.spectral.json'), '{"extends":"spectral:oas"}');
      // The slash at the end of a path is what makes it a folder here.
      const rules = { extends: ['recommended'], rules: { 'no-path-trailing-slash': 'off' } };
      await writeFile(join(folder, 'redocly.yaml'), JSON.stringify(rules));
      const [program = '', ...rest] = parameters;
      const env = { PATH: process.env.PATH, HOME: folder, CI: 'true', REDOCLY_TELEMETRY: 'off' };
      const output = await run(process.execPath, [join(folder, 'node_modules', program), ...rest], {
        cwd: folder,
        env,
        timeout: 120_000,
      }).then(
        ({ stdout }) => stdout,
        (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
      );
      expect(errorsOf(linter, output)).toEqual([]);
    },
    120_000,
  );
});

/** The errors in the report of a linter, without its warnings. */
const errorsOf = (linter: string, output: string): unknown[] => {
  if (linter === 'spectral') {
    // Spectral: 0 is an error.
    const found = JSON.parse(output) as { readonly severity: number }[];
    return found.filter(({ severity }) => severity === 0);
  }
  const { problems } = JSON.parse(output) as { readonly problems: { readonly severity: string }[] };
  return problems.filter(({ severity }) => severity === 'error');
};
