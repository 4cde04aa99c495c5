// How fast bytes go, of the last few seconds.

const WINDOW_MS = 5000;

/** Counts bytes and forgets them after a few seconds. */
export class Rate {
  #samples: { readonly at: number; readonly bytes: number }[] = [];
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add(bytes: number): void {
    // An upload that begins again has sent less than before.
    if (bytes > 0) this.#samples.push({ at: this.#now(), bytes });
  }

  perSecond(): number {
    const now = this.#now();
    this.#samples = this.#samples.filter(({ at }) => now - at < WINDOW_MS);
    const first = this.#samples[0];
    if (first === undefined) return 0;
    const bytes = this.#samples.reduce((sum, sample) => sum + sample.bytes, 0);
    return (bytes / Math.max(1000, now - first.at)) * 1000;
  }

  reset(): void {
    this.#samples = [];
  }
}

/** Seconds until `left` bytes are sent; undefined while nothing moves. */
export function secondsLeft(left: number, perSecond: number): number | undefined {
  return perSecond > 0 && left > 0 ? left / perSecond : undefined;
}
