// What must hold of a service whatever was done to it: started between a recording proxy and a store,
// every answer, call, verdict and audit event is kept, and `verify` holds them against the invariants.
import {
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import type { Access, FileServiceConfig } from '../../src/index.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';
import type { Call } from './faulty-exchange.ts';
import { openRaw, raw, type RawConnection, type RawResponse, type ResponseWait } from './raw.ts';
import { rawRequest, type RawRequest } from './raw-request.ts';
import { MOUNT, startService, type Answer, type Question, type RunningService } from './service.ts';
import { client, type Store } from './stores.ts';
import { until } from './until.ts';

/** The prefix of every watched service; nothing outside it may ever be touched. */
export const CONTAINER = 'tenant1';

const CANARIES = ['tenant10/canary', 'tenant1-old/canary', 'tenant2/secret', 'canary', CONTAINER];

/** An answer of which every byte was judged, or a connection that broke. */
export interface Trial {
  readonly service: RunningService;
  readonly proxy: FaultProxy;
  readonly store: Store;
  /** Goes around service and proxy. */
  readonly s3: S3Client;
  /** Every access that was asked and allowed, in order. */
  readonly allowed: readonly Access[];
  readonly ask: (question: Question) => Promise<Answer>;
  /** Sends odd bytes below the mount on a connection of its own. */
  readonly rawAsk: (request: RawRequest, wait?: ResponseWait) => Promise<RawResponse>;
  readonly connect: () => Promise<RawConnection>;
  /** The calls that reached storage, by name. */
  readonly calls: () => string[];
  /** Holds everything since the last look against the invariants O2 to O10. */
  readonly verify: (leniency?: Leniency) => Promise<void>;
  /** Stores a file around the service. */
  readonly put: (key: string, body: string | Uint8Array, contentType?: string) => Promise<void>;
  /** The ETag of a stored file; undefined when there is none. */
  readonly etagOf: (key: string) => Promise<string | undefined>;
  readonly uploads: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

/** What a case may leave behind on purpose. */
export interface Leniency {
  /** Uploads that stay open because storage refused to abort them. */
  readonly uploads?: boolean;
  /** Answers that hold pre-signed URLs. */
  readonly signed?: boolean;
}

interface Kept {
  readonly head: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  readonly body: Buffer;
}

/** The limits of watched services: short enough for tests, long enough for a busy machine. */
export const LIMITS = {
  maxUploadBytes: 24 * 2 ** 20,
  multipartThreshold: 16 * 2 ** 20,
  partSize: 5 * 2 ** 20,
  timeouts: { connectMs: 1000, requestMs: 1500, idleMs: 1500, hookMs: 1000 },
} as const satisfies Partial<FileServiceConfig>;

/** Starts a watched service over a store. */
export async function startTrial(
  store: Store,
  config: Partial<FileServiceConfig> = {},
): Promise<Trial> {
  const proxy = await startFaultProxy({ target: store.endpoint });
  const s3 = client(store);
  const Bucket = store.bucket;
  const allowed: Access[] = [];
  const kept: Kept[] = [];
  let requests = 0;
  let audited = 0;
  const { authorize = () => true } = config;
  const judges = [authorize].flat();
  const service = await startService(
    { ...store, endpoint: proxy.endpoint },
    {
      container: CONTAINER,
      ...LIMITS,
      ...config,
      authorize: async (access, request) => {
        for (const judge of judges) if ((await judge(access, request)) !== true) return false;
        allowed.push(access);
        return true;
      },
    },
  );
  service.server.on('request', () => (requests += 1));

  const put = async (key: string, body: string | Uint8Array, contentType?: string) => {
    const Key = `${CONTAINER}/${key}`;
    await s3.send(
      new PutObjectCommand({ Bucket, Key, Body: Buffer.from(body), ContentType: contentType }),
    );
  };
  const head = (Key: string) =>
    s3.send(new HeadObjectCommand({ Bucket, Key })).then(
      ({ ETag }) => ETag,
      (error: unknown) => {
        if (error instanceof Error && error.name === 'NotFound') return undefined;
        throw error;
      },
    );
  for (const Key of CANARIES)
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(`canary ${Key}`) }));
  const canaries = await Promise.all(CANARIES.map(head));
  const uploads = async (): Promise<string[]> => {
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    return Uploads.map(({ Key = '' }) => Key);
  };
  const keepRaw = (answer: RawResponse): RawResponse => {
    const { status, headers, body, rawHead } = answer;
    if (status !== undefined) kept.push({ status, headers, body, head: rawHead });
    return answer;
  };

  const verify = async ({ uploads: mayStay = false, signed = false }: Leniency = {}) => {
    await until(() => service.audit.length - audited >= requests, {
      what: `${requests} audit events instead of ${service.audit.length - audited} (O8)`,
    });
    expect(service.audit.length - audited, 'O8: audit events').toBe(requests);
    const fresh = service.audit.slice(audited);
    expect(
      fresh.filter(({ status }) => status === 500),
      'O2: a fault of ours',
    ).toEqual([]);
    if (!mayStay) await untilNone(uploads);
    await until(() => proxy.open() === 0, { what: 'calls to storage to end (O4)' });
    checkCalls(proxy.calls, allowed);
    expect(await Promise.all(CANARIES.map(head)), 'O5: canaries').toEqual(canaries);
    for (const answer of kept) checkAnswer(answer, forbidden(store, proxy), signed);
    kept.length = 0;
    audited = service.audit.length;
    requests = 0;
    proxy.heal();
    proxy.forget();
    allowed.length = 0;
  };

  return {
    service,
    proxy,
    store,
    s3,
    allowed,
    ask: async (question) => {
      const answer = await service.ask(question);
      const { status, headers, body } = answer;
      kept.push({ status, headers, body, head: JSON.stringify(headers) });
      return answer;
    },
    rawAsk: async (request, wait) =>
      keepRaw(
        await raw(service.port, rawRequest({ ...request, target: MOUNT + request.target }), wait),
      ),
    connect: async () => {
      const connection = await openRaw(service.port);
      return {
        ...connection,
        response: async (wait) => keepRaw(await connection.response(wait)),
      };
    },
    calls: () => proxy.calls.map(({ operation }) => operation),
    verify,
    put,
    etagOf: (key) => head(`${CONTAINER}/${key}`),
    uploads,
    close: async () => {
      await service.close();
      await proxy.close();
      s3.destroy();
      await store.close();
    },
  };
}

