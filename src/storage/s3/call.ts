// What a call to storage is, whatever it asks: admitted, counted, repeated within reason, its failure translated.
// Knows no operation; how a command travels is the wire's business.
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../../core/client-signal.js';
import { debugStorage } from '../../core/debug.js';
import { FileServiceError } from '../../core/errors.js';
import type { CallOf } from './breaker.js';
import type { Connection } from './connection.js';
import {
  blamesStorage,
  healthOf,
  isLost,
  nonsense,
  refusalOf,
  translate,
  type Refusal,
} from './errors.js';
import { readyBucket } from './probes/bucket-created.js';
import { pause, pauseBefore } from './retry.js';
import type { Call, StorageSettings } from './settings.js';
import type { CommandName, Input, Output } from './wire/commands.js';

/** A body that travels once. */
export interface SentBody {
  readonly stream: Readable;
  /** Bytes. */
  readonly length: number;
  /** Ends the call: the client has gone, the sender has failed, storage stands still. Its owner links them. */
  readonly signal: ClientSignal;
  /** Whether every byte was handed over: from then on storage may have stored them. */
  readonly isSent: () => boolean;
  /** The attempt is over, however it ended. */
  readonly close: () => void;
}

/** How to make one call. */
export interface CallOptions {
  /** Ends this call, instead of the client's signal, which its owner links. Its reason is what is thrown. */
  readonly signal?: ClientSignal;
  /** Most attempts. @default 3 */
  readonly attempts?: number;
  /** Whether it is sent again, whatever `attempts` says, once storage has said that it takes no more writes of the key now. */
  readonly waitsForTurn?: boolean;
  /** How long one answer may take, in milliseconds; `null`: the signal's owner watches. @default requestMs */
  readonly answerMs?: number | null;
  /** Makes the body of each attempt. */
  readonly body?: () => SentBody;
  /** Called before an attempt that is not the first. */
  readonly onRepeat?: () => void;
}

/** Sends one command. Throws FileServiceError, of which `refusalOf` knows more; on abort the signal's reason. */
export type SendCommand = <N extends CommandName>(
  name: N,
  input: Input<N>,
  options?: CallOptions,
) => Promise<Output<N>>;

/** What every verb needs: one storage, below one container, on behalf of one request. */
export interface S3Context {
  readonly settings: StorageSettings;
  readonly container: string;
  readonly call: Call;
  readonly send: SendCommand;
  /** The storage behind it, shared by every request. */
  readonly connection: Connection;
  /** The S3 key of one of ours. */
  keyOf(key: string): string;
  /** Our key of one of S3's. */
  relative(s3Key: string): string;
}

/** A context for one request; `container` is `''` or ends in `/`. */
export function s3Context(connection: Connection, container: string, call: Call): S3Context {
  return {
    settings: connection.settings,
    connection,
    container,
    call,
    send: (name, input, options = NO_OPTIONS) =>
      sendCommand(connection, call, { name, input, options }),
    keyOf: (key) => container + key,
    relative(s3Key) {
      if (!s3Key.startsWith(container))
        throw nonsense('Storage named a file that was not asked for.');
      return s3Key.slice(container.length);
    },
  };
}

/** The same context for work that must go on when the client has gone: aborts, probes, what others wait for too. */
export function detached(context: S3Context): S3Context {
  const { connection, container, call } = context;
  return s3Context(connection, container, { signal: connection.closing, onCall: call.onCall });
}

const NO_OPTIONS: CallOptions = {};

interface Sending<N extends CommandName> {
  readonly name: N;
  readonly input: Input<N>;
  readonly options: CallOptions;
}

const MOST_ATTEMPTS = 3;
// R2 and GCS take one write a second on one key, and answer 429 to the next.
const WRITE_PAUSE_MS = 1100;

// Objects on this way are written out field by field: one that begins as a spread of another has a hidden class of
// its own each time, which makes every later access to it slow.
async function sendCommand<N extends CommandName>(
  connection: Connection,
  call: Call,
  { name, input, options }: Sending<N>,
): Promise<Output<N>> {
  const { settings, breaker, budget } = connection;
  const { attempts = MOST_ATTEMPTS } = options;
  const about = { kind: kindOf(name), s3Key: keyOf(input) };
  for (let attempt = 1; ; attempt += 1) {
    const body = options.body?.();
    const signal = body?.signal ?? options.signal ?? call.signal;
    let isTooOften = false;
    try {
      if (signal.aborted) throw signal.reason;
      breaker.admit(about);
      if (settings.createBucket || settings.enableVersioning) await readyBucket(connection, signal);
      call.onCall(name);
      const { answerMs = settings.timeouts.requestMs } = options;
      const output = await connection.wire.send(name, withBody(input, body), { signal, answerMs });
      breaker.succeeded();
      budget.earn();
      return output;
    } catch (error) {
      const { thrown, next } = failureOf(connection, error, { name, about, signal, body });
      isTooOften = refusalOf(error)?.status === 429;
      const most = isTooOften && options.waitsForTurn === true ? MOST_ATTEMPTS : attempts;
      if (next === 'final' || attempt >= most) throw thrown;
      if (next === 'costs' && !mayRepeat(connection, about, error)) throw thrown;
    } finally {
      body?.close();
    }
    const waiter = options.signal ?? call.signal;
    await (isTooOften ? pause(WRITE_PAUSE_MS, waiter) : pauseBefore(attempt, waiter));
    options.onRepeat?.();
  }
}

