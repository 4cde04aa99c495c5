// Imported by the entry of a child process: tells the parent of its port, its crashes and its health.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Server } from 'node:net';

/** What a child tells its parent. */
export type FromChild =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'unhandled'; readonly text: string }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'message'; readonly value: unknown };

/** What a parent asks of its child. */
export type Question = 'loop-delay' | 'resources' | 'collect-garbage';

/** What a parent tells its child. */
export type ToChild =
  | { readonly kind: 'question'; readonly id: number; readonly question: Question }
  | { readonly kind: 'message'; readonly value: unknown };

const send = (message: FromChild): void => {
  process.send?.(message);
};

/** Sends a value to the parent's `messages`. */
export const tellParent = (value: unknown): void => send({ kind: 'message', value });

/** Hears what the parent sends by `send`. */
export const onParent = (listener: (value: unknown) => void): void => {
  // The channel carries what startChild sends, and nothing else.
  process.on('message', (message: ToChild) => {
    if (message.kind === 'message') listener(message.value);
  });
};

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** Tells the parent the server's port once it listens, and answers the parent's questions. */
export const reportToParent = (server: Server): void => {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const answers: Record<Question, () => unknown> = {
    'loop-delay': () => {
      const ms = delay.percentile(99) / 1e6;
      delay.reset();
      return ms;
    },
    resources: () => process.getActiveResourcesInfo(),
    // Present because startChild passes --expose-gc.
    'collect-garbage': () => globalThis.gc?.(),
  };
  process.on('message', (message: ToChild) => {
    if (message.kind !== 'question') return;
    send({ kind: 'answer', id: message.id, value: answers[message.question]() });
  });
  // The monitor changes nothing: an uncaught exception or rejection still ends the process.
  process.on('uncaughtExceptionMonitor', (error, origin) => {
    send({ kind: 'unhandled', text: `${origin}: ${describe(error)}` });
  });
  process.on('warning', (warning) => {
    if (warning.name !== 'MaxListenersExceededWarning') return;
    send({ kind: 'unhandled', text: describe(warning) });
  });
  process.once('disconnect', () => process.exit());

  const announce = (): void => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not a TCP server');
    send({ kind: 'listening', port: address.port });
  };
  if (server.listening) announce();
  else server.once('listening', announce);
};
