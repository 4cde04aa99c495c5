// Runs a command in this process, and keeps what it says.
import { Writable } from 'node:stream';
import { runCommand } from '../../src/cli/run.ts';

/** What a command did. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A way to run `s3files` with these words. */
export type Run = (words: readonly string[], setting?: Setting) => Promise<Ran>;

/** What surrounds a command. */
export interface Setting {
  readonly env?: Readonly<Record<string, string>>;
  /** Whether its messages go to a terminal. @default false */
  readonly isTTY?: boolean;
}

/** Runs `s3files` with these words. */
export async function s3files(words: readonly string[], setting: Setting = {}): Promise<Ran> {
  const [out, err] = [collector(), collector(setting.isTTY)];
  const code = await runCommand(words, { env: setting.env ?? {}, out, err });
  return { code, out: out.text(), err: err.text() };
}

function collector(isTTY = false): Writable & { readonly isTTY: boolean; text(): string } {
  const pieces: string[] = [];
  const stream = new Writable({
    write: (piece: Buffer, _, done) => {
      pieces.push(piece.toString());
      done();
    },
  });
  return Object.assign(stream, { isTTY, text: () => pieces.join('') });
}
