// Programs that read the zip of a folder: from a file, and from a pipe, where nobody can seek.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ReadableStream } from 'node:stream/web';
import unzipper from 'unzipper';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installed } from '../support/programs.ts';
import { startProgramTrial, type ProgramTrial } from './run-program.ts';

const FILES: Readonly<Record<string, string>> = {
  'a.txt': 'a',
  'empty.txt': '',
  'sub/caf\u00e9.txt': 'b'.repeat(70_000),
  'sub/z.txt': 'z',
};

const SIZES_IN_JAVA = `
import java.util.zip.*;
public class Sizes {
  public static void main(String[] given) throws Exception {
    ZipInputStream in = new ZipInputStream(System.in);
    java.io.PrintStream out = new java.io.PrintStream(System.out, true, "UTF-8");
    for (ZipEntry entry; (entry = in.getNextEntry()) != null; )
      out.println(entry.getName() + " " + in.readAllBytes().length);
  }
}
`;

// Keys that one disk takes for the same name, or that Windows refuses, and where each is found.
const NAMESAKES: Readonly<Record<string, string>> = {
  'A.txt': 'A.txt',
  CON: 'CON_',
  'a.txt': 'a (2).txt',
  'a:b*?': 'a%3Ab%2A%3F',
  'dot.': 'dot%2E',
  x: 'x',
  'x/y': 'x (2)/y',
};

describe.runIf(installed('curl'))('the zip of names that a disk cannot tell apart', () => {
  let trial: ProgramTrial;

  beforeAll(async () => {
    trial = await startProgramTrial();
    for (const key of Object.keys(NAMESAKES))
      trial.store.double.seed(trial.store.bucket, `f/${key}`, key);
    await trial.run('curl', '-sS', '-o', 'f.zip', `${trial.root}/f/?zip=true`);
  });
  afterAll(() => trial.close());

  const PROGRAMS = [
    ['unzip', ['unzip', '-q', 'f.zip', '-d', 'out-unzip']],
    ['p7zip', ['7z', 'x', '-oout-p7zip', 'f.zip']],
    ['python3', ['python3', '-m', 'zipfile', '-e', 'f.zip', 'out-python3']],
    ['bsdtar', ['sh', '-c', 'mkdir out-bsdtar && cat f.zip | bsdtar -xf - -C out-bsdtar']],
  ] as const;

  it.each(PROGRAMS.filter(([program]) => installed(program)))(
    'gives every file in %s',
    async (program, [command, ...parameters]) => {
      await trial.run(command, ...parameters);
      for (const [key, name] of Object.entries(NAMESAKES))
        expect(readFileSync(join(trial.folder, `out-${program}`, name), 'utf8')).toBe(key);
    },
  );
});

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
    const listed = await trial.run('sh', '-c', `curl -sS '${url}' | bsdtar -tf -`);
    expect(listed.trim().split('\n').toSorted()).toEqual(Object.keys(FILES).toSorted());
  });

  it.runIf(installed('java'))("reads in Java's ZipInputStream from a pipe", async () => {
    writeFileSync(join(trial.folder, 'Sizes.java'), SIZES_IN_JAVA);
    const url = `${trial.root}/f/?zip=true`;
    const read = await trial.run('sh', '-c', `curl -sS '${url}' | java Sizes.java`);
    const sizes = Object.entries(FILES).map(([name, text]) => `${name} ${text.length}`);
    expect(read.trim().split('\n').toSorted()).toEqual(sizes.toSorted());
  });

  it("reads in npm's unzipper as it comes", async () => {
    const { body } = await fetch(`${trial.root}/f/?zip=true`);
    // Border with the types of fetch: its stream is Node's.
    const entries = Readable.fromWeb(body as ReadableStream).pipe(
      unzipper.Parse({ forceStream: true }),
    );
    const found: Record<string, string> = {};
    for await (const entry of entries as AsyncIterable<unzipper.Entry>)
      found[entry.path] = await text(entry);
    expect(found).toEqual(FILES);
  });
});
