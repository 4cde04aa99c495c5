// The service in a process of its own, so that crashes, memory and sockets are seen from outside.
import { fork, type ChildProcess } from 'node:child_process';
import type { FromChild, Question, ToChild } from './child-harness.ts';
import * as watch from './watch.ts';

/** How a child ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running child, whose entry called `reportToParent`. */
export interface Child {
  readonly port: number;
  readonly pid: number;
  /** Crashes, unhandled rejections and listener leaks so far; a healthy child has none. */
  readonly unhandled: readonly string[];
  /** What the entry sent by `tellParent`. */
  readonly messages: readonly unknown[];
  readonly exit: Promise<Exit>;
  /** Resident memory in bytes. */
  rss(): number;
  peakRss(): number;
  resetPeakRss(): void;
  /** Open file descriptors. */
  fds(): number;
  sockets(): number;
  /** The event loop's delay in ms, 99th percentile since the last call. */
  loopDelay(): Promise<number>;
  /** The kinds of resources that keep the process busy. */
  resources(): Promise<string[]>;
  collectGarbage(): Promise<void>;
  /** Sends a value to the entry's `onParent`. */
  send(value: unknown): void;
  /** Everything that the child wrote to standard output and standard error. */
  output(): string;
  /** Ends the child and waits for its end. @default 'SIGKILL' */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
}

const OPTIONS = ['--import', 'tsx', '--expose-gc', '--trace-warnings'];

const exitOf = (process: ChildProcess): Promise<Exit> =>
  new Promise((resolve) => {
    process.once('exit', (code, signal) => resolve({ code, signal }));
  });

/** Starts a TypeScript entry and waits until its server listens. */
export const startChild = async (
  entryPath: string,
  env: Readonly<Record<string, string>> = {},
  {
    execArgv = [],
    execPath = process.execPath,
  }: { execArgv?: readonly string[]; execPath?: string } = {},
): Promise<Child> => {
  const child = fork(entryPath, [], {
    execPath,
    execArgv: [...OPTIONS, ...execArgv],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exit = exitOf(child);
  const unhandled: string[] = [];
  const messages: unknown[] = [];
  const waiting = new Map<number, (value: unknown) => void>();
  let output = '';
  let questions = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }

  const port = await new Promise<number>((resolve, reject) => {
    // The channel carries what the harness sends, and nothing else.
    child.on('message', (message: FromChild) => {
      if (message.kind === 'listening') resolve(message.port);
      if (message.kind === 'unhandled') unhandled.push(message.text);
      if (message.kind === 'message') messages.push(message.value);
      if (message.kind === 'answer') waiting.get(message.id)?.(message.value);
    });
    child.once('error', reject);
    void exit.then(({ code }) => reject(new Error(`${entryPath} ended with ${code}: ${output}`)));
  });

  const tell = (message: ToChild): void => {
    child.send(message);
  };
  const ask = async (question: Question): Promise<unknown> => {
    const id = (questions += 1);
    const answer = new Promise((resolve) => waiting.set(id, resolve));
    tell({ kind: 'question', id, question });
    const gone = exit.then(() => Promise.reject(new Error(`the child ended before ${question}`)));
    return Promise.race([answer, gone]);
  };

  const { pid = 0 } = child;
  return {
    port,
    pid,
    unhandled,
    messages,
    exit,
    rss: () => watch.rss(pid),
    peakRss: () => watch.peakRss(pid),
    resetPeakRss: () => watch.resetPeakRss(pid),
    fds: () => watch.fds(pid),
    sockets: () => watch.sockets(pid),
    loopDelay: async () => Number(await ask('loop-delay')),
    // The harness answers with the process's list of names.
    resources: async () => (await ask('resources')) as string[],
    collectGarbage: async () => {
      await ask('collect-garbage');
    },
    send: (value) => tell({ kind: 'message', value }),
    output: () => output,
    kill: (signal = 'SIGKILL') => {
      child.kill(signal);
      return exit;
    },
  };
};
