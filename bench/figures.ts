// Medians and ratios of what the rounds showed.
import type { Sample } from './load.ts';

/** What a contestant showed at one work: samples of equal rounds, or why there are none. */
export type Showing =
  | {
      readonly kind: 'measured';
      readonly samples: readonly Sample[];
      readonly notes: readonly string[];
    }
  | { readonly kind: 'out'; readonly reason: string };

/** The middle of the values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

export const medianOf = (samples: readonly Sample[], field: keyof Sample): number =>
  median(samples.map((sample) => sample[field]));

/** Ratios of one contestant's rounds to another's: the median, and the lowest and highest. */
export interface Ratio {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  /** The peer's CPU for one answer over ours: what the ratio would be on an idle machine with cores to spare. */
  readonly cpu: number;
}

/**
 * Our rate over the peer's, round by round: neighbours in time share the machine's mood, so their ratio
 * outlives it better than a ratio of medians would. Undefined when either was not measured.
 */
export function ratioOf(us: Showing | undefined, peer: Showing | undefined): Ratio | undefined {
  if (us?.kind !== 'measured' || peer?.kind !== 'measured') return undefined;
  const ratios = us.samples.map(({ rate }, round) => rate / (peer.samples[round]?.rate ?? rate));
  return {
    median: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    cpu: medianOf(peer.samples, 'cpuMicroseconds') / medianOf(us.samples, 'cpuMicroseconds'),
  };
}
