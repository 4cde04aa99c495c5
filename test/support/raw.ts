// HTTP over a plain socket: sends exactly the bytes it is given and reports what came back, torn
// answers included. Clients that know URLs would tidy the odd ones before they reach the wire.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { readResponse, type ResponseHead } from './raw-response.ts';

/**
 * How an answer ended: `complete` as its framing says; else what happened before: the other side's
 * `fin`, a `reset`, or nothing until the `timeout`. A reset that comes within the same moment as
 * data can read as `fin`: libuv says so.
 */
export type Ending = 'complete' | 'fin' | 'reset' | 'timeout';

/** An answer as it came over the wire. */
export interface RawResponse {
  /** Undefined when no complete head came. */
  readonly status: number | undefined;
  /** Names in lower case; repeated ones joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Status line and header lines as they came, without the empty line. */
  readonly rawHead: string;
  /** The body without the chunks' frames, as far as it came. */
  readonly body: Buffer;
  readonly ended: Ending;
  /** Whether a chunked body came to its last chunk; undefined for other bodies. */
  readonly finalChunk: boolean | undefined;
  /** The statuses of the 1xx answers that came before. */
  readonly informational: readonly number[];
}

/** How an answer is waited for. */
export interface ResponseWait {
  /** From the call to the answer's end. @default 5000 */
  readonly timeoutMs?: number;
  /** Whether the request was HEAD, whose answer has no body. @default false */
  readonly head?: boolean;
}

/** A connection that a test drives piece by piece. */
export interface RawConnection {
  readonly socket: Socket;
  /** Writes bytes as they are; strings are latin1, so that any byte can be written. */
  send(bytes: Buffer | string): void;
  /** The next answer on this connection. */
  response(wait?: ResponseWait): Promise<RawResponse>;
  /** Ends our direction only. */
  end(): void;
  /** Cuts the connection with a TCP reset. */
  reset(): void;
  close(): void;
}

const bytesOf = (bytes: Buffer | string): Buffer =>
  typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;

/** Opens a connection to a loopback port. */
export const openRaw = async (port: number): Promise<RawConnection> => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  socket.setNoDelay(true);
  let received = Buffer.alloc(0);
  let over: 'fin' | 'reset' | undefined;
  let wake = (): void => {};
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    wake();
  });
  const finish = (how: 'fin' | 'reset'): void => {
    over ??= how;
    wake();
  };
  socket.once('end', () => finish('fin'));
  socket.on('error', () => finish('reset'));
  socket.once('close', () => finish('fin'));

  const response = async ({ timeoutMs = 5000, head = false }: ResponseWait = {}) => {
    const deadline = performance.now() + timeoutMs;
    const informational: number[] = [];
    for (;;) {
      const parsed = readResponse(received, { head, over: over !== undefined });
      const final = parsed.head === undefined || parsed.head.status >= 200;
      if (parsed.complete && !final && parsed.head) {
        informational.push(parsed.head.status);
        received = received.subarray(parsed.length);
        continue;
      }
      const late = performance.now() >= deadline;
      if (parsed.complete || over !== undefined || late) {
        received = received.subarray(parsed.length);
        const ended: Ending = parsed.complete ? 'complete' : (over ?? 'timeout');
        return raised(parsed.head, { ...parsed, ended, informational });
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, deadline - performance.now()));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  return {
    socket,
    send: (bytes) => {
      socket.write(bytesOf(bytes));
    },
    response,
    end: () => socket.end(),
    reset: () => socket.resetAndDestroy(),
    close: () => socket.destroy(),
  };
};

const raised = (
  head: ResponseHead | undefined,
  rest: Pick<RawResponse, 'body' | 'ended' | 'finalChunk' | 'informational'>,
): RawResponse => ({
  status: head?.status,
  headers: head?.headers ?? {},
  rawHead: head?.raw ?? '',
  body: rest.body,
  ended: rest.ended,
  finalChunk: rest.finalChunk,
  informational: rest.informational,
});

const isHead = (bytes: Buffer | string): boolean =>
  bytesOf(bytes).subarray(0, 5).toString('latin1') === 'HEAD ';

/** Sends bytes on a connection of their own and returns the one answer. */
export const raw = async (
  port: number,
  bytes: Buffer | string,
  wait: ResponseWait = {},
): Promise<RawResponse> => {
  const connection = await openRaw(port);
  connection.send(bytes);
  const answer = await connection.response({ head: isHead(bytes), ...wait });
  connection.close();
  return answer;
};

/** Sends requests on one connection, each after the answer to the one before. */
export const rawSequence = async (
  port: number,
  requests: readonly (Buffer | string)[],
  wait: ResponseWait = {},
): Promise<RawResponse[]> => {
  const connection = await openRaw(port);
  const answers: RawResponse[] = [];
  for (const request of requests) {
    connection.send(request);
    answers.push(await connection.response({ head: isHead(request), ...wait }));
  }
  connection.close();
  return answers;
};