function withBody<N extends CommandName>(input: Input<N>, body: SentBody | undefined): Input<N> {
  return body === undefined ? input : { ...input, Body: body.stream, ContentLength: body.length };
}

interface Failed {
  readonly name: CommandName;
  readonly about: CallOf;
  readonly signal: ClientSignal;
  readonly body: SentBody | undefined;
}

interface Failure {
  readonly thrown: unknown;
  /** `final`: nobody waits for another attempt; `costs`: it takes a token; `free`: this one was signed by a wrong clock. */
  readonly next: 'final' | 'costs' | 'free';
}

/** What a failed attempt means, and what it says of storage. */
function failureOf(
  connection: Connection,
  error: unknown,
  { name, about, signal, body }: Failed,
): Failure {
  const isSent = body?.isSent() ?? true;
  if (signal.aborted) {
    // The signal is why it failed, whatever the wire made of that.
    const { reason } = signal;
    if (!blamesStorage(reason)) return { thrown: reason, next: 'final' };
    connection.breaker.failed(about, 'silent');
    const refusal = refusalOf(reason);
    const isWriteLost = refusal !== undefined && isSent && WRITES.has(name) && isLost(refusal);
    return { thrown: isWriteLost ? outcomeUnknown(reason) : reason, next: 'final' };
  }
  const refusal = refusalOf(error);
  if (refusal === undefined) return { thrown: error, next: 'final' };
  const code = refusal.code === '' ? networkCode(error) : refusal.code;
  debugStorage('%s: %s %s %s', name, refusal.kind, refusal.status ?? '-', code);
  tellBreaker(connection, about, refusal);
  const isWriteLost = isSent && WRITES.has(name) && isLost(refusal);
  return {
    thrown: isWriteLost ? outcomeUnknown(error) : translate(error),
    next: correctedClock(connection, refusal) ? 'free' : 'costs',
  };
}

/** What Node says of a connection that failed: an expired certificate, a name that does not resolve. */
function networkCode(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : '-';
}

function tellBreaker({ breaker }: Connection, about: CallOf, refusal: Refusal): void {
  const health = healthOf(refusal);
  if (health === undefined) return;
  if (health === 'answered') breaker.succeeded();
  else if (health === 'silent' && !isLost(refusal)) breaker.unreached();
  else breaker.failed(about, refusal.code === 'SlowDown' ? 'throttled' : health);
}

// Signatures hold for a quarter of an hour; the SDK corrects its clock from five minutes on, too.
const SKEW_MS = 5 * 60_000;

/** Learns storage's clock from a refusal, for the next attempt and every later call; false when it was right. */
function correctedClock({ wire }: Connection, { status, headers }: Refusal): boolean {
  if (status !== 403) return false;
  const offsetMs = Date.parse(headers['date'] ?? '') - Date.now();
  const isOff = Math.abs(offsetMs - wire.clockOffsetMs()) > SKEW_MS;
  if (isOff) wire.setClockOffset(offsetMs);
  return isOff;
}

/** Whether a call that failed so may be made again; takes a token of the budget when it may. */
function mayRepeat({ breaker, budget }: Connection, about: CallOf, error: unknown): boolean {
  const kind = refusalOf(error)?.kind;
  // A timeout has used up the client's patience; another would double it. AWS asks to send again what
  // met a 409 ConditionalRequestConflict.
  const isTransient = kind === 'unavailable' || kind === 'unreachable' || kind === 'conflict';
  return isTransient && !breaker.isOpen(about) && budget.take();
}

// Their objects may be there although no answer came.
const WRITES: ReadonlySet<CommandName> = new Set<CommandName>([
  'CompleteMultipartUpload',
  'CopyObject',
  'PutObject',
]);

function outcomeUnknown(cause: unknown): FileServiceError {
  return new FileServiceError(
    'storage_outcome_unknown',
    'Storage did not say whether the file was stored.',
    { cause },
  );
}

function kindOf(name: CommandName): CallOf['kind'] {
  if (name.startsWith('GetObject') || name === 'HeadObject') return 'read';
  if (name.startsWith('List') || name.includes('Bucket')) return 'list';
  return name.startsWith('Delete') || name === 'AbortMultipartUpload' ? 'remove' : 'write';
}

function keyOf(input: { readonly Key?: string; readonly Prefix?: string }): string {
  return input.Key ?? input.Prefix ?? '';
}
