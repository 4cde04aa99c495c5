// What a call to storage looks like: sent, counted, repeated within reason, its failure translated.
// It knows no operation: s3-list.ts and its neighbours do.
import type {
  $Command,
  S3Client,
  S3ClientConfig,
  S3ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-s3';
import { abortSignalOf, type ClientSignal } from '../../core/client-signal.js';
import { debugStorage } from '../../core/debug.js';
import type { Breaker } from './breaker.js';
import { pauseBefore, type RetryBudget } from './retry.js';
import { blamesStorage, nonsense, outageWeight, refusalOf, translate } from './errors.js';
import type { Lean } from './wire/direct.js';

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
  /** Whether plain calls may go past the SDK's layers. */
  readonly leanCalls: boolean;
  readonly timeouts: {
    readonly connectMs: number;
    readonly requestMs: number;
    readonly idleMs: number;
  };
}

/** On whose behalf storage is called. */
export interface Call {
  /** Fires when the client has gone; settles every call with its reason. */
  readonly signal: ClientSignal;
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
  /** The way past the SDK's layers; null when it is turned off. */
  readonly lean: Lean | null;
  /** Creates the bucket when `createBucket` says so and it is not there; once. */
  ready(): Promise<void>;
  busySockets(): number;
  /** Requests that wait for a socket. */
  waiting(): number;
  /** Ends every call, with the reason where it is one of ours. */
  close(reason: Error): void;
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
  const left = abortSignalOf(call.signal);
  const signal = sending.signal === undefined ? left : AbortSignal.any([left, sending.signal]);
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
        if (blamesStorage(signal.reason)) connection.breaker.failed(2);
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
  else if (weight !== undefined) connection.breaker.failed(weight);
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
