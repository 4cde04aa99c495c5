// One work: every contestant is checked, warmed up, and loaded alone, round after round in turn.
import { complete, faultOf } from './check.ts';
import type { ContestantName } from './contestants.ts';
import { requestFor } from './contestants.ts';
import { medianOf } from './figures.ts';
import type { Sample } from './load.ts';
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

interface Entrant {
  readonly name: ContestantName;
  readonly server: Server;
  readonly request: Request;
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
    const { request, fault } = await admit(server, usual, storage);
    if (fault === undefined) entrants.push({ name: contestant, server, request, samples: [] });
    else result.set(contestant, { kind: 'out', reason: fault });
  }
  for (const { server, request } of entrants)
    await load(server, work, request, options.warmSeconds);
  for (let round = 0; round < options.rounds; round += 1)
    for (const { server, request, samples } of entrants)
      if (server.runs())
        samples.push(await load(server, work, request, options.seconds * work.stretch));
  for (const { name: contestant, server, samples } of entrants)
    result.set(contestant, server.runs() ? showing(samples) : ENDED);
  return result;
}

async function admit(
  server: Server,
  usual: Request,
  storage: Storage,
): Promise<{ readonly request: Request; readonly fault: string | undefined }> {
  if (!server.runs()) return { request: usual, fault: ENDED.reason };
  try {
    const request = await complete(server, usual);
    return { request, fault: await faultOf(server, request, storage) };
  } catch (error) {
    return { request: usual, fault: `fails: ${String(error)}` };
  }
}

// Errors are quick to send: a rate that holds some is no rate.
function showing(samples: readonly Sample[]): Showing {
  const failed = samples.reduce((sum, sample) => sum + sample.failed, 0);
  if (failed > 0) return { kind: 'out', reason: `${failed} failed answers under load` };
  if (medianOf(samples, 'rate') === 0) return { kind: 'out', reason: 'too slow to count' };
  return { kind: 'measured', samples };
}
