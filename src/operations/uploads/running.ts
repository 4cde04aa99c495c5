// The appends that run in this process: of one upload one at a time, a new request ends the one before it.
import { within } from '../../core/deadline.js';
import { FileServiceError } from '../../core/errors.js';

/** An append under way. */
interface Running {
  readonly owner: string | null;
  readonly stop: () => void;
  readonly ended: Promise<void>;
}

/** What an append says of itself. */
export interface AppendUnderWay {
  /** Of the session. */
  readonly name: string;
  readonly owner: string | null;
  /** Stops reading; what came is stored, then the append ends. */
  readonly stop: () => void;
}

/** The appends of one service in this process. */
export interface RunningAppends {
  /** Ends the append to this upload that runs here, and waits until it has stored what came. */
  end(name: string): Promise<void>;
  /**
   * Ends the one before, then runs.
   *
   * @throws FileServiceError `rate_limited` when the owner has as many appends under way as one may have
   */
  run<T>(append: AppendUnderWay, work: () => Promise<T>): Promise<T>;
}

/** Longer than storing the last part takes; then both run, which harms nothing: they send the same bytes. */
const PATIENCE_MS = 5000;

/** None is under way yet; of one owner at most `mostOfOne` may be. */
export function runningAppends(mostOfOne: number): RunningAppends {
  const running = new Map<string, Running>();

  function refuseTooMany(owner: string | null): void {
    let count = 0;
    for (const one of running.values()) count += one.owner === owner ? 1 : 0;
    if (count < mostOfOne) return;
    throw new FileServiceError(
      'rate_limited',
      `At most ${mostOfOne} uploads of one caller may be under way at once.`,
      { headers: { 'Retry-After': '5' } },
    );
  }

  async function end(name: string): Promise<void> {
    for (let one = running.get(name); one !== undefined; one = running.get(name)) {
      one.stop();
      const isOver = await within(one.ended, PATIENCE_MS, late).then(
        () => true,
        () => false,
      );
      if (!isOver && running.get(name) === one) running.delete(name);
    }
  }

  return {
    end,
    async run({ name, owner, stop }, work) {
      await end(name);
      refuseTooMany(owner);
      let over = (): void => {};
      const one = { owner, stop, ended: new Promise<void>((resolve) => (over = resolve)) };
      running.set(name, one);
      try {
        return await work();
      } finally {
        if (running.get(name) === one) running.delete(name);
        over();
      }
    },
  };
}

function late(): Error {
  return new Error('an append outlasts the one that follows it');
}
