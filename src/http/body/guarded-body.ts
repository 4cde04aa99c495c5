// The body of an upload on its way to storage: counted, timed, digested, scanned, and never ended
// unless all of it is right. Knows no storage.
import { Readable } from 'node:stream';
import { isFileServiceError, type FileServiceError } from '../../core/errors.js';
import type { Scan } from '../../core/hooks.js';
import {
  MIN_BYTES_PER_SECOND,
  abortReason,
  incomplete,
  overLimit,
  refusalAtOnce,
  refuse,
  tooSlow,
  type BodyLimits,
} from './limits.js';
import { checkDigests, type DigestCheck } from './digest.js';
import { startScan, type ScanEvents, type ScanOptions, type Scanner } from './scan.js';

/** A body that ends only if everything about it is right. */
export interface GuardedBody {
  /**
   * Errs with a FileServiceError: `incomplete_body`, `too_large`, `checksum_mismatch`,
   * `request_timeout`, `body_already_consumed`, or a scan's refusal. Its last chunk is held back until
   * all is approved. Destroying it lets go of the source, paused and unharmed.
   */
  readonly stream: Readable;
  /** Bytes that have come so far. */
  readonly bytes: () => number;
}

interface Guard {
  readonly source: Readable;
  readonly limits: BodyLimits;
  readonly stream: Readable;
  readonly check: DigestCheck | null;
  readonly listeners: readonly (readonly [event: string, listener: (value: unknown) => void])[];
  readonly onAbort: () => void;
  scanner: Scanner | null;
  bytes: number;
  /** The last chunk that has come: passed on only when it turns out not to be the last of all. */
  held: Uint8Array | null;
  wanted: boolean;
  scannerReady: boolean;
  flowing: boolean;
  ended: boolean;
  timer: NodeJS.Timeout | undefined;
  flowingSince: number;
  waitedMs: number;
  /** Bytes that had come when the minute began that is being measured. */
  bytesBefore: number;
}

// Each minute counts for itself: who sent much before may not trickle for as long as that lasts.
const RATE_WINDOW_MS = 60_000;

/** Guards a body. `source` is read only as fast as `stream` is. */
export function guardBody(source: Readable, limits: BodyLimits): GuardedBody {
  return start(source, limits, () => null);
}

/** Guards a body that the host's scanner judges while it streams. */
export function scanBody(
  source: Readable,
  limits: BodyLimits,
  scan: Scan,
  options: ScanOptions,
): GuardedBody {
  return start(source, limits, (events) => startScan(scan, options, events));
}

function start(
  source: Readable,
  limits: BodyLimits,
  scannerFor: (events: ScanEvents) => Scanner | null,
): GuardedBody {
  const guard: Guard = {
    source,
    limits,
    stream: streamOf(() => guard),
    check: limits.digests == null ? null : checkDigests(limits.digests),
    listeners: [
      ['end', () => void finish(guard)],
      ['error', (error) => cut(guard, error)],
      ['close', () => cut(guard)],
      ['data', (chunk) => take(guard, chunk)],
    ],
    onAbort: () => fail(guard, abortReason(limits.signal)),
    scanner: null,
    bytes: 0,
    held: null,
    wanted: false,
    scannerReady: true,
    flowing: false,
    ended: false,
    timer: undefined,
    flowingSince: 0,
    waitedMs: 0,
    bytesBefore: 0,
  };
  const refusal = refusalAtOnce(source, limits);
  if (refusal !== null) {
    fail(guard, refusal);
    return { stream: guard.stream, bytes: () => 0 };
  }
  guard.scanner = scannerFor({
    onWant: () => {
      guard.scannerReady = true;
      flow(guard);
    },
    onRefuse: (error) => fail(guard, error),
  });
  attach(guard);
  return { stream: guard.stream, bytes: () => guard.bytes };
}

function streamOf(guardOf: () => Guard): Readable {
  const stream = new Readable({
    // Passes on what is wanted as it comes, and keeps nothing: a stream that flows has no use for a buffer.
    highWaterMark: 1,
    read: () => {
      const guard = guardOf();
      guard.wanted = true;
      flow(guard);
    },
    destroy: (error, done) => {
      const guard = guardOf();
      letGo(guard);
      guard.scanner?.abort(error ?? incomplete());
      done(error);
    },
  });
  // A body may fail before anybody has begun to listen; `errored` still tells them.
  stream.on('error', () => undefined);
  return stream;
}

