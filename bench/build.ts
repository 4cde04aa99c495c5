// Builds the library under test and the contestants, so that what is measured is what is shipped, not tsx.
import { mkdirSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'tsup';

const HERE = import.meta.dirname;
/** What a run writes and nobody keeps for long: profiles, results of partial runs. */
export const SCRATCH = path.join(HERE, '.work');
/** One run's own, so that two at a time do not meet; it goes when the process does. */
export const WORK_FOLDER = path.join(SCRATCH, `run-${process.pid}`);
mkdirSync(WORK_FOLDER, { recursive: true });
process.once('exit', () => rmSync(WORK_FOLDER, { recursive: true, force: true }));
// An interrupted run cleans up as well: `exit` handlers do not run for a signal without a listener.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

/** Where a contestant's program lies after {@link buildAll}. */
export const program = (name: string): string =>
  path.join(WORK_FOLDER, 'programs', 'contestants', `${name}.js`);
export const HEAD_LOAD = path.join(WORK_FOLDER, 'programs', 'head-load.js');

/** Builds all; returns the library's entry, which is the given one when another build is to be measured. */
export async function buildAll(given: string | undefined): Promise<string> {
  const folder = path.join(HERE, 'contestants');
  const programs = (await readdir(folder)).map((file) => path.join(folder, file));
  const common = {
    config: false,
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    clean: true,
    silent: true,
    skipNodeModulesBundle: true,
  } as const;
  await build({
    ...common,
    entry: [path.join(HERE, 'head-load.ts'), ...programs],
    outDir: path.join(WORK_FOLDER, 'programs'),
  });
  if (given !== undefined) return path.resolve(given);
  const library = path.join(WORK_FOLDER, 'library');
  await build({ ...common, entry: [path.join(HERE, '..', 'src', 'index.ts')], outDir: library });
  return path.join(library, 'index.js');
}
