// Writes what the code says of itself into the README and the guides: `npm run docs`. A test compares them.
import { readFileSync, writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { REASONS, phraseOf, statusOf } from '../src/core/errors.ts';
import { OPERATIONS } from '../src/operations/index.ts';
import type { Operation } from '../src/operations/operation.ts';
import {
  memberTable,
  operationSections,
  optionTable,
  PLACES,
  readyMadeTable,
} from './reference.ts';

const RESULTS = new URL('../bench/results/README.md', import.meta.url);

/** Rows of the table of requests: method, place, what selects it, what it does. */
export function requestTable(): string {
  const rows = OPERATIONS.map((operation) =>
    [
      operation.methods.join(' '),
      operation.targets.map((target) => `\`${PLACES[target]}\``).join(' '),
      `\`${operation.name}\``,
      operation.sentence,
      parametersOf(operation),
    ].join(' | '),
  );
  return table('method | path | operation | what it does | parameters and headers', rows);
}

/** Rows of the table of errors. */
export function errorTable(): string {
  const statuses = [...new Set(REASONS.map(statusOf))].toSorted((left, right) => left - right);
  const rows = statuses.map((status) => {
    const reasons = REASONS.filter((reason) => statusOf(reason) === status);
    const phrases = [...new Set(reasons.map(phraseOf))].join(', ');
    return `${status} | ${phrases} | ${reasons.map((reason) => `\`${reason}\``).join(', ')}`;
  });
  return table('status | phrase | reasons', rows);
}

/** Rows of the table of speed: the targets, as the last full measurement found them. */
export function speedTable(results: string): string {
  const cells = results
    .split('\n')
    .filter((line) => / (?:not )?reached \|$/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const rows = cells.map(([, work, ours, peer, target, measured, , , verdict]) =>
    [work, ours, peer, measured, verdict === 'reached' ? target : `${target} (not reached)`].join(
      ' | ',
    ),
  );
  return table('work | ours | against | measured | target', rows);
}

function parametersOf({ query, headers }: Operation): string {
  const names = [...Object.keys(query), ...Object.keys(headers).map((name) => `${name}:`)];
  return names.map((name) => `\`${name}\``).join(' ');
}

function table(head: string, rows: readonly string[]): string {
  const columns = head.split(' | ').length;
  const rule = Array.from({ length: columns }, () => '---').join(' | ');
  return [head, rule, ...rows].map((row) => `| ${row} |`).join('\n');
}

/** What stands between the markers of each guide. */
const GUIDES: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'README.md': {
    requests: requestTable,
    errors: errorTable,
  },
  'docs/speed.md': { speed: () => speedTable(readFileSync(RESULTS, 'utf8')) },
  'docs/configuration.md': { options: optionTable, members: memberTable },
  'docs/hooks.md': { 'ready-made': readyMadeTable },
  'docs/http-api.md': { requests: requestTable, operations: operationSections, errors: errorTable },
};

/** The guides that the code writes parts of. */
export const WRITTEN = Object.keys(GUIDES);

/** A guide as it stands there, and with everything between its markers made anew. */
export async function freshGuide(guide: string): Promise<{ old: string; fresh: string }> {
  const old = readFileSync(new URL(`../${guide}`, import.meta.url), 'utf8');
  const filled = Object.entries(GUIDES[guide] ?? {}).reduce(
    (text, [name, content]) => fill(text, name, content()),
    old,
  );
  const fresh = await format(filled, { parser: 'markdown', singleQuote: true, printWidth: 100 });
  return { old, fresh };
}

function fill(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from === -1 || to === -1) throw new Error(`There are no markers for ${name}.`);
  return `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`;
}

if (process.argv[1] === import.meta.filename)
  for (const guide of WRITTEN)
    writeFileSync(new URL(`../${guide}`, import.meta.url), (await freshGuide(guide)).fresh);
