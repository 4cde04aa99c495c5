// What goes out: whose it is, what it brings along, what is said of it, and how it is made.
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
}
// Our own files.
const { packages } = JSON.parse(read('package-lock.json')) as {
  packages: Readonly<Record<string, Locked>>;
};
const manifest = JSON.parse(read('package.json')) as {
  version: string;
  repository: { url: string };
  bugs: { url: string };
  homepage: string;
  scripts: Readonly<Record<string, string>>;
  dependencies: Readonly<Record<string, string>>;
};
const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);

describe('what a consumer installs', () => {
  it('runs no script, and comes from the registry', () => {
    expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
    const elsewhere = Object.entries(packages).filter(
      ([path, { resolved }]) =>
        path !== '' && resolved?.startsWith('https://registry.npmjs.org/') === false,
    );
    expect(elsewhere.map(([path]) => path)).toEqual([]);
  });

  it('is few packages', () => {
    expect(installed.length).toBeLessThanOrEqual(45);
  });

  it('stands whole in the bill of materials, each with its digest', async () => {
    const { stdout } = await run('npm', ['run', '--silent', 'sbom'], {
      cwd: ROOT,
      maxBuffer: 2 ** 24,
    });
    const { bomFormat, metadata, components } = JSON.parse(stdout) as {
      bomFormat: string;
      metadata: { component: { name: string; version: string } };
      components: { name: string; version: string; hashes?: unknown[] }[];
    };
    expect([bomFormat, metadata.component]).toMatchObject([
      'CycloneDX',
      { name: 's3files', version: manifest.version },
    ]);
    const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 13);
    expect(components.map(({ name, version }) => `${name}@${version}`).toSorted()).toEqual(
      installed.map(([path, { version }]) => `${nameOf(path)}@${version}`).toSorted(),
    );
    expect(components.filter(({ hashes }) => hashes?.length !== 1)).toEqual([]);
  }, 60_000);

  it('takes any later SDK of its major, so that each Node gets the newest that runs there', () => {
    for (const name of ['@aws-sdk/client-s3', '@aws-sdk/s3-request-presigner'])
      expect(manifest.dependencies[name]).toMatch(/^\^3\.\d+\.\d+$/);
  });
});

it('repository, bugs and homepage name one owner', () => {
  const { repository, bugs, homepage } = manifest;
  const owners = [repository.url, bugs.url, homepage].map(
    (url) => /github\.com\/([\w-]+\/s3files)/.exec(url)?.[1],
  );
  expect(new Set(owners).size).toBe(1);
  expect(owners[0]).toMatch(/^[\w-]+\/s3files$/);
});

describe('the workflows', () => {
  const folder = '.github/workflows';
  const files = readdirSync(join(ROOT, folder));
  const textOf = (file: string): string => read(`${folder}/${file}`);

  it.each(files)('%s has the least rights, an end, and no input in its commands', (file) => {
    const text = textOf(file);
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
    expect(text).toContain('timeout-minutes:');
    expect(text).not.toContain('pull_request_target');
    const commands = [...text.matchAll(/- run: (.*)/g)].map(([, command = '']) => command);
    expect(commands.filter((command) => command.includes('${{'))).toEqual([]);
    for (const [, script = ''] of text.matchAll(/npm run (?:--silent )?(\w+)/g))
      expect(Object.keys(manifest.scripts)).toContain(script);
  });

  it('test on every Node that is promised', () => {
    expect(textOf('test.yml')).toContain('node: [20, 22, 24, 26]');
    // Without these the suite of the package says that runtimes are missing.
    for (const file of ['test.yml', 'publish.yml'])
      expect(textOf(file)).toContain('npm ci --ignore-scripts --prefix test/package/runtimes');
  });

  it('publish with provenance and a bill of materials', () => {
    const text = textOf('publish.yml');
    expect(text).toContain('npm publish --ignore-scripts --provenance');
    expect(text).toContain('id-token: write');
    expect(text).toContain('gh release upload "$TAG" s3files.cdx.json');
    expect(text).not.toMatch(/secrets\./);
  });
});
