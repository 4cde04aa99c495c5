// One work: every contestant is checked, warmed up, and loaded alone, round after round in turn.
import { complete, inspect } from './check.ts';
import type { Inspection } from './check.ts';
import type { ContestantName } from './contestants.ts';
import { requestFor } from './contestants.ts';
import { medianOf } from './figures.ts';
import type { Showing } from './figures.ts';
import type { Loaded, Sample } from './load.ts';
import { load } from './load.ts';
import type { Options } from './options.ts';
import type { Server } from './server.ts';
import type { Storage } from './storage.ts';
import type { Request, Work, WorkName } from './works.ts';
import { WORKS } from './works.ts';

export type Result = ReadonlyMap<ContestantName, Showing>;

// Who crashes more often than this at one work is out of it.
const MOST_CRASHES = 3;

// A process that has stood idle while the others had their turn has shrunk its heap and dropped its code: at
// first it does half of what it does later, which is not what is measured here.
const AWAKENING_SECONDS = 1;

interface Entrant extends Loaded {
  readonly name: ContestantName;
  readonly samples: Sample[];
  crashes: number;
  full: number;
  resumed: number;
  requests: number;
}

/** Runs one work over those contestants that do it. */
export async function race(
  name: WorkName,
  servers: ReadonlyMap<ContestantName, Server>,
  storage: Storage,
  options: Options,
): Promise<Result> {
  const work: Work = WORKS[name];
  const result = new Map<ContestantName, Showing>();
  const entrants: Entrant[] = [];
  for (const [contestant, server] of servers) {
    const usual = requestFor(contestant, name, work.request);
    const { request, fault, answerBytes } = await admit(server, usual, storage);
    if (fault !== undefined) result.set(contestant, { kind: 'out', reason: fault });
    else
      entrants.push({
        ...{ name: contestant, server, request, answerBytes, samples: [] },
        ...{ crashes: 0, full: 0, resumed: 0, requests: 0 },
      });
  }
  for (const entrant of entrants) await load(entrant, work, options.warmSeconds);
  for (let round = 0; round < options.rounds; round += 1)
    for (const entrant of entrants) await runRound(entrant, work, storage, options);
  for (const entrant of entrants) result.set(entrant.name, showing(entrant, work));
  return result;
}

/** Loads one contestant for one round; a crash is counted, and the round repeated with a new process. */
async function runRound(
  entrant: Entrant,
  work: Work,
  storage: Storage,
  options: Options,
): Promise<void> {
  const { server, samples } = entrant;
  while (entrant.crashes < MOST_CRASHES) {
    if (!server.runs()) {
      await server.restart();
      await load(entrant, work, options.warmSeconds);
    }
    await load(entrant, work, AWAKENING_SECONDS);
    const before = await storage.handshakes();
    const seconds = options.seconds * work.stretch;
    const sample = await load(entrant, work, seconds);
    const after = await storage.handshakes();
    if (server.runs()) {
      entrant.full += after.full - before.full;
      entrant.resumed += after.resumed - before.resumed;
      entrant.requests += Math.round(sample.rate * seconds);
      samples.push(sample);
      return;
    }
    entrant.crashes += 1;
  }
}

async function admit(
  server: Server,
  usual: Request,
  storage: Storage,
): Promise<Inspection & { readonly request: Request }> {
  const none = { request: usual, answerBytes: 0 };
  try {
    if (!server.runs()) await server.restart();
    const request = await complete(server, usual);
    return { request, ...(await inspect(server, request, storage)) };
  } catch (error) {
    return { ...none, fault: `fails: ${String(error)}` };
  }
}

// Errors are quick to send: a rate that holds some is no rate.
function showing(entrant: Entrant, work: Work): Showing {
  const { samples, crashes, full, resumed, requests } = entrant;
  if (crashes >= MOST_CRASHES) return { kind: 'out', reason: `crashed ${crashes} times` };
  const failed = samples.reduce((sum, sample) => sum + sample.failed, 0);
  if (failed > 0) return { kind: 'out', reason: `${failed} failed answers under load` };
  if (medianOf(samples, 'rate') === 0) return { kind: 'out', reason: 'too slow to count' };
  const notes = [
    ...(crashes > 0 ? [`crashed and restarted ${crashes} times`] : []),
    ...(work.secure === true
      ? [`${full} full and ${resumed} resumed handshakes in ${requests} answers`]
      : []),
  ];
  return { kind: 'measured', samples, notes };
}
