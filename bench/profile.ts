// Profiles one contestant at one work and prints where its time goes: `npm run profile -- get-1k us-express`.
import path from 'node:path';
import { SCRATCH, WORK_FOLDER, buildAll } from './build.ts';
import { complete, inspect } from './check.ts';
import { contestants, requestFor } from './contestants.ts';
import { load } from './load.ts';
import { readOptions } from './options.ts';
import { short } from './report.ts';
import { selfTimes } from './self-times.ts';
import type { Share } from './self-times.ts';
import { start } from './server.ts';
import { startStorage } from './storage.ts';
import type { Work } from './works.ts';
import { WORKS } from './works.ts';

const WARM_SECONDS = 4;
const SECONDS = 5;
const TOP = 40;

const [asked = 'get-1k', who = 'us-express', build] = process.argv.slice(2);
const options = readOptions(['--only', asked, '--contestants', who]);
const [work] = options.works;
const [contestant] = options.contestants;
if (work === undefined || contestant === undefined) throw new Error('Name one work.');

const library = await buildAll(build);
const storage = await startStorage(WORK_FOLDER);
const server = await start(contestants[contestant], storage, library);
if (server === undefined) throw new Error(`${contestant} is not in this build.`);
const about: Work = WORKS[work];
const request = await complete(server, requestFor(contestant, work, about.request));
const { fault, answerBytes } = await inspect(server, request, storage);
const loaded = { server, request, answerBytes };
if (fault !== undefined) throw new Error(`${contestant} ${fault}.`);
await load(loaded, about, WARM_SECONDS);
await server.tell({ kind: 'profile' });
const { rate, cpuMicroseconds } = await load(loaded, about, SECONDS);
const file = path.join(SCRATCH, `${work}-${contestant}.cpuprofile`);
await server.tell({ kind: 'profiled', file });
const { functions, places } = await selfTimes(file);
console.log(`${about.title}, ${contestants[contestant].title}, while profiled:`);
console.log(`${short(rate)} answers/s, ${short(cpuMicroseconds)} us of CPU for one\n`);
print('By file or package', places);
print('By function', functions);
console.log(`The whole profile: ${path.relative(process.cwd(), file)}`);
process.exit();

function print(title: string, shares: readonly Share[]): void {
  console.log(`${title} (self time)`);
  for (const { name, share } of shares.slice(0, TOP))
    console.log(`${(share * 100).toFixed(1).padStart(6)} %  ${name}`);
  console.log('');
}
