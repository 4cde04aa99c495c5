// One contestant's process: started, found, and weighed by what /proc says of it; it ends with the rig.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { program } from './build.ts';
import type { Contestant } from './contestants.ts';
import type { Order } from './contestants/listen.ts';
import type { Storage } from './storage.ts';
import { freePort, listening } from './storage.ts';

const START_MS = 20_000;
/** USER_HZ, in which Linux counts CPU time for programs: proc(5), sysconf(_SC_CLK_TCK). */
const TICKS_PER_SECOND = 100;

const children: ChildProcess[] = [];
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** A running contestant. */
export interface Server {
  /** With the mount, ends in `/`. */
  readonly url: string;
  runs(): boolean;
  /** Starts it anew after it has crashed. */
  restart(): Promise<void>;
  /** Seconds of CPU, user and system, since it started. */
  cpuSeconds(): Promise<number>;
  /** Most memory held since the last call, in bytes. */
  takePeakBytes(): Promise<number>;
  tell(order: Order): Promise<unknown>;
}

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
}

/** Starts a contestant; undefined when it says that this build has no such thing. */
export async function start(
  contestant: Contestant,
  storage: Storage,
  library: string,
): Promise<Server | undefined> {
  const launch = (): Promise<Running | undefined> =>
    contestant.program === 'rclone'
      ? startRclone(storage)
      : startNode(contestant, storage, library);
  const first = await launch();
  return first === undefined ? undefined : server(first, launch, contestant.mount);
}

async function startNode(
  contestant: Contestant,
  storage: Storage,
  library: string,
): Promise<Running | undefined> {
  const child = spawn(process.execPath, [program(contestant.program)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      ...contestant.environment,
      NODE_ENV: 'production',
      NODE_NO_WARNINGS: '1',
      BENCH_STORAGE: contestant.secure === true ? storage.secureUrl : storage.url,
      NODE_EXTRA_CA_CERTS: storage.authority,
      BENCH_FILES: storage.files,
      BENCH_LIBRARY: library,
      BENCH_GUIDE: path.join(import.meta.dirname, '..', 'docs', 'deployment.md'),
    },
  });
  const said = await answer(child, START_MS);
  return said === undefined ? undefined : { child, port: (said as { port: number }).port };
}

async function startRclone(storage: Storage): Promise<Running> {
  const port = await freePort();
  const remote =
    `:s3,provider=Other,endpoint='${storage.url}',access_key_id=AKIABENCH,` +
    `secret_access_key=bench-secret,list_version=2:${storage.bucket}`;
  const options = ['--addr', `127.0.0.1:${port}`, '--read-only', '--config', '/dev/null', '-q'];
  // Nothing of the host's own AWS or rclone settings may reach it.
  const env = { PATH: process.env['PATH'] };
  const child = spawn('rclone', ['serve', 'http', remote, ...options], { stdio: 'ignore', env });
  await listening(port);
  return { child, port };
}

function server(first: Running, launch: () => Promise<Running | undefined>, mount: string): Server {
  let { child, port } = first;
  children.push(child);
  const proc = (): string => `/proc/${child.pid}`;
  const runs = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    get url() {
      return `http://127.0.0.1:${port}${mount}`;
    },
    runs,
    restart: async () => {
      const next = await launch();
      if (next === undefined) throw new Error('A contestant does not start again.');
      ({ child, port } = next);
      children.push(child);
    },
    cpuSeconds: async () => {
      if (!runs()) return 0;
      const stat = await readFile(`${proc()}/stat`, 'utf8');
      // proc(5): utime and stime are the 14th and 15th fields; the second, in brackets, may hold spaces.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    takePeakBytes: async () => {
      if (!runs()) return 0;
      const status = await readFile(`${proc()}/status`, 'utf8');
      // proc(5), clear_refs: 5 resets the peak resident set size to the current one.
      await writeFile(`${proc()}/clear_refs`, '5');
      return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
    },
    tell: async (order) => {
      const reply = order.kind === 'profiled' ? answer(child, START_MS) : undefined;
      child.send(order);
      return await reply;
    },
  };
}

/** The next message of a child; undefined when it ends with 3, which means "not in this build". */
async function answer(child: ChildProcess, withinMs: number): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('A contestant says nothing.')), withinMs);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      child.removeAllListeners('message').removeAllListeners('exit');
      act();
    };
    child.on('message', (message) => settle(() => resolve(message)));
    child.on('exit', (code) =>
      settle(() =>
        code === 3 ? resolve(undefined) : reject(new Error(`A contestant ended with ${code}.`)),
      ),
    );
  });
}
