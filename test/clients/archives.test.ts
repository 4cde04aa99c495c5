// Programs that read the zip of a folder: from a file, and from a pipe, where nobody can seek.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installed } from '../support/programs.ts';
import { startProgramTrial, type ProgramTrial } from './run-program.ts';

const FILES: Readonly<Record<string, string>> = {
  'a.txt': 'a',
  'empty.txt': '',
  'sub/caf\u00e9.txt': 'b'.repeat(70_000),
  'sub/z.txt': 'z',
};

describe.runIf(installed('curl'))('the zip of a folder', () => {
  let trial: ProgramTrial;
  const read = (name: string): string => readFileSync(join(trial.folder, name), 'utf8');
  const unpacked = (folder: string): Record<string, string> =>
    Object.fromEntries(Object.keys(FILES).map((name) => [name, read(`${folder}/${name}`)]));

  beforeAll(async () => {
    trial = await startProgramTrial();
    for (const [name, text] of Object.entries(FILES))
      trial.store.double.seed(trial.store.bucket, `f/${name}`, text);
    await trial.run('curl', '-sS', '-o', 'f.zip', `${trial.root}/f/?zip=true`);
  });
  afterAll(() => trial.close());

  it.runIf(installed('unzip'))('unpacks in unzip', async () => {
    await trial.run('unzip', '-q', 'f.zip', '-d', 'unzip');
    expect(unpacked('unzip')).toEqual(FILES);
  });

  it.runIf(installed('p7zip'))('unpacks in 7-Zip, which finds nothing to warn of', async () => {
    expect(await trial.run('7z', 'x', '-o7z', 'f.zip')).toMatch(/^Everything is Ok$/m);
    expect(unpacked('7z')).toEqual(FILES);
  });

  it.runIf(installed('python3'))("unpacks in Python's zipfile", async () => {
    await trial.run('python3', '-m', 'zipfile', '-e', 'f.zip', 'python');
    expect(unpacked('python')).toEqual(FILES);
  });

  it.runIf(installed('bsdtar'))('unpacks in bsdtar from a pipe', async () => {
    const url = `${trial.root}/f/?zip=true`;
    await trial.run('sh', '-c', `mkdir bsdtar && curl -sS '${url}' | bsdtar -xf - -C bsdtar`);
    expect(unpacked('bsdtar')).toEqual(FILES);
  });
});
