// The content of a long answer as it comes from undici's parser: kept back until somebody wants it.
import type { Flow, FlowReceiver } from '../../../streams/flow.js';

/** The content of one answer: what the parser says goes in, a flow comes out. */
export interface AnswerFlow extends Flow {
  /** False when no more is wanted at the moment: the parser then waits for `resumeParser`. */
  data(bytes: Buffer): boolean;
  end(): void;
  fail(error: Error): void;
}

/** What a flow does to what is behind it. */
export interface FlowSource {
  resumeParser(): void;
  /** Its reader has no more use for it. */
  abandon(): void;
}

/** A flow whose parser stands still; `held` has come already. */
export function answerFlow(source: FlowSource, held: Buffer[]): AnswerFlow {
  let receiver: FlowReceiver | undefined;
  let isPaused = true;
  // How the answer ended, which the receiver hears when it has all that came before.
  let ending: ((to: FlowReceiver) => void) | undefined;

  const go = (to: FlowReceiver): void => {
    isPaused = false;
    for (let bytes = held.shift(); bytes !== undefined; bytes = held.shift()) {
      to.data(bytes);
      // The receiver may have had enough, or have left.
      if (isPaused) return;
    }
    if (ending !== undefined) return finish();
    // undici's parsers share one memory: none of them may go on while another calls us.
    queueMicrotask(() => {
      if (!isPaused && ending === undefined) source.resumeParser();
    });
  };
  const finish = (): void => {
    const end = ending;
    if (receiver === undefined || end === undefined || held.length > 0) return;
    ending = () => {};
    end(receiver);
  };

  return {
    data(bytes) {
      if (receiver === undefined || isPaused) held.push(bytes);
      else receiver.data(bytes);
      return !isPaused;
    },
    end() {
      ending = (to) => to.end();
      finish();
    },
    fail(error) {
      ending = (to) => to.fail(error);
      // Whoever listens hears it at once, paused or not.
      if (receiver !== undefined) held.length = 0;
      finish();
    },
    start(to) {
      receiver = to;
      go(to);
    },
    pause: () => void (isPaused = true),
    resume() {
      if (isPaused && receiver !== undefined) go(receiver);
    },
    destroy() {
      const isUnderWay = ending === undefined;
      receiver = NOBODY;
      held.length = 0;
      isPaused = true;
      ending ??= () => {};
      if (isUnderWay) source.abandon();
    },
  };
}

const NOBODY: FlowReceiver = { data() {}, end() {}, fail() {} };
