// `s3files ls`: the entries of a folder.
import { sizeOf, say, UsageError, type Io } from './io.js';
import type { Given } from './options.js';
import { reach } from './reach.js';

/** Lists a folder, one entry a line; JSON lines with `--json`. */
export async function listFiles(given: Given, io: Io): Promise<number> {
  const [operand = '', ...others] = given.operands;
  if (others.length > 0) throw new UsageError('ls takes one folder: s3files ls docs/');
  const folder = asFolder(operand);
  const { files, close } = await reach(given, io);
  try {
    for await (const entry of files.list(folder, { recursive: given.has('recursive') })) {
      if (given.has('json')) say(io.out, JSON.stringify(entry));
      else if (entry.type === 'folder') say(io.out, line('', entry.last_modified, entry.path));
      else say(io.out, line(sizeOf(entry.content_length), entry.last_modified, entry.path));
    }
    return 0;
  } finally {
    await close();
  }
}

/** A path as a folder's: no slash in front, one at the end. */
export function asFolder(path: string): string {
  const inner = path.replace(/^\/+|\/+$/g, '');
  return inner === '' ? '' : `${inner}/`;
}

function line(size: string, date: string | null, path: string): string {
  return `${size.padStart(10)}  ${(date ?? '').padEnd(20)}  ${path}`;
}
