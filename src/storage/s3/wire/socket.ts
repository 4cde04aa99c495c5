// One socket to storage that carries one request after another. It reads straight off the socket into memory
// of its own, without a stream in between, and hands plain answers on; anything else closes it.
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { chunkDecoder } from './chunked.js';
import type { ChunkDecoder } from './chunked.js';
import { readHead } from './response-head.js';
import type { Head } from './response-head.js';

/** A request as it goes over the wire. */
export interface Outgoing {
  readonly method: string;
  /** Request line and headers with the empty line at their end, bytes as Latin-1 characters. */
  readonly head: string;
  /** As long as the head says. */
  readonly body: Uint8Array | Readable | null;
}

/** Hears one answer. `end` or `fail` comes once, and last. */
export interface Receiver {
  /** True when the bytes will be kept: they are the receiver's then, else they are lent for the call. */
  head(head: Head): boolean;
  data(bytes: Buffer): void;
  end(): void;
  fail(error: Error): void;
}

/** A socket for one request at a time. */
export interface Wire {
  send(message: Outgoing, to: Receiver): void;
  /** Reads no more until `resume`; what was read already still comes. */
  pause(): void;
  resume(): void;
  /** Closes the socket. The receiver hears of it only when there is an error to hear. */
  close(error?: Error): void;
  /** False once the other side has closed it. */
  isOpen(): boolean;
  /** Whether it keeps the process alive. */
  hold(isHeld: boolean): void;
}

/** How a socket hands over what it reads: `onread` of `net.connect`. */
export interface Reading {
  readonly buffer: () => Uint8Array;
  readonly callback: (length: number, buffer: Uint8Array) => boolean;
}

/** What becomes of a wire. */
export interface WireEvents {
  /** Its answer has ended, and it can take another request. */
  readonly onFree: (wire: Wire) => void;
  /** Its socket is gone. */
  readonly onGone: (wire: Wire) => void;
}

/** What becomes of a wire, and how long it is kept without a request, in milliseconds. */
export interface WireOptions extends WireEvents {
  readonly idleMs: number;
}

/** As much as Node itself reads at once. */
const READ_BYTES = 64 * 1024;
// Node's own limit for heads is 16 KiB.
const MOST_HEAD_BYTES = 16 * 1024;
const HEAD_END = '\r\n\r\n';

/** A wire over the socket that `open` opens. */
export function wireOver(open: (reading: Reading) => Socket, options: WireOptions): Wire {
  let memory = Buffer.allocUnsafeSlow(READ_BYTES);
  // Whoever got the memory keeps it: the next read needs other.
  let isGiven = false;
  let receiver: Receiver | null = null;
  let isHead = false;
  let text = '';
  let head: Head | null = null;
  let keeps = false;
  let left = 0;
  let chunks: ChunkDecoder | null = null;
  let sending: Sending | null = null;
  let failure: Error | undefined;

  const reading: Reading = {
    buffer: () => {
      if (isGiven) memory = Buffer.allocUnsafeSlow(READ_BYTES);
      isGiven = false;
      return memory;
    },
    callback: (length) => {
      // Bytes that nobody asked for: the sides no longer agree on where answers begin.
      if (receiver === null) socket.destroy();
      else if (head === null) takeHead(memory.subarray(0, length));
      else take(kept(memory.subarray(0, length)), 0);
      return true;
    },
  };
  const socket = open(reading);

  const takeHead = (bytes: Buffer): void => {
    const seen = text.length;
    const room = MOST_HEAD_BYTES + HEAD_END.length - seen;
    text += bytes.toString('latin1', 0, room);
    // The end may have come in two pieces.
    const end = text.indexOf(HEAD_END, Math.max(0, seen - HEAD_END.length));
    if (end === -1 && bytes.length < room) return;
    const answer = end === -1 ? null : readHead(text.slice(0, end), isHead);
    if (answer === null) return spoil();
    text = '';
    head = answer;
    if (answer.length === 'chunked') chunks = chunkDecoder(hand);
    else left = answer.length;
    keeps = receiver?.head(answer) === true;
    take(kept(bytes.subarray(end + HEAD_END.length - seen)), 0);
  };

  // Small reads are copied: a buffer given away with a few bytes in it would hold 64 KiB for them.
  const kept = (bytes: Buffer): Buffer => {
    if (!keeps) return bytes;
    if (bytes.length * 2 < READ_BYTES) return Buffer.from(bytes);
    isGiven = true;
    return bytes;
  };

  const hand = (bytes: Buffer): boolean => {
    receiver?.data(bytes);
    return receiver !== null;
  };

  const take = (bytes: Buffer, from: number): void => {
    if (receiver === null) return;
    if (chunks !== null) {
      const where = chunks(bytes, from);
      if (where === 'malformed') spoil();
      else if (where !== 'more') finish(bytes.length - where);
      return;
    }
    const end = Math.min(bytes.length, from + left);
    left -= end - from;
    if (end > from && !hand(from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end)))
      return;
    if (left === 0) finish(bytes.length - end);
  };

  const finish = (surplus: number): void => {
    const done = receiver;
    // An answer may come before the whole request has left.
    const isSent = sending === null && socket.writableLength === 0;
    const isFit = head?.keepsAlive === true && surplus === 0 && isSent && !socket.destroyed;
    reset();
    // One that does not read would not see that the other side closes it, or says something unasked.
    if (socket.isPaused()) socket.resume();
    if (isFit) options.onFree(wire);
    else socket.destroy();
    done?.end();
  };

  const spoil = (): void => {
    socket.destroy(withCode('EPROTO', 'storage did not answer in plain HTTP'));
  };

  const reset = (): void => {
    sending?.stop();
    receiver = null;
    head = null;
    chunks = null;
    sending = null;
    text = '';
    keeps = false;
    left = 0;
  };

  // Node starts this clock anew with every read and write, so it needs no setting between requests.
  socket.setTimeout(options.idleMs).on('timeout', () => {
    if (receiver === null) socket.destroy();
  });
  socket.on('error', (error) => (failure = error));
  socket.on('close', () => {
    const interrupted = receiver;
    reset();
    options.onGone(wire);
    interrupted?.fail(failure ?? withCode('ECONNRESET', 'storage closed the connection'));
  });

  const wire: Wire = {
    send(message, to) {
      receiver = to;
      isHead = message.method === 'HEAD';
      const { body } = message;
      if (body === null) return void socket.write(message.head, 'latin1');
      socket.cork();
      socket.write(message.head, 'latin1');
      if (body instanceof Uint8Array) socket.write(body);
      else sending = sendBody(socket, body, () => (sending = null));
      socket.uncork();
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close(error) {
      if (error === undefined) reset();
      socket.destroy(error);
    },
    isOpen: () => !socket.destroyed && socket.writable,
    hold: (isHeld) => void (isHeld ? socket.ref() : socket.unref()),
  };
  return wire;
}

/** A body on its way. */
interface Sending {
  readonly stop: () => void;
}

// Its owner watches over it: a body that fails or stands still ends by `close` of the wire.
function sendBody(socket: Socket, body: Readable, onSent: () => void): Sending {
  const write = (bytes: Uint8Array): void => {
    if (!socket.write(bytes)) body.pause();
  };
  const go = (): void => void body.resume();
  const stop = (): void => {
    body.off('data', write).off('end', end);
    socket.off('drain', go);
  };
  const end = (): void => {
    stop();
    onSent();
  };
  socket.on('drain', go);
  body.on('end', end).on('data', write);
  return { stop };
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
