// The service in this process over one store, and a client that sends exactly what it is told.
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { allowAll, configureServer, createFileService } from '../../src/index.ts';
import type { AuditEvent, ErrorPhase, FileService, FileServiceConfig } from '../../src/index.ts';
import { describedAnswers } from './described.ts';
import type { Answer, Question } from './exchange.ts';
import type { Given, Hosted } from './hosted.ts';
import { MOUNT } from './mount.ts';
import type { Store } from './stores.ts';
import { until } from './until.ts';

export { MOUNT };

export type { Answer, Question } from './exchange.ts';

/** A service that listens. */
export interface RunningService {
  readonly files: FileService;
  readonly server: Server;
  readonly port: number;
  readonly mount: string;
  /** Whether its framework resolves `..` in a target before the service sees it. */
  readonly tidiesTargets: boolean;
  /** Whether its server sends streamed bodies in chunks, whatever length they have. */
  readonly chunksStreams: boolean;
  /** One event a request, in the order of their ends. */
  readonly audit: AuditEvent[];
  /** Throws when the answer is not one that the description of the service has. */
  readonly ask: (question: Question) => Promise<Answer>;
  /** The audit event of the request with this id. */
  readonly audited: (id: string) => Promise<AuditEvent>;
  /** Which hooks `onError` was told of since this was asked last; a test with an `onError` of its own hears nothing. */
  readonly told: () => readonly ErrorPhase[];
  /** Throws when `onError` was told of a hook that the test has never asked `told` about. */
  readonly close: () => Promise<void>;
}

/** Configuration that reaches a store. */
export function storeConfig(
  store: Store,
): Pick<
  FileServiceConfig,
  'bucket' | 'region' | 'endpoint' | 'usePathStyleEndpoint' | 'key' | 'secret'
> {
  return {
    bucket: store.bucket,
    region: store.region,
    endpoint: store.endpoint,
    usePathStyleEndpoint: true,
    key: store.accessKeyId,
    secret: store.secretAccessKey,
  };
}

/** The environment that names a store. */
export function environmentOf(store: Store, container = ''): Record<string, string> {
  return {
    S3_BUCKET: store.bucket,
    S3_ENDPOINT: store.endpoint,
    S3_REGION: store.region,
    S3_ACCESS_KEY_ID: store.accessKeyId,
    S3_SECRET_ACCESS_KEY: store.secretAccessKey,
    S3_CONTAINER: container,
  };
}

let chosen: ((given: Given) => Hosted | Promise<Hosted>) | undefined;

/** From now on services of this test file stand in another framework than Express 5. */
export function standIn(host: (given: Given) => Hosted | Promise<Hosted>): void {
  chosen = host;
}

/** Whether they do. */
export const standsElsewhere = (): boolean => chosen !== undefined;

/** Starts a service over a store, in Express 5 unless another way to mount it is given. */
export async function startService(
  store: Store,
  config: Partial<FileServiceConfig> = {},
  mountIn?: (files: FileService) => RequestListener,
): Promise<RunningService> {
  if (mountIn === undefined && chosen !== undefined) return serviceIn(store, config, chosen);
  const mount = mountIn ?? inExpress;
  return serviceIn(store, config, ({ files }) => ({ listener: mount(files) }));
}

/** Starts a service over a store in a framework. */
export async function serviceIn(
  store: Store,
  config: Partial<FileServiceConfig>,
  host: (given: Given) => Hosted | Promise<Hosted>,
): Promise<RunningService> {
  const audit: AuditEvent[] = [];
  const failures = failuresOfHooks();
  const whole: FileServiceConfig = {
    ...storeConfig(store),
    authorize: allowAll,
    audit: (event) => void audit.push(event),
    onError: failures.onError,
    ...config,
  };
  const files = createFileService(whole);
  const hosted = await host({ files, config: whole });
  const { listener, close, tidiesTargets = false, chunksStreams = false } = hosted;
  const server = configureServer(createServer(listener));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const check = describedAnswers(files, config);
  return {
    files,
    server,
    port,
    mount: MOUNT,
    tidiesTargets,
    chunksStreams,
    audit,
    ask: async (question) => {
      const answer = await ask(port, { ...question, path: MOUNT + question.path });
      check(question, answer);
      return answer;
    },
    audited: async (id) => {
      await until(() => audit.some((event) => event.id === id), { what: `audit event ${id}` });
      return audit.find((event) => event.id === id) as AuditEvent;
    },
    told: failures.told,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await close?.();
      await files.close({ graceMs: 100 });
      failures.throwUnexpected();
    },
  };
}

/** Keeps what `onError` is told, which would go to stderr, until the test asks for it. */
function failuresOfHooks() {
  const known = new Set<ErrorPhase>();
  let told: { readonly phase: ErrorPhase; readonly error: unknown }[] = [];
  return {
    onError: (error: unknown, { phase }: { readonly phase: ErrorPhase }): void =>
      void told.push({ phase, error }),
    told: (): readonly ErrorPhase[] => {
      const phases = told.map(({ phase }) => phase);
      for (const phase of phases) known.add(phase);
      told = [];
      return phases;
    },
    throwUnexpected: (): void => {
      const first = told.find(({ phase }) => !known.has(phase));
      if (first === undefined) return;
      const message = `onError was told of ${first.phase}, which the test does not expect`;
      throw new Error(message, { cause: first.error });
    },
  };
}

/** Mounts the service as the README does. */
export function inExpress(files: FileService): RequestListener {
  const app = express();
  app.use(MOUNT, files);
  return app;
}

/** Sends one request to a port of this machine, its target untouched; chunked if Transfer-Encoding says so. */
export function ask(port: number, question: Question): Promise<Answer> {
  const { method = 'GET', path, headers = {}, body } = question;
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        port,
        host: '127.0.0.1',
        method,
        path,
        agent: false,
        headers: {
          ...(body === undefined || 'Transfer-Encoding' in headers
            ? {}
            : { 'content-length': String(Buffer.byteLength(body)) }),
          ...headers,
        } as Record<string, string>,
      },
      (answer) => {
        collect(answer).then(resolve, reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

async function collect(answer: IncomingMessage): Promise<Answer> {
  const body = Buffer.concat(await answer.toArray());
  if (!answer.complete) throw new Error('the answer broke off');
  const text = body.toString('utf8');
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers as Record<string, string>,
    body,
    text,
    json: () => JSON.parse(text) as unknown,
  };
}
