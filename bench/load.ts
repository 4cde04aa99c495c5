// Loads one contestant for one round, from another process: wrk, or our own sockets for HEAD.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { HEAD_LOAD, WORK_FOLDER } from './build.ts';
import type { Server } from './server.ts';
import type { Request, Work } from './works.ts';

/** What one round showed. */
export interface Sample {
  /** Whole answers a second. */
  readonly rate: number;
  /** Microseconds of the contestant's CPU for one answer. */
  readonly cpuMicroseconds: number;
  readonly peakBytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were errors, and sockets that broke. */
  readonly failed: number;
}

/** Who is loaded, and with what. */
export interface Loaded {
  readonly server: Server;
  readonly request: Request;
  readonly answerBytes: number;
}

interface Figures {
  readonly requests: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Loads a contestant for so many seconds; `answerBytes` is the length of one whole answer of its. */
export async function load(
  { server, request, answerBytes }: Loaded,
  work: Work,
  seconds: number,
): Promise<Sample> {
  await server.takePeakBytes();
  const cpuBefore = await server.cpuSeconds();
  const figures = await run(server.url + request.path, work, request, seconds);
  const cpu = (await server.cpuSeconds()) - cpuBefore;
  const count = work.countBytes === true ? figures.bytes / answerBytes : figures.requests;
  return {
    rate: count / figures.seconds,
    cpuMicroseconds: (cpu * 1e6) / count,
    peakBytes: await server.takePeakBytes(),
    p50Ms: figures.p50Ms,
    p99Ms: figures.p99Ms,
    failed: figures.failed,
  };
}

async function run(url: string, work: Work, request: Request, seconds: number): Promise<Figures> {
  const body = path.join(WORK_FOLDER, 'body');
  const headers = path.join(WORK_FOLDER, 'headers');
  await writeFile(body, request.body ?? '');
  const lines = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\n`);
  await writeFile(headers, lines.join(''));
  const connections = String(work.connections);
  const [command, args] =
    request.method === 'HEAD'
      ? [process.execPath, [HEAD_LOAD, url, connections, String(seconds)]]
      : [
          'wrk',
          ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s']
            .concat(['-s', path.join(import.meta.dirname, 'load.lua')])
            .concat(url),
        ];
  const { stdout } = await promisify(execFile)(command, args, {
    env: {
      ...process.env,
      BENCH_METHOD: request.method,
      BENCH_HEADERS: headers,
      BENCH_BODY: body,
    },
  });
  const line = /^BENCH (.*)$/m.exec(stdout)?.[1];
  if (line === undefined) throw new Error(`The load generator printed no figures: ${stdout}`);
  return JSON.parse(line) as Figures;
}
