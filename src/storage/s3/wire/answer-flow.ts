// The content of a long answer, as it comes off a wire: kept back until somebody wants it.
import type { Flow, FlowReceiver } from '../../streams/flow.js';
import type { Wire } from './socket.js';

/** The content of one answer: what its wire says goes in, a flow comes out. */
export interface AnswerFlow extends Flow {
  data(bytes: Buffer): void;
  end(): void;
  fail(error: Error): void;
}

/** A flow over a wire, which it stops at once; `onLeft` is called when its reader has no more use for it. */
export function answerFlow(wire: Wire, onLeft: () => void): AnswerFlow {
  // What came with the head, and how it ended if it did before anybody listened.
  const early: Buffer[] = [];
  let ending: ((to: FlowReceiver) => void) | undefined;
  let receiver: FlowReceiver | undefined;
  let isOver = false;
  wire.pause();

  const finish = (end: (to: FlowReceiver) => void): void => {
    isOver = true;
    if (receiver === undefined) ending = end;
    else end(receiver);
  };

  return {
    data(bytes) {
      if (receiver === undefined) early.push(bytes);
      else receiver.data(bytes);
    },
    end: () => finish((to) => to.end()),
    fail: (error) => finish((to) => to.fail(error)),
    start(to) {
      receiver = to;
      // Before the first bytes: their receiver may want a pause at once.
      if (!isOver) wire.resume();
      for (const bytes of early.splice(0)) receiver.data(bytes);
      ending?.(receiver);
    },
    pause() {
      if (!isOver) wire.pause();
    },
    resume() {
      if (!isOver) wire.resume();
    },
    destroy() {
      receiver = NOBODY;
      if (isOver) return;
      isOver = true;
      onLeft();
    },
  };
}

const NOBODY: FlowReceiver = { data() {}, end() {}, fail() {} };