function attach(guard: Guard): void {
  const { source, limits } = guard;
  limits.signal.addEventListener('abort', guard.onAbort);
  if (source.readableEnded) {
    void finish(guard);
    return;
  }
  // Data is listened to only when it is wanted: the listener sets the source flowing.
  for (const [event, listener] of guard.listeners) {
    if (event !== 'data') source.on(event, listener);
  }
}

// Takes every listener off, so that the source's owner can read on, answer or close as it likes.
function letGo(guard: Guard): void {
  const { source, limits, listeners } = guard;
  clearTimeout(guard.timer);
  guard.ended = true;
  guard.held = null;
  limits.signal.removeEventListener('abort', guard.onAbort);
  for (const [event, listener] of listeners) source.off(event, listener);
  if (guard.flowing) source.pause();
  guard.flowing = false;
}

function flow(guard: Guard): void {
  if (guard.flowing || guard.ended || !guard.wanted || !guard.scannerReady) return;
  guard.flowing = true;
  guard.flowingSince = Date.now();
  if (guard.timer === undefined) {
    guard.timer = setTimeout(() => onSilence(guard), guard.limits.idleMs);
    guard.timer.unref();
    for (const [event, listener] of guard.listeners) {
      if (event === 'data') guard.source.on(event, listener);
    }
  } else {
    guard.timer.refresh();
  }
  guard.source.resume();
}

function pause(guard: Guard): void {
  guard.flowing = false;
  guard.waitedMs += Date.now() - guard.flowingSince;
  guard.source.pause();
}

function take(guard: Guard, chunk: unknown): void {
  if (!(chunk instanceof Uint8Array)) {
    fail(guard, refuse('body_already_consumed', 'Something has decoded the body into text.'));
    return;
  }
  if (guard.ended || chunk.length === 0) return;
  guard.bytes += chunk.length;
  const error = problem(guard);
  if (error !== null) {
    fail(guard, error);
    return;
  }
  guard.timer?.refresh();
  guard.check?.update(chunk);
  guard.limits.onChunk?.(chunk);
  const before = guard.held;
  guard.held = chunk;
  if (guard.scanner?.write(chunk) === false) guard.scannerReady = false;
  if (before !== null && !guard.stream.push(before)) guard.wanted = false;
  if (guard.flowing && !(guard.wanted && guard.scannerReady)) pause(guard);
}

function problem(guard: Guard): FileServiceError | null {
  const { bytes, limits } = guard;
  if (bytes > limits.maxBytes) return overLimit(limits.maxBytes);
  if (limits.length !== undefined && bytes > limits.length) {
    return refuse('incomplete_body', 'The body is longer than its "Content-Length" says.');
  }
  return isTooSlow(guard) ? tooSlow(limits) : null;
}

function isTooSlow(guard: Guard): boolean {
  const { minBytesPerSecond = MIN_BYTES_PER_SECOND } = guard.limits;
  const waited = guard.waitedMs + Date.now() - guard.flowingSince;
  if (waited < RATE_WINDOW_MS) return false;
  const came = guard.bytes - guard.bytesBefore;
  guard.bytesBefore = guard.bytes;
  guard.waitedMs = 0;
  guard.flowingSince = Date.now();
  return came < (waited / 1000) * minBytesPerSecond;
}

// A source that we have paused is not silent: nobody asked it anything.
function onSilence(guard: Guard): void {
  if (guard.flowing) fail(guard, refuse('request_timeout', 'The body stopped coming.'));
}

async function finish(guard: Guard): Promise<void> {
  if (guard.ended) return;
  const { limits, bytes, check, scanner, stream } = guard;
  guard.ended = true;
  guard.flowing = false;
  clearTimeout(guard.timer);
  try {
    if (limits.length !== undefined && bytes !== limits.length) throw incomplete();
    check?.verify();
    // A body that nobody else judges ends without a turn of the event loop.
    if (scanner !== null) await scanner.end();
    if (limits.beforeEnd !== undefined) await limits.beforeEnd();
  } catch (error) {
    fail(guard, error as Error);
    return;
  }
  if (stream.destroyed) return;
  if (guard.held !== null) stream.push(guard.held);
  guard.held = null;
  stream.push(null);
}

// Every source closes after its end, while the judges may still be at it. A source of our own, such as
// a part of a form, knows better than we why it broke.
function cut(guard: Guard, cause?: unknown): void {
  if (!guard.ended) fail(guard, isFileServiceError(cause) ? cause : incomplete(cause));
}

function fail(guard: Guard, error: Error): void {
  guard.stream.destroy(error);
}
