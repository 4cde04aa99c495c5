// One run: build, start the stand-in and the contestants, race them work by work, write the results.
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { SCRATCH, WORK_FOLDER, buildAll } from './build.ts';
import type { ContestantName } from './contestants.ts';
import { contestants } from './contestants.ts';
import { medianOf, ratioOf } from './figures.ts';
import type { Options } from './options.ts';
import { readOptions } from './options.ts';
import { plot } from './plot.ts';
import { race } from './race.ts';
import type { Result } from './race.ts';
import type { Results } from './report.ts';
import { markdown, short } from './report.ts';
import { start } from './server.ts';
import type { Server } from './server.ts';
import type { Storage } from './storage.ts';
import { startStorage } from './storage.ts';
import { TARGETS } from './targets.ts';
import type { WorkName } from './works.ts';
import { WORKS } from './works.ts';

const options = readOptions(process.argv.slice(2));
const library = await buildAll(options.library);
const storage = await startStorage(WORK_FOLDER);
const servers = new Map<ContestantName, Server>();
for (const name of options.contestants) {
  if (!options.works.some((work) => isRaced(name, work))) continue;
  // One that cannot start is missed in the table; the others still race.
  const server = await start(contestants[name], storage, library).catch((error: unknown) => {
    console.error(`${contestants[name].title}: ${String(error)}`);
    return undefined;
  });
  if (server === undefined) console.log(`${contestants[name].title}: left out`);
  else servers.set(name, server);
}
await write(await raceAll(servers, storage));
process.exit();

async function raceAll(
  all: ReadonlyMap<ContestantName, Server>,
  over: Storage,
): Promise<ReadonlyMap<WorkName, Result>> {
  const results = new Map<WorkName, Result>();
  for (const work of options.works) {
    const able = [...all].filter(([name]) => isRaced(name, work));
    const result = await race(work, new Map(able), over, options);
    results.set(work, result);
    tell(work, result);
  }
  return results;
}

function isRaced(name: ContestantName, work: WorkName): boolean {
  if (!contestants[name].works.includes(work)) return false;
  const isNamed = TARGETS.some(
    (target) => target.work === work && (target.us === name || target.peer === name),
  );
  return isNamed || !options.ofTargets;
}

function tell(work: WorkName, result: Result): void {
  const first = [...result.values()].find(({ kind }) => kind === 'measured');
  console.log(`\n${WORKS[work].title}`);
  for (const [name, showing] of result) {
    const ratio = ratioOf(first, showing);
    const said =
      showing.kind === 'out'
        ? showing.reason
        : `${short(medianOf(showing.samples, 'rate'))}/s  ` +
          `the first is ${ratio?.median.toFixed(2)}x, by CPU ${ratio?.cpu.toFixed(2)}x` +
          showing.notes.map((note) => `; ${note}`).join('');
    console.log(`  ${contestants[name].title.padEnd(38)} ${said}`);
  }
}

async function write(results: Results): Promise<void> {
  const folder = options.full
    ? path.join(import.meta.dirname, 'results')
    : path.join(SCRATCH, 'results');
  await mkdir(folder, { recursive: true });
  const page = markdown(results, about(options), 'rates.svg');
  await writeFile(path.join(folder, 'README.md'), page);
  await writeFile(path.join(folder, 'rates.svg'), plot(results));
  const raw = Object.fromEntries(
    [...results].map(([work, result]) => [work, Object.fromEntries(result)]),
  );
  await writeFile(path.join(folder, 'samples.json'), `${JSON.stringify(raw, null, 1)}\n`);
  console.log(`\n${page.slice(page.indexOf('## Targets'), page.indexOf('## Rates'))}`);
  console.log(`Written to ${path.relative(process.cwd(), folder)}/README.md`);
}

function about({ rounds, seconds, warmSeconds, ofTargets }: Options): string[] {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  return [
    `${new Date().toISOString().slice(0, 10)}, commit ${commit}, Node ${process.version}, ` +
      `${cpus().length} cores of ${cpus()[0]?.model ?? 'an unknown CPU'}, load average ` +
      `${loadavg()
        .map((value) => value.toFixed(1))
        .join(
          ' ',
        )} at the end; nginx, load and contestant share the cores, so trust ratios, not rates.`,
    `${rounds} rounds of ${seconds} s (two or three times that for large bodies) after ${warmSeconds} s of ` +
      'warming up and one before each round; one contestant loaded at a time, in turn; medians of the rounds.',
    ...(ofTargets ? ['Of each work, those contestants that a target compares.'] : []),
    '32 connections, 8 for lists of 1000, 4 for 64 MB, for lists of 25,000 and for the zip; every answer checked once, byte for byte.',
    'Every contestant is one process; CPU \u00b5s is user and system time of that process for one answer, ' +
      'peak MiB its largest resident set while loaded.',
  ];
}
