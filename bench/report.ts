// The results as a page of Markdown: targets first, then a table for each work.
import { contestants } from './contestants.ts';
import type { ContestantName } from './contestants.ts';
import { medianOf, ratioOf } from './figures.ts';
import type { Showing } from './figures.ts';
import type { Result } from './race.ts';
import { TARGETS } from './targets.ts';
import type { Target } from './targets.ts';
import { WORKS } from './works.ts';
import type { WorkName } from './works.ts';

export type Results = ReadonlyMap<WorkName, Result>;

const MIB = 2 ** 20;

/** The page. `about` says where and how it was measured; `plot` is the SVG's file name. */
export function markdown(results: Results, about: readonly string[], plot: string): string {
  return [
    '# What was measured',
    '',
    ...about.map((line) => `- ${line}`),
    '',
    '## Targets',
    '',
    'A ratio is ours over the peer\u2019s, round by round: the median, and the lowest and highest. "By CPU" is the',
    'peer\u2019s CPU time for one answer over ours, which a busy machine disturbs less.',
    '',
    ...table(
      ['work', 'ours', 'peer', 'target', 'measured', 'rounds', 'by CPU', ''],
      TARGETS.filter(({ work }) => results.has(work)).map((target) => targetRow(target, results)),
    ),
    '',
    '## Rates',
    '',
    `![Rates by work and contestant](${plot})`,
    ...[...results].flatMap(([work, result]) => workSection(work, result)),
    '',
  ].join('\n');
}

function targetRow(target: Target, results: Results): string[] {
  const result = results.get(target.work);
  const ratio = ratioOf(result?.get(target.us), result?.get(target.peer));
  const head = [
    WORKS[target.work].title,
    contestants[target.us].title,
    contestants[target.peer].title,
    `${target.atLeast}\u00d7`,
  ];
  if (ratio === undefined) return [...head, '\u2013', '', '', 'not measured'];
  return [
    ...head,
    `**${ratio.median.toFixed(2)}\u00d7**`,
    `${ratio.lowest.toFixed(2)}\u2013${ratio.highest.toFixed(2)}`,
    `${ratio.cpu.toFixed(2)}\u00d7`,
    ratio.median >= target.atLeast ? 'reached' : 'not reached',
  ];
}

function workSection(work: WorkName, result: Result): string[] {
  const heads = [
    'contestant',
    'answers/s',
    'rounds',
    'CPU \u00b5s',
    'peak MiB',
    'p50 ms',
    'p99 ms',
  ];
  const rows = [...result].map(([name, showing]) => contestantRow(name, showing));
  const notes = [...result].flatMap(([name, showing]) =>
    showing.kind === 'out'
      ? []
      : showing.notes.map((note) => `- ${contestants[name].title}: ${note}.`),
  );
  const said = notes.length === 0 ? [] : ['', ...notes];
  return ['', `### ${WORKS[work].title}`, '', ...table(heads, rows), ...said];
}

function contestantRow(name: ContestantName, showing: Showing): string[] {
  const { title } = contestants[name];
  if (showing.kind === 'out') return [title, showing.reason, '', '', '', '', ''];
  const { samples } = showing;
  const rates = samples.map(({ rate }) => rate);
  return [
    title,
    short(medianOf(samples, 'rate')),
    `${short(Math.min(...rates))}\u2013${short(Math.max(...rates))}`,
    short(medianOf(samples, 'cpuMicroseconds')),
    short(Math.max(...samples.map(({ peakBytes }) => peakBytes)) / MIB),
    short(medianOf(samples, 'p50Ms')),
    short(medianOf(samples, 'p99Ms')),
  ];
}

/** Three figures or so: more would claim a precision that the rounds do not have. */
export const short = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2);

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = heads.map((_, index) => (index === 0 ? '---' : '---:'));
  return [line(heads), line(rule), ...rows.map(line)];
}
