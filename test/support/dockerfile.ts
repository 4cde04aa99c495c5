// The steps of a Dockerfile, done in folders of this machine instead of images: what Docker would copy and run, without it.
import { execFile } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** An instruction, and what follows it. */
export type Instruction = readonly [name: string, rest: string];

/** The instructions of a Dockerfile: comments gone, continued lines joined. */
export function instructionsOf(text: string): readonly Instruction[] {
  return text
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1).trim()]);
}

/** Where the steps are done, and with what. */
interface Building {
  /** What `.dockerignore` lets in. */
  readonly context: string;
  /** Gets a folder for each stage: the root of its image. */
  readonly root: string;
}

/** Does every step; the answer is the working directory of the last image, in its folder. */
export async function build(
  instructions: readonly Instruction[],
  { context, root }: Building,
): Promise<string> {
  let image = root;
  let directory = root;
  let count = 0;
  const isIn = (path: string): string =>
    join(image, resolve('/', directory.slice(image.length), path));
  for (const [name, rest] of instructions) {
    if (name === 'FROM') {
      count += 1;
      image = join(root, / AS (\w+)$/.exec(rest)?.[1] ?? `stage-${count}`);
      directory = image;
    }
    if (name === 'WORKDIR') {
      directory = isIn(rest);
      await mkdir(directory, { recursive: true });
    }
    if (name === 'COPY') {
      const words = rest.split(' ');
      const from = /^--from=(\w+)$/.exec(words[0] ?? '')?.[1];
      const sources = words.slice(from === undefined ? 0 : 1, -1);
      const target = words.at(-1) ?? '';
      for (const source of sources) {
        const origin = join(from === undefined ? context : join(root, from), source);
        // A folder's content goes into the target, a file below it under its name.
        const place = sources.length > 1 ? join(isIn(target), source) : isIn(target);
        await cp(origin, place, { recursive: true, verbatimSymlinks: true });
      }
    }
    if (name === 'RUN') await run('sh', ['-c', rest], { cwd: directory, maxBuffer: 2 ** 26 });
  }
  return directory;
}
