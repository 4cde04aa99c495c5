// One storage: its clients, sockets, breaker and retries; and what a call to it looks like.
// It knows no operation: s3-list.ts and its neighbours do.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  S3Client,
  type $Command,
  type S3ClientConfig,
  type S3ClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-s3';
import { debugStorage } from '../debug.js';
import { isFileServiceError } from '../errors.js';
import { breaker, type Breaker } from './breaker.js';
import { pauseBefore, retryBudget, type RetryBudget } from './retry.js';
import { boundAnswers } from './s3-answer.js';
import { createBucket } from './s3-bucket.js';
import { digestDeletes } from './s3-digest.js';
import { nonsense, outageWeight, refusalOf, translate } from './s3-errors.js';

/** Credentials of storage; a function is asked again before they expire. */
export type StorageCredentials = NonNullable<S3ClientConfig['credentials']>;

/** A storage, completely described. */
export interface StorageSettings {
  readonly bucket: string;
  readonly region: string;
  /** undefined is AWS. */
  readonly endpoint: string | undefined;
  /** The endpoint in pre-signed URLs; undefined is `endpoint`. */
  readonly publicEndpoint: string | undefined;
  readonly usePathStyleEndpoint: boolean;
  /** undefined is the AWS default chain. */
  readonly credentials: StorageCredentials | undefined;
  readonly createBucket: boolean;
  readonly serverSideEncryption: string | undefined;
  readonly kmsKeyId: string | undefined;
  readonly storageClass: string | undefined;
  readonly maxSockets: number;
  /** Bytes. */
  readonly multipartThreshold: number;
  /** Bytes. */
  readonly partSize: number;
  readonly maxPartBuffers: number;
  readonly timeouts: {
    readonly connectMs: number;
    readonly requestMs: number;
    readonly idleMs: number;
  };
}

/** On whose behalf storage is called. */
export interface Call {
  /** Fires when the client has gone; settles every call with its reason. */
  readonly signal: AbortSignal;
  /** Called before each storage call, a repeated one too. */
  readonly onCall: (operation: string) => void;
}

/** `meta` answers within `requestMs`; `stream` has no deadline: its user watches progress. */
export type Profile = 'meta' | 'stream';

/** How to make one call. */
export interface SendOptions {
  /** Aborts this call alone; its reason is what `send` throws. */
  readonly signal?: AbortSignal;
  /** Most attempts, of idempotent calls with a body that can be sent again. @default 3 for meta, 1 for stream */
  readonly attempts?: number;
}

/** A command of the SDK. */
export type S3Command<
  Input extends ServiceInputTypes,
  Output extends ServiceOutputTypes,
> = $Command<Input, Output, S3ClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>;

/** Sends one command. Throws FileServiceError, of which `refusalOf` knows more; on abort the signal's reason. */
export type Send = <Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  profile: Profile,
  operation: string,
  command: S3Command<Input, Output>,
  options?: SendOptions,
) => Promise<Output>;

/** What every s3-*.ts needs: one storage, below one container, for one call. */
export interface S3Context {
  readonly settings: StorageSettings;
  readonly container: string;
  readonly call: Call;
  readonly send: Send;
  /** The storage behind it, shared by every call. */
  readonly connection: Connection;
  /** The S3 key of one of ours. */
  keyOf(key: string): string;
  /** Our key of one of S3's. */
  relative(s3Key: string): string;
}

/** The shared part of a storage: sockets, clients, breaker, retry budget. */
export interface Connection {
  readonly settings: StorageSettings;
  readonly breaker: Breaker;
  readonly budget: RetryBudget;
  client(profile: Profile): S3Client;
  /** Creates the bucket when `createBucket` says so and it is not there; once. */
  ready(): Promise<void>;
  busySockets(): number;
  close(): void;
}

/** A context for one call; `container` is `''` or ends in `/`. */
export function s3Context(connection: Connection, container: string, call: Call): S3Context {
  return {
    settings: connection.settings,
    connection,
    container,
    call,
    send: (profile, operation, command, options) =>
      send(connection, call, { profile, operation, command, ...options }),
    keyOf: (key) => container + key,
    relative(s3Key) {
      if (!s3Key.startsWith(container))
        throw nonsense('Storage named a file that was not asked for.');
      return s3Key.slice(container.length);
    },
  };
}

/** The same context for work that must go on when the client has gone: aborts, clean-up. */
export function detached(context: S3Context): S3Context {
  const { onCall } = context.call;
  return s3Context(context.connection, context.container, {
    signal: new AbortController().signal,
    onCall,
  });
}

interface Sending<
  Input extends ServiceInputTypes,
  Output extends ServiceOutputTypes,
> extends SendOptions {
  readonly profile: Profile;
  readonly operation: string;
  readonly command: S3Command<Input, Output>;
}

