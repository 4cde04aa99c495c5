// The service in a process of its own over a store, and what loads it from outside.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { FileServiceConfig } from '../../src/index.ts';
import { startChild, type Child } from './child.ts';
import { MOUNT, ask, storeConfig, type Answer, type Question } from './service.ts';
import type { Store } from './stores.ts';

const ENTRIES = fileURLToPath(new URL('./entries', import.meta.url));

/** A service process and how to ask it. */
export interface ServiceChild {
  readonly child: Child;
  readonly ask: (question: Question) => Promise<Answer>;
  /** Uploads zeros; the status. */
  readonly upload: (path: string, bytes: number, options?: UploadOptions) => Promise<number>;
  /** Begins a download and leaves its body unread. */
  readonly open: (path: string) => Promise<IncomingMessage>;
}

/** How to upload. */
export interface UploadOptions {
  /** Whether to hide the length. @default false */
  readonly chunked?: boolean;
}

/** How the process is started. */
export interface Starting {
  /** Further options of Node. */
  readonly execArgv?: readonly string[];
  /** The program, by its name in `entries`. @default 'file-service' */
  readonly entry?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the service over a store; `config` must survive JSON. */
export async function startServiceChild(
  store: Pick<Store, 'bucket' | 'region' | 'endpoint' | 'accessKeyId' | 'secretAccessKey'>,
  config: Partial<FileServiceConfig> = {},
  { execArgv = [], entry = 'file-service', environment = {} }: Starting = {},
): Promise<ServiceChild> {
  const variables = {
    ...environment,
    FILE_SERVICE: JSON.stringify({
      ...storeConfig(store as Store),
      container: 'tenant1',
      ...config,
    }),
  };
  const child = await startChild(`${ENTRIES}/${entry}.ts`, variables, { execArgv });
  const { port } = child;
  return {
    child,
    ask: (question) => ask(port, { ...question, path: MOUNT + question.path }),
    upload: (path, bytes, options) => upload(port, MOUNT + path, bytes, options),
    open: async (path) => {
      const sent = request({ host: '127.0.0.1', port, path: MOUNT + path, agent: false }).end();
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      return answer.pause();
    },
  };
}

const PIECE = Buffer.alloc(64 * 1024);

async function upload(
  port: number,
  path: string,
  bytes: number,
  { chunked = false }: UploadOptions = {},
): Promise<number> {
  const headers = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': `${bytes}` };
  const sent = request({ host: '127.0.0.1', port, path, method: 'PUT', headers, agent: false });
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  for (let left = bytes; left > 0; left -= PIECE.length) {
    const room = sent.write(left < PIECE.length ? PIECE.subarray(0, left) : PIECE);
    if (!room) await Promise.race([once(sent, 'drain'), answered]);
  }
  sent.end();
  const [answer] = await answered;
  answer.resume();
  await once(answer, 'end');
  return answer.statusCode ?? 0;
}

/** The SHA-256 of a body, in hex; rejects when it breaks off. */
export async function digestOf(body: IncomingMessage): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk as Buffer);
  if (!body.complete) throw new Error('the body broke off');
  return hash.digest('hex');
}

/** Runs work for 0 to count-1, so many at a time. */
export async function inParallel<T>(
  count: number,
  width: number,
  work: (index: number) => Promise<T>,
): Promise<T[]> {
  const results = Array.from<T>({ length: count });
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
  return results;
}
