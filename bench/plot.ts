// The rates as bars, one block a work, each on its own scale; plain SVG, nothing to load.
import { contestants } from './contestants.ts';
import type { ContestantName } from './contestants.ts';
import { medianOf } from './figures.ts';
import type { Result } from './race.ts';
import type { Results } from './report.ts';
import { short } from './report.ts';
import { WORKS } from './works.ts';
import type { WorkName } from './works.ts';

const COLUMNS = 2;
const BLOCK_WIDTH = 560;
const LABEL_WIDTH = 230;
const BAR_WIDTH = 240;
const LINE = 20;
const TITLE = 34;
const GAP = 18;

interface Bar {
  readonly name: ContestantName;
  readonly rate: number;
}

/** The plot of all works that have a rate. */
export function plot(results: Results): string {
  const tops = Array.from({ length: COLUMNS }, () => GAP);
  const blocks: string[] = [];
  for (const [work, result] of results) {
    const bars = barsOf(result);
    if (bars.length === 0) continue;
    // Blocks differ in height: each goes to the column that is shortest so far.
    const column = tops.indexOf(Math.min(...tops));
    const top = tops[column] ?? GAP;
    blocks.push(block(work, bars, column * BLOCK_WIDTH + GAP, top));
    tops[column] = top + TITLE + bars.length * LINE + GAP;
  }
  const width = COLUMNS * BLOCK_WIDTH + GAP;
  const height = Math.max(...tops);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ` +
    `height="${height}" font-family="system-ui, sans-serif" font-size="12">\n` +
    `<title>Answers a second, by work and contestant</title>\n` +
    `<rect width="${width}" height="${height}" fill="#ffffff"/>\n${blocks.join('\n')}\n</svg>\n`
  );
}

function barsOf(result: Result): Bar[] {
  const bars: Bar[] = [];
  for (const [name, showing] of result)
    if (showing.kind === 'measured') bars.push({ name, rate: medianOf(showing.samples, 'rate') });
  return bars.toSorted((a, b) => b.rate - a.rate);
}

function block(work: WorkName, bars: readonly Bar[], left: number, top: number): string {
  const most = bars[0]?.rate ?? 1;
  const title =
    `<text x="${left}" y="${top + 14}" font-weight="600" font-size="14" fill="#1f2328">` +
    `${WORKS[work].title}</text>`;
  const lines = bars.map(({ name, rate }, index) => {
    const y = top + TITLE - 8 + index * LINE;
    const width = Math.max(1, (rate / most) * BAR_WIDTH);
    const x = left + LABEL_WIDTH;
    // Ours stand out by colour and by name, so that the plot does without a legend.
    const fill = name.startsWith('us-') ? '#0b6bcb' : '#b4bcc6';
    return (
      `<text x="${x - 8}" y="${y + 12}" text-anchor="end" fill="#1f2328">` +
      `${escaped(contestants[name].title)}</text>` +
      `<rect x="${x}" y="${y}" width="${width.toFixed(1)}" height="${LINE - 5}" rx="2" fill="${fill}"/>` +
      `<text x="${(x + width + 6).toFixed(1)}" y="${y + 12}" fill="#57606a">${short(rate)}/s</text>`
    );
  });
  return [title, ...lines].join('\n');
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
