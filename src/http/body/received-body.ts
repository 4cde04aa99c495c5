// A body of which whatever has come counts: it never throws, and ends with the last byte that arrived.
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../../core/client-signal.js';
import type { FileServiceError } from '../../core/errors.js';
import { MIN_BYTES_PER_SECOND, overLimit, refuse } from './limits.js';

/** What holds for a body. */
export interface ReceiveLimits {
  /** Bytes that HTTP declared; undefined when it did not say. */
  readonly length: number | undefined;
  /** How long the sender may be silent while its bytes are wanted. */
  readonly idleMs: number;
  /** Fewer bytes a second than this, over a minute in which they are wanted, are too few. @default 1024 */
  readonly minBytesPerSecond?: number;
  /** Sees every byte that counts. */
  readonly update?: (chunk: Uint8Array) => void;
  /** Fires when the client has gone. */
  readonly signal: ClientSignal;
}

/** How many bytes there is room for, and what is said of a body that brings more. */
export interface BodyRoom {
  readonly bytes: number;
  readonly exceeded: (bytes: number) => FileServiceError;
}

/** A body on its way. */
export interface ReceivedBody {
  readonly chunks: AsyncIterable<Uint8Array>;
  /**
   * Lets all of it come. Before that only as much is read as waits in memory.
   *
   * @throws FileServiceError `exceeded`, when the body is announced as larger than there is room for
   */
  readonly admit: (room: BodyRoom) => void;
  readonly stop: () => void;
  readonly bytes: () => number;
  readonly ending: () => 'whole' | 'cut' | FileServiceError;
}

// As much as Node reads at once: one chunk waits without a pause, which it would only be resumed from.
/** Bytes that wait for whoever reads; with more the sender waits. */
const WAITING_BYTES = 64 * 1024;
const RATE_WINDOW_MS = 60_000;

// Over 60 lines: sender and reader of one body share all their state, and each has to wake the other.
/** Receives a body from now on: what Node has not handed out when a connection breaks is lost. */
export function receiveBody(source: Readable, limits: ReceiveLimits): ReceivedBody {
  const { length, idleMs, update, signal } = limits;
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let bytes = 0;
  let room: BodyRoom = { bytes: Infinity, exceeded: () => overLimit(Infinity) };
  let ending: 'whole' | 'cut' | FileServiceError | undefined;
  let wake = (): void => {};
  const rate = rateGuard(limits);

  const end = (how: 'whole' | 'cut' | FileServiceError): void => {
    if (ending !== undefined) return;
    ending = how;
    clearTimeout(idle);
    signal.removeEventListener('abort', onCut);
    source.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut);
    source.pause();
    wake();
  };
  const onData = (chunk: unknown): void => {
    if (!(chunk instanceof Uint8Array))
      return end(refuse('body_already_consumed', 'Something has decoded the body into text.'));
    if (bytes + chunk.length > room.bytes) return end(room.exceeded(bytes + chunk.length));
    bytes += chunk.length;
    idle.refresh();
    update?.(chunk);
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes > WAITING_BYTES) source.pause();
    if (rate.isTooSlow(chunk.length, source.isPaused()))
      return end(refuse('request_timeout', 'The body came too slowly.'));
    wake();
  };
  const onEnd = (): void => end(length !== undefined && bytes < length ? 'cut' : 'whole');
  const onCut = (): void => end('cut');
  const onSilence = (): void => {
    // A sender that waits for us is not silent.
    if (source.isPaused()) idle.refresh();
    else end(refuse('request_timeout', 'The body stopped coming.'));
  };
  const idle = setTimeout(onSilence, idleMs);
  idle.unref();

  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const next = waiting.shift();
        if (next !== undefined) {
          waitingBytes -= next.length;
          if (ending === undefined && waitingBytes <= WAITING_BYTES && source.isPaused()) {
            rate.resume();
            source.resume();
          }
          yield next;
        } else if (ending !== undefined) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      onCut();
    }
  }

  // What it still has to say is no news; without a listener an error would end the process.
  source.on('error', () => {});
  if (length === 0 || source.readableEnded) end('whole');
  else if (source.destroyed || signal.aborted) end('cut');
  else {
    signal.addEventListener('abort', onCut);
    source.on('end', onEnd).on('error', onCut).on('close', onCut).on('data', onData);
  }
  return {
    chunks: chunks(),
    admit(given) {
      room = given;
      if (length !== undefined && length > room.bytes) throw room.exceeded(length);
      if (bytes <= room.bytes) return;
      waiting.length = 0;
      ending = room.exceeded(bytes);
    },
    stop: onCut,
    bytes: () => bytes,
    ending: () => ending ?? 'cut',
  };
}

/** Measures each minute for itself, without the time in which the sender had to wait. */
function rateGuard({ minBytesPerSecond = MIN_BYTES_PER_SECOND }: ReceiveLimits) {
  let since = Date.now();
  let flowedMs = 0;
  let came = 0;
  return {
    isTooSlow(bytes: number, pausesNow: boolean): boolean {
      came += bytes;
      const flowed = flowedMs + Date.now() - since;
      if (pausesNow) flowedMs = flowed;
      if (flowed < RATE_WINDOW_MS) return false;
      const isTooSlow = came < (flowed / 1000) * minBytesPerSecond;
      [came, flowedMs, since] = [0, 0, Date.now()];
      return isTooSlow;
    },
    resume(): void {
      since = Date.now();
    },
  };
}
