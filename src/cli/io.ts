// What a command speaks with, and how it fails.
import type { Writable } from 'node:stream';

/** A stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Environment and streams of a command. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: Output;
  readonly err: Output;
}

/** A command that was written wrongly; its message says how to write it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Writes a line. */
export function say(output: Output, line: string): void {
  output.write(`${line}\n`);
}

/** Bytes as people read them. */
export function sizeOf(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${step === 0 ? bytes : (bytes / 1024 ** step).toFixed(1)} ${units[step]}`;
}
