// The table of figures: printed as they come and kept in docs/figures.md, one row a figure.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const FILE = fileURLToPath(new URL('../../docs/figures.md', import.meta.url));
const HEAD = `# Figures

Measured by \`npm run figures\`, the service in a process of its own on a shared machine of two cores:
read the bounds and ratios, not the absolutes.

| figure | target | measured | reached |
| --- | --- | --- | --- |
`;

/** One figure. */
export interface Figure {
  readonly name: string;
  readonly target: string;
  readonly measured: string;
  readonly reached: boolean;
}

/** Notes a figure, then fails the test when it does not reach its target. */
export function figure({ name, target, measured, reached }: Figure): void {
  const row = `| ${name} | ${target} | ${measured} | ${reached ? 'yes' : '**no**'} |`;
  console.info(row);
  const rows = existsSync(FILE) ? readFileSync(FILE, 'utf8').slice(tableStart()).split('\n') : [];
  const kept = rows.filter((line) => line !== '' && !line.startsWith(`| ${name} |`));
  writeFileSync(FILE, `${HEAD}${[...kept, row].join('\n')}\n`);
  expect({ name, measured, reached }).toEqual({ name, measured, reached: true });
}

function tableStart(): number {
  const text = readFileSync(FILE, 'utf8');
  const start = text.indexOf('| --- |');
  return start === -1 ? text.length : text.indexOf('\n', start) + 1;
}

/** Bytes as MB. */
export const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;

/** The value below which the share of them lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
