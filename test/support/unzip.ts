// A zip as Python's zipfile reads it: a reader that is not ours.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    print(json.dumps({i.filename: archive.read(i).decode('latin-1') for i in archive.infolist()}))
`;

/** Entries by name, in order, each byte a Latin-1 character; throws when the archive is not sound. */
export function unzipSync(archive: Uint8Array): Readonly<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 's3files-unzip-'));
  try {
    const file = join(folder, 'archive.zip');
    writeFileSync(file, archive);
    // The program prints an object of texts.
    return JSON.parse(
      execFileSync('python3', ['-c', PROGRAM, file], {
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
        // What Python says of an archive that is not sound stands in the error that is thrown.
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    ) as Record<string, string>;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
