// What the guides say is what the code knows: blocks that are no TypeScript are read by what they are for, and names of
// parameters, headers and reasons exist.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../src/cli/run.ts';
import { allowAll, createFileService, fromDreamFactory } from '../../src/index.ts';
import { OPERATIONS } from '../../src/operations/index.ts';
import { makeCertificate } from '../support/certificate.ts';
import { installed } from '../support/programs.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const filesIn = (folder: string, end: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(end) && !file.includes('node_modules'))
    .map((file) => `${folder}/${file}`);

const GUIDES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...filesIn('docs', '.md')];

interface Block {
  readonly guide: string;
  readonly language: string;
  readonly code: string;
}
const blocks: readonly Block[] = GUIDES.flatMap((guide) =>
  [...read(guide).matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```$/gm)].map(
    ([, indent = '', language = '', code = '']) => ({
      guide,
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  ),
);
const inLanguage = (language: string) => blocks.filter((block) => block.language === language);

it('blocks of code are of languages that a test reads', () => {
  const read = new Set(['ts', 'sh', 'json', 'nginx', 'css']);
  // Without a language it is what a program prints, or a picture.
  const others = blocks.filter(({ language }) => language !== '' && !read.has(language));
  expect(others).toEqual([]);
  for (const language of read)
    expect([language, inLanguage(language).length > 0]).toEqual([language, true]);
});

describe.each(inLanguage('json'))('JSON of $guide', ({ code }) => {
  it('is a service definition that makes a service', async () => {
    const definition: unknown = JSON.parse(code.replaceAll('\u2026', 'EXAMPLE'));
    const files = createFileService({ ...fromDreamFactory(definition), authorize: allowAll });
    expect(files.openapi()).toMatchObject({ openapi: '3.1.0' });
    await files.close({ graceMs: 0 });
  });
});

describe.runIf(installed('nginx')).each(inLanguage('nginx'))('nginx of $guide', ({ code }) => {
  it('is taken by nginx', async () => {
    const folder = mkdtempSync(join(tmpdir(), 's3files-nginx-'));
    const { key, cert } = makeCertificate(['files.example']);
    writeFileSync(join(folder, 'key.pem'), key);
    writeFileSync(join(folder, 'cert.pem'), cert);
    const certificate = `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;`;
    const here = code.replaceAll('/var/cache/nginx', folder);
    const config = `pid ${folder}/pid; error_log ${folder}/log; events {} http { ${certificate} ${here} }`;
    writeFileSync(join(folder, 'nginx.conf'), config);
    const { stderr } = await promisify(execFile)('nginx', ['-t', '-c', join(folder, 'nginx.conf')]);
    expect(stderr).toContain('test is successful');
    rmSync(folder, { recursive: true });
  });
});

describe.each(inLanguage('css'))('CSS of $guide', ({ guide, code }) => {
  it('sets properties that the page has, and the guide names all of them', () => {
    const styles = filesIn('web', '.css').map(read).join('\n');
    const known = new Set([...styles.matchAll(/(--s3f-[\w-]+):/g)].map(([, name = '']) => name));
    const set = [...code.matchAll(/(--s3f-[\w-]+):/g)].map(([, name = '']) => name);
    expect(set.filter((name) => !known.has(name))).toEqual([]);
    const named = [...read(guide).matchAll(/`(--s3f-[\w-]+)`/g)].map(([, name = '']) => name);
    // The height of a row is counted with by the script.
    expect(named.toSorted()).toEqual([...known].filter((name) => name !== '--s3f-row').toSorted());
  });
});

describe.each(inLanguage('sh'))('lines for a shell of $guide', ({ code }) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const lines = code.split('\n').map((line) => line.replace(/ +#.*$/, ''));
  const commands = lines.flatMap((line) => line.split(/ && | \| /)).map((line) => line.split(' '));

  it('call scripts, files and options that there are', async () => {
    for (const [program = '', ...words] of commands) {
      if (program === 'npm' && words[0] !== 'install') {
        const script = words[0] === 'run' ? words[1] : words[0];
        expect(Object.keys(scripts)).toContain(script);
      }
      if (program === 'npx' && words[0] === 'vitest')
        expect(existsSync(join(ROOT, words[2] ?? ''))).toBe(true);
      if (program !== 'npx' || words[0] !== 's3files') continue;
      const help = await printed([words[1] ?? '', '--help']);
      const given = words.flatMap((word) => /^--[\w-]+/.exec(word)?.[0] ?? []);
      for (const option of given) expect(help).toContain(option);
    }
  });
});

/** What the command `s3files` prints. */
const printed = async (line: readonly string[]): Promise<string> => {
  let text = '';
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  expect(await runCommand(line, { out, err: out, env: {} })).toBe(0);
  return text;
};

describe('names in the guides', () => {
  const prose = GUIDES.filter((guide) => guide !== 'docs/http-api.md').map(
    (guide) => [guide, read(guide)] as const,
  );
  const parameters = new Set(OPERATIONS.flatMap(({ query }) => Object.keys(query)));
  // Of the original server, of S3, and of a recipe.
  const foreign = new Set(['method', '_method', 'api_key', 'session_token', 'key', 'variant']);

  // Of nginx, and of the original server.
  const others = /^(?:proxy_\w+|client_\w+|merge_slashes|public_path)$/;

  it.each(prose)('%s asks for parameters that there are', (_, text) => {
    const asked = [...text.matchAll(/`[^`\n]*`/g)].flatMap(([code]) =>
      // Other servers have parameters of their own.
      /\/|\?/.test(code) && !code.includes('://')
        ? [...code.matchAll(/[?&](\w+)=/g)].map(([, name = '']) => name)
        : [],
    );
    expect(asked.filter((name) => !parameters.has(name) && !foreign.has(name))).toEqual([]);
  });

  it('have every reason, operation and parameter, and no other word of their kind', () => {
    const source = [...filesIn('src', '.ts'), ...filesIn('web', '.ts'), ...filesIn('web', '.tsx')];
    const known = source.map(read).join('\n');
    const words = prose.flatMap(([guide, text]) =>
      [...text.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, word = '']) => [guide, word] as const),
    );
    expect(words.length).toBeGreaterThan(50);
    const isKnown = (word: string) => others.test(word) || new RegExp(`\\b${word}\\b`).test(known);
    expect(words.filter(([, word]) => !isKnown(word))).toEqual([]);
    const reference = read('docs/http-api.md');
    const missing = [...parameters, ...OPERATIONS.map(({ name }) => name)].filter(
      (name) => !reference.includes(`\`${name}\``),
    );
    expect(missing).toEqual([]);
  });

  /** What the first group finds, each once. */
  const found = (text: string, pattern: RegExp): string[] =>
    [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].toSorted();
  const source = filesIn('src', '.ts').map(read).join('\n');

  it('of warnings and of debug output are those that the code prints', () => {
    const operations = read('docs/operations.md');
    expect(found(operations, /^\| `(S3FILES_\w+)`/gm)).toEqual(
      found(source, /code: '(S3FILES_\w+)'/g),
    );
    expect(found(operations, /`(file-service:\w+)` [a-z]/g)).toEqual(
      found(source, /printer\('(file-service:\w+)'\)/g),
    );
  });

  it('of the phases of onError are those of the type', () => {
    const [, union = ''] = /export type ErrorPhase =([^;]+);/.exec(source) ?? [];
    const [, section = ''] = read('docs/hooks.md').split('`phase` is the hook: ');
    const [sentence = ''] = section.split('`request`');
    for (const phase of found(union, /'(\w+)'/g)) expect(sentence).toContain(`\`${phase}\``);
  });

  it("of the page's options and features are those of their types", () => {
    const types = read('src/server/page/options.ts');
    const [, features = ''] = /export type PageFeature =([^;]+);/.exec(types) ?? [];
    const [, options = ''] = /export interface PageOptions \{([\s\S]*?)\n\}/.exec(types) ?? [];
    const [, section = ''] = read('docs/page.md').split('\n## Options\n');
    const [table = ''] = section.split('\n## ');
    const named = [...table.matchAll(/^\| (`.*?) *\|/gm)].flatMap(([, cell = '']) =>
      found(cell, /`(\w+)`/g),
    );
    expect(named.toSorted()).toEqual(found(options, /^ {2}readonly (\w+)\?:/gm));
    for (const feature of found(features, /'(\w+)'/g)) expect(table).toContain(`\`${feature}\``);
  });

  it('of commands and of environment variables are those of the command line', async () => {
    const configuration = read('docs/configuration.md');
    const commands = found(await printed(['--help']), /^ {2}(\w+) {2,}/gm);
    const section = configuration.split('## From the command line')[1] ?? '';
    for (const command of commands) expect(section).toMatch(new RegExp(`\\b${command}\\b`));
    const cli = filesIn('src/cli', '.ts').map(read).join('\n');
    const variables = found(cli, /\b((?:S3|S3FILES|AWS)_[A-Z_]+)\b/g);
    expect(variables.length).toBeGreaterThan(8);
    for (const name of variables.filter((one) => !one.startsWith('AWS_')))
      expect([name, configuration.includes(`\`${name}\``)]).toEqual([name, true]);
  });

  it('of hooks are those that the package exports', () => {
    const hooks = read('docs/hooks.md');
    const options = read('src/config/options.ts');
    const taken = [
      ...options.matchAll(
        /^ {2}readonly (\w+)\??: (?:Authenticate|Authorize|Limit|Audit|Cache|Scan|OnUploaded|OnError)\b/gm,
      ),
    ];
    expect(taken.length).toBeGreaterThan(5);
    for (const [, name = ''] of taken)
      expect([name, hooks.includes(`\`${name}\``)]).toEqual([name, true]);
  });
});
