// What a run is told on its command line.
import { parseArgs } from 'node:util';
import { CONTESTANT_NAMES } from './contestants.ts';
import type { ContestantName } from './contestants.ts';
import { TARGETS } from './targets.ts';
import { WORK_NAMES } from './works.ts';
import type { WorkName } from './works.ts';

export interface Options {
  readonly works: readonly WorkName[];
  readonly contestants: readonly ContestantName[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  /** Another build of the library than this checkout's. */
  readonly library: string | undefined;
  /** Only what a target names is raced: of each work the contestants that a promise compares. */
  readonly ofTargets: boolean;
  /** True when no promise was left out, so that the results are worth keeping. */
  readonly full: boolean;
}

// What a quick run looks at, in about two minutes: the ratios that everything else hangs on.
const QUICK_WORKS: readonly WorkName[] = ['get-1k', 'get-1m', 'put-1m', 'tls-get-1k'];
const QUICK_CONTESTANTS: readonly ContestantName[] = [
  'us-express',
  'us-http',
  'sdk-express',
  'proxy-http',
  'us-http-tls',
  'sdk-http-tls',
  'proxy-http-tls',
];

/** Reads `--quick`, `--targets`, `--only`, `--contestants`, `--rounds`, `--seconds` and `--library`. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      targets: { type: 'boolean', default: false },
      only: { type: 'string' },
      contestants: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      library: { type: 'string' },
    },
  });
  return {
    works:
      values.quick && values.only === undefined
        ? QUICK_WORKS
        : chosen('--only', values.only, WORK_NAMES).filter(
            (work) => !values.targets || TARGETS.some((target) => target.work === work),
          ),
    contestants:
      values.quick && values.contestants === undefined
        ? QUICK_CONTESTANTS
        : chosen('--contestants', values.contestants, CONTESTANT_NAMES),
    rounds: Number(values.rounds ?? (values.quick ? 3 : 10)),
    seconds: Number(values.seconds ?? 1),
    warmSeconds: values.quick ? 2 : 4,
    library: values.library,
    ofTargets: values.targets,
    full: !values.quick && values.only === undefined && values.contestants === undefined,
  };
}

/** The names of a comma-separated list, each known; all when there is no list. */
function chosen<Name extends string>(
  option: string,
  list: string | undefined,
  all: readonly Name[],
): readonly Name[] {
  if (list === undefined) return all;
  const asked = list.split(',');
  const unknown = asked.find((name) => !(all as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new Error(`${option} knows no "${unknown}"; it takes ${all.join(', ')}.`);
  return all.filter((name) => asked.includes(name));
}