async function untilNone(uploads: () => Promise<readonly string[]>): Promise<void> {
  await until(async () => (await uploads()).length === 0, {
    what: 'open multipart uploads to go (O3)',
    everyMs: 50,
  });
}

// What the service keeps for itself: probes of what a store can do, marks of its uploads, what is not whole yet.
const PROBE = /^tenant1\/\.s3files\//;

/** O5: nothing outside the container; O10: nothing that was not allowed before. */
export function checkCalls(calls: readonly Call[], allowed: readonly Access[]): void {
  const keys = calls.filter(({ operation }) => operation !== 'HeadBucket').flatMap(keysOf);
  const outside = keys.filter((key) => !key.startsWith(`${CONTAINER}/`));
  expect(outside, 'O5: keys outside the container').toEqual([]);
  // A sweep is nobody's request, and clean-up goes on when its request is over.
  const asked = calls.filter(({ operation }) => !UNASKED.has(operation)).flatMap(keysOf);
  const unasked = asked
    .filter((key) => !PROBE.test(key))
    .map((key) => key.slice(CONTAINER.length + 1))
    .filter((key) => !allowed.some(({ path }) => covers(path, key)));
  expect(unasked, 'O10: keys that nobody allowed').toEqual([]);
}

const UNASKED = new Set(['HeadBucket', 'ListMultipartUploads', 'AbortMultipartUpload']);

const keysOf = (call: Call): readonly string[] => call.keys;

// A file's right covers the look for a folder of its name; a folder's right covers what is below.
function covers(path: string, key: string): boolean {
  return key === path || key === `${path}/` || (isFolder(path) && key.startsWith(path));
}

function isFolder(path: string): boolean {
  return path === '' || path.endsWith('/');
}

function forbidden(store: Store, proxy: FaultProxy): readonly string[] {
  return [
    store.bucket,
    CONTAINER,
    store.accessKeyId,
    store.secretAccessKey,
    'x-amz-',
    'fault-proxy',
    'fault proxy',
    `:${proxy.port}`,
    new URL(store.endpoint).host,
    'node_modules',
    process.cwd(),
  ];
}

const STACK = /\n\s+at .+:\d+:\d+/;

/** O6 and O7 of one answer. */
function checkAnswer(answer: Kept, tokens: readonly string[], isSigned: boolean): void {
  const { status, headers, body } = answer;
  const text = `${answer.head}\n${body.toString('latin1')}`.toLowerCase();
  const found = isSigned ? [] : tokens.filter((token) => text.includes(token.toLowerCase()));
  expect(found, `O6: forbidden in ${text.slice(0, 1000)}`).toEqual([]);
  expect(STACK.test(text), 'O6: a stack').toBe(false);
  expect(headers['x-powered-by'], 'O7').toBeUndefined();
  // What Node's parser refuses never reaches the service: it has a head of two lines.
  if (headers['x-request-id'] === undefined) {
    expect([400, 408, 413, 417, 431, 501], 'O7: an answer that is not ours').toContain(status);
    expect(body.length, 'O7: a body that is not ours').toBe(0);
    return;
  }
  expect(headers['x-content-type-options'], 'O7').toBe('nosniff');
  if (status < 400) return;
  expect(headers['cache-control'], 'O7').toBe('no-store');
  expect(headers['content-type'], 'O7').toBe('application/json; charset=utf-8');
}
