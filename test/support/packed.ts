// The packed tarball, unpacked, and projects that have it installed: what a host gets, not what the checkout holds.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Of the checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What tests read of our package.json. */
export interface Manifest {
  readonly version: string;
  readonly bin: { readonly s3files: string };
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}
// Our own file.
export const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

/** A folder for tests of the package. */
export interface Packed {
  readonly folder: string;
  readonly tarball: string;
  /** Files and folders of the package. */
  readonly contents: readonly string[];
  /**
   * A project that has the package and `packages` installed, laid out as npm does. The package sees
   * the dependencies that it declares and no other, so a missing declaration shows.
   */
  readonly consumer: (
    name: string,
    files: Readonly<Record<string, string>>,
    packages?: readonly string[],
  ) => Promise<string>;
  readonly remove: () => Promise<void>;
}

/** Packs what was built. */
export async function packed(): Promise<Packed> {
  if (!existsSync(join(ROOT, 'dist'))) throw new Error('dist is missing: npm run build');
  const folder = await mkdtemp(join(tmpdir(), 's3files-package-'));
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  const { stdout } = await run('npm', pack, { cwd: ROOT });
  const tarball = join(folder, stdout.trim());
  await run('tar', ['-xzf', tarball, '-C', folder]);
  const contents = await readdir(join(folder, 'package'), { recursive: true });
  return {
    folder,
    tarball,
    contents,
    consumer: async (name, files, packages = ['express']) => {
      const place = join(folder, name);
      const modules = join(place, 'node_modules');
      const installed = join(modules, 's3files');
      await mkdir(modules, { recursive: true });
      await run('cp', ['-r', join(folder, 'package'), installed]);
      const ours = join(ROOT, 'node_modules');
      for (const dependency of Object.keys(manifest.dependencies)) {
        await linkPackage(dependency, join(ours, dependency), join(installed, 'node_modules'));
      }
      for (const other of packages) await linkPackage(other, join(ours, other), modules);
      for (const [file, text] of Object.entries(files)) await writeFile(join(place, file), text);
      return place;
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

/** Whether the SDK warns of this Node: its versions of 2027 want 22. The package does not silence that. */
export const IS_WARNED_OF_NODE = Number(process.versions.node.split('.')[0]) < 22;

/** What a program has said beside the SDK's warning. */
export const besideSdkWarning = (said: string): string =>
  said.replace(/\(node:\d+\) Warning: NodeVersionSupportWarning[\s\S]*?\(Use `node [^\n]*\n/, '');

/** Puts a package into a folder of packages. */
export async function linkPackage(name: string, from: string, into: string): Promise<void> {
  const place = join(into, name);
  await mkdir(dirname(place), { recursive: true });
  await symlink(from, place);
}
