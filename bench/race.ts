// One work: every contestant is checked, warmed up, and loaded alone, round after round in turn.
import { complete, inspect } from './check.ts';
import type { Inspection } from './check.ts';
import type { ContestantName } from './contestants.ts';
import { requestFor } from './contestants.ts';
import { medianOf } from './figures.ts';
import type { Loaded, Sample } from './load.ts';
import { load } from './load.ts';
import type { Options } from './options.ts';
import type { Server } from './server.ts';
import type { Storage } from './storage.ts';
import type { Request, Work, WorkName } from './works.ts';
import { WORKS } from './works.ts';

/** What a contestant showed at one work: samples of equal rounds, or why there are none. */
export type Showing =
  | { readonly kind: 'measured'; readonly samples: readonly Sample[] }
  | { readonly kind: 'out'; readonly reason: string };

export type Result = ReadonlyMap<ContestantName, Showing>;

const ENDED = { kind: 'out', reason: 'its process ended' } as const;

// A process that has stood idle while the others had their turn has shrunk its heap and dropped its code: at
// first it does half of what it does later, which is not what is measured here.
const AWAKENING_SECONDS = 1;

interface Entrant extends Loaded {
  readonly name: ContestantName;
  readonly samples: Sample[];
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
    if (fault === undefined)
      entrants.push({ name: contestant, server, request, answerBytes, samples: [] });
    else result.set(contestant, { kind: 'out', reason: fault });
  }
  for (const entrant of entrants) await load(entrant, work, options.warmSeconds);
  for (let round = 0; round < options.rounds; round += 1)
    for (const entrant of entrants) {
      if (!entrant.server.runs()) continue;
      await load(entrant, work, AWAKENING_SECONDS);
      entrant.samples.push(await load(entrant, work, options.seconds * work.stretch));
    }
  for (const { name: contestant, server, samples } of entrants)
    result.set(contestant, server.runs() ? showing(samples) : ENDED);
  return result;
}

async function admit(
  server: Server,
  usual: Request,
  storage: Storage,
): Promise<Inspection & { readonly request: Request }> {
  const none = { request: usual, answerBytes: 0 };
  if (!server.runs()) return { ...none, fault: ENDED.reason };
  try {
    const request = await complete(server, usual);
    return { request, ...(await inspect(server, request, storage)) };
  } catch (error) {
    return { ...none, fault: `fails: ${String(error)}` };
  }
}

// Errors are quick to send: a rate that holds some is no rate.
function showing(samples: readonly Sample[]): Showing {
  const failed = samples.reduce((sum, sample) => sum + sample.failed, 0);
  if (failed > 0) return { kind: 'out', reason: `${failed} failed answers under load` };
  if (medianOf(samples, 'rate') === 0) return { kind: 'out', reason: 'too slow to count' };
  return { kind: 'measured', samples };
}
