// How the questions of the transport contract are asked: one request at a time, over any Transport.
import { Readable } from 'node:stream';
import { expect, onTestFinished } from 'vitest';
import type { Flow } from '../../../../../../src/storage/streams/flow.ts';
import type { TransportOptions } from '../../../../../../src/storage/s3/wire/transport/open-transport.ts';
import type {
  Transport,
  TransportAnswer,
  TransportError,
  TransportRequest,
} from '../../../../../../src/storage/s3/wire/transport/transport.ts';
import { deferred } from '../../../../../support/scripted-server.ts';

/** Opens the transport under test. */
export type OpenTransport = (origin: string, options: TransportOptions) => Promise<Transport>;

/** Options that are not like the others. */
export interface Changes extends Partial<Omit<TransportOptions, 'timeouts'>> {
  readonly connectMs?: number;
}

/** A transport with short names for what tests need; closed when the test has finished. */
export interface Given extends Transport {
  begin(asking?: Asking): Begun;
  ask(asking?: Asking): Promise<TransportAnswer>;
}

/** A request that is not like the others: a GET whose answer comes whole up to 100 bytes. */
export interface Asking extends Partial<TransportRequest> {
  /** Length of the body. @default the body's own */
  readonly length?: number;
  readonly signal?: AbortSignal;
}

/** A request under way. */
export interface Begun {
  readonly answer: Promise<TransportAnswer>;
  abort(reason: unknown): void;
}

/** Opens one. */
export async function given(
  open: OpenTransport,
  origin: string,
  { connectMs = 5000, ...changes }: Changes = {},
): Promise<Given> {
  const options = { maxSockets: 8, environment: {}, ...changes, timeouts: { connectMs } };
  const transport = await open(origin, options);
  onTestFinished(() => transport.close(new Error('the test has ended')));
  const begin = ({ length, signal, ...changed }: Asking = {}): Begun => {
    const aborting = new AbortController();
    const request = requestOf(changed, length);
    const answer = transport.send(
      request,
      signal === undefined ? aborting.signal : AbortSignal.any([signal, aborting.signal]),
    );
    // Whoever looks at something else need not catch it.
    answer.catch(() => {});
    return { answer, abort: (reason) => aborting.abort(reason) };
  };
  return { ...transport, begin, ask: (asking) => begin(asking).answer };
}

function requestOf(changed: Partial<TransportRequest>, length?: number): TransportRequest {
  const { body = null } = changed;
  const bytes = length ?? (body instanceof Uint8Array ? body.length : undefined);
  const headers: [string, string][] = [['host', 'test']];
  if (bytes !== undefined) headers.push(['content-length', `${bytes}`]);
  return {
    method: body === null ? 'GET' : 'PUT',
    target: '/',
    headers,
    body,
    wholeBytes: 100,
    streamed: false,
    answerMs: body instanceof Readable ? null : 5000,
    ...changed,
  };
}

/** The content of a whole answer, bytes as Latin-1 characters. */
export function text({ body }: TransportAnswer): string {
  if (!(body instanceof Uint8Array)) throw new Error('the answer is a flow');
  return Buffer.from(body).toString('latin1');
}

/** The content of an answer that comes as a flow. */
export function flowOf({ body }: TransportAnswer): Flow {
  if (body instanceof Uint8Array) throw new Error('the answer is whole');
  return body;
}

/** Starts a flow, and writes down what it hears. */
export function hear(flow: Flow, onData = (): void => {}) {
  const pieces: Buffer[] = [];
  const { promise, resolve, reject } = deferred<string>();
  promise.catch(() => {});
  let isOver = false;
  flow.start({
    data(bytes) {
      pieces.push(bytes);
      onData();
    },
    end() {
      isOver = true;
      resolve(Buffer.concat(pieces).toString('latin1'));
    },
    fail(error) {
      isOver = true;
      reject(error);
    },
  });
  return { pieces, heard: promise, isOver: () => isOver };
}

/** What a request that got no answer rejects with. */
export async function failure({ answer }: Begun): Promise<Partial<TransportError>> {
  const outcome: unknown = await answer.then(
    () => 'an answer',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(Error);
  // Just asserted.
  const { code, isSent } = outcome as TransportError;
  return { code, isSent };
}

/** A text of so many letters. */
export const a = (count: number): string => 'a'.repeat(count);

/** Many times what the sockets of both sides hold, and no two places alike. */
export const LONG = Array.from({ length: 2_500_000 }, (_, n) => n.toString(36))
  .join('')
  .slice(0, 2 ** 23);
