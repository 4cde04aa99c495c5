// Writes the media types of extensions that the service knows, from the package `mime-types`: `npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { types } from 'mime-types';

const FILE = new URL('../src/http/extensions.ts', import.meta.url);
const WIDTH = 116;

const byName = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number =>
  left < right ? -1 : 1;

/** The source of the table: a line a family, `subtype` or `subtype=extension,extension`, broken where it is long. */
export function tableOfExtensions(): string {
  const families = new Map<string, Map<string, string[]>>();
  for (const [extension, type] of Object.entries(types).toSorted(byName)) {
    const [family = '', subtype = ''] = type.split('/');
    const subtypes = families.get(family) ?? new Map<string, string[]>();
    families.set(family, subtypes.set(subtype, [...(subtypes.get(subtype) ?? []), extension]));
  }
  const lines = [...families].toSorted(byName).flatMap(([family, subtypes]) =>
    broken(
      `${family}:`,
      [...subtypes].map(([subtype, extensions]) =>
        extensions.length === 1 && extensions[0] === subtype
          ? subtype
          : `${subtype}=${extensions.join(',')}`,
      ),
    ),
  );
  return [
    '// The media types of extensions, written by `npm run docs` from the package `mime-types` (its database is that of IANA,',
    '// Apache and nginx), which would be a tenth of what importing this library takes.',
    '',
    '/** `family: subtype subtype=extension,extension`, a line each; without extensions a subtype is its own. */',
    'export const EXTENSIONS = `',
    ...lines,
    '`;',
    '',
  ].join('\n');
}

function broken(start: string, words: readonly string[]): string[] {
  const lines: string[] = [];
  let line = start;
  for (const word of words) {
    if (line !== start && line.length + word.length >= WIDTH) {
      lines.push(line);
      line = start;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

if (process.argv[1] === import.meta.filename) {
  if (readFileSync(FILE, 'utf8') !== tableOfExtensions()) writeFileSync(FILE, tableOfExtensions());
}