async function send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  connection: Connection,
  call: Call,
  sending: Sending<Input, Output>,
): Promise<Output> {
  const { profile, operation, command, attempts = profile === 'meta' ? 3 : 1 } = sending;
  const signal =
    sending.signal === undefined ? call.signal : AbortSignal.any([call.signal, sending.signal]);
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    connection.breaker.admit();
    try {
      await connection.ready();
      call.onCall(operation);
      const output = await connection.client(profile).send(command, { abortSignal: signal });
      connection.breaker.succeeded();
      connection.budget.earn();
      return output;
    } catch (error) {
      // The signal is why it failed, whatever the SDK made of that.
      if (signal.aborted) {
        if (isFileServiceError(signal.reason) && !call.signal.aborted) connection.breaker.failed(2);
        throw signal.reason;
      }
      tellBreaker(connection, operation, error);
      if (attempt === attempts || !mayRepeat(connection, error)) throw translate(error);
    }
    await pauseBefore(attempt, signal);
  }
}

function tellBreaker(connection: Connection, operation: string, error: unknown): void {
  const refusal = refusalOf(error);
  if (refusal === undefined) return;
  debugStorage('%s: %s %s %s', operation, refusal.kind, refusal.status ?? '-', refusal.code);
  const weight = outageWeight(refusal);
  if (weight === 0) connection.breaker.succeeded();
  else connection.breaker.failed(weight);
}

/** Whether an idempotent call that failed so may be made again; takes a token of the budget when it may. */
export function mayRepeat(connection: Connection, error: unknown): boolean {
  const refusal = refusalOf(error);
  if (refusal === undefined) return false;
  // The SDK has corrected its clock from storage's answer: the same call signed again is right.
  const skewed = (refusal.error as { $metadata?: { clockSkewCorrected?: boolean } }).$metadata;
  if (skewed?.clockSkewCorrected === true) return true;
  // A timeout has used up the client's patience; another would double it. AWS asks to send again what
  // met a 409 ConditionalRequestConflict.
  const transient = ['unavailable', 'unreachable', 'conflict'].includes(refusal.kind);
  return transient && !connection.breaker.isOpen() && connection.budget.take();
}

// Shorter than the 5 s after which Node servers close an idle socket (others wait longer): a socket
// reused just as the store closes it fails a call that cannot be repeated.
const IDLE_SOCKET_MS = 4000;

/** Opens nothing yet: clients and sockets come with the first call. */
export function connect(settings: StorageSettings): Connection {
  const sockets = { keepAlive: true, maxSockets: settings.maxSockets, timeout: IDLE_SOCKET_MS };
  const httpAgent = new HttpAgent(sockets);
  const httpsAgent = new HttpsAgent(sockets);
  const clients = new Map<Profile, S3Client>();
  let created: Promise<void> | undefined;

  const client = (profile: Profile): S3Client => {
    const existing = clients.get(profile);
    if (existing !== undefined) return existing;
    const opened = new S3Client({
      ...clientConfig(settings, settings.endpoint),
      // It warns on the console of every upload that storage refused.
      logger: SILENT,
      requestHandler: { httpAgent, httpsAgent, logger: SILENT, ...patience(profile, settings) },
    });
    digestDeletes(opened);
    boundAnswers(opened, settings.timeouts.requestMs);
    clients.set(profile, opened);
    return opened;
  };

  return {
    settings,
    breaker: breaker(),
    budget: retryBudget(),
    client,
    ready() {
      if (!settings.createBucket) return READY;
      created ??= createBucket(client('meta'), settings);
      created.catch(() => (created = undefined));
      return created;
    },
    busySockets: () => busy(httpAgent) + busy(httpsAgent),
    close() {
      for (const opened of clients.values()) opened.destroy();
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

/** What every client of a storage shares, the signing one too. */
export function clientConfig(
  settings: StorageSettings,
  endpoint: string | undefined,
): S3ClientConfig {
  return {
    region: settings.region,
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: settings.usePathStyleEndpoint,
    ...(settings.credentials === undefined ? {} : { credentials: settings.credentials }),
    // The SDK's default sends streams as aws-chunked with a trailing checksum, which older stores
    // refuse (Ceph 16) or store as content (s3rver). One way for all stores, AWS too, is the one that
    // is tested; AWS adds a CRC64 of its own to every object.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    // A reader that wants its answer checked asks with ChecksumMode.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestStreamBufferSize: 65_536,
    // Retries are ours (see send), under one budget with the breaker.
    maxAttempts: 1,
    // Without a logger the SDK warns on the console about streams that failed.
    logger: SILENT,
  };
}

const READY = Promise.resolve();
const SILENT = { debug() {}, info() {}, warn() {}, error() {}, trace() {} };

// connectionTimeout counts the wait for a free socket too. A listing gives up early; a stream among
// more streams than sockets waits for its turn as long as one that has a socket may stand still.
function patience(profile: Profile, { timeouts }: StorageSettings): object {
  return profile === 'meta'
    ? {
        connectionTimeout: timeouts.connectMs,
        requestTimeout: timeouts.requestMs,
        throwOnRequestTimeout: true,
        socketTimeout: 0,
      }
    : { connectionTimeout: timeouts.idleMs, requestTimeout: 0, socketTimeout: 0 };
}

function busy(agent: HttpAgent): number {
  const lists = [...Object.values(agent.sockets), ...Object.values(agent.requests)];
  return lists.reduce((sum, list) => sum + (list?.length ?? 0), 0);
}
