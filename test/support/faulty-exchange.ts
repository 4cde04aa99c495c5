// One exchange of the fault proxy: passed on to storage, or made to fail as its fault says.
import { request as httpRequest, type ClientRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fault, Side } from './faults.ts';
import { endToEnd, oneOf } from './proxy-headers.ts';
import { carry, closed, resetSocket, type Shape } from './relay.ts';
import { keysOfDelete } from './s3-operation.ts';
import { readWhole, sendWhole, type WholeAnswer } from './whole-answer.ts';

/** One call that the service made. */
export interface Call {
  /** AWS's name of the call. */
  readonly operation: string;
  readonly method: string;
  readonly bucket: string;
  /** The decoded key, or the prefix of a listing. */
  readonly key: string;
  /** Every key that the call names: its key, a copy's source, those in a DeleteObjects body. */
  readonly keys: string[];
  readonly query: URLSearchParams;
  readonly headers: Readonly<IncomingMessage['headers']>;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** What went wrong on purpose. */
  readonly fault: Fault['kind'] | undefined;
  /** The status that the service was sent; undefined when it got none. */
  status: number | undefined;
  /** Bytes of the request's body that the proxy passed on or read. */
  bytesIn: number;
  /** Bytes of the response's body that the service was sent. */
  bytesOut: number;
  /** The time until the exchange ended; undefined while it is open. */
  durationMs: number | undefined;
}

/** One exchange, as the parts of the proxy hand it on. */
interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly call: Call;
  readonly fault: Fault | undefined;
}

const errorXml = (code: string): string =>
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  `<Error><Code>${code}</Code><Message>${code} by the fault proxy</Message>` +
  '<RequestId>fault-proxy</RequestId></Error>';

const answerError = (
  { req, res, call }: Exchange,
  {
    status,
    code,
    headers = {},
  }: { status: number; code: string; headers?: Record<string, string> },
): void => {
  const body = req.method === 'HEAD' ? '' : errorXml(code);
  call.status = status;
  call.bytesOut = body.length;
  res.writeHead(status, { 'content-type': 'application/xml', ...headers });
  res.end(body);
};

const shapeOf = (fault: Fault | undefined, side: Side): Shape => {
  if (fault === undefined) return {};
  if (fault.kind === 'corrupt') return side === 'response' ? { corruptAt: fault.offset } : {};
  if (!('side' in fault) || fault.side !== side) return {};
  if (fault.kind === 'drip') return { bytesPerSecond: fault.bytesPerSecond };
  return { limit: fault.afterBytes };
};

const cut = (socket: Socket, fault: Fault | undefined): void => {
  if (fault?.kind === 'reset') resetSocket(socket);
  if (fault?.kind === 'fin') socket.end();
};

const readAll = async ({ req, call }: Exchange): Promise<void> => {
  for await (const chunk of req) call.bytesIn += chunk.length;
};

const MAX_SKEW_SECONDS = 15 * 60;

// AWS: requests are refused when their date is more than 15 minutes from the server's clock.
const tooSkewed = ({ req, call }: Exchange, seconds: number): boolean => {
  const date = oneOf(req.headers['x-amz-date']) ?? call.query.get('X-Amz-Date') ?? '';
  const iso = date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const ahead = (Date.parse(iso) - Date.now()) / 1000;
  return !(Math.abs(ahead - seconds) <= MAX_SKEW_SECONDS);
};

const sendOn = async ({ req, call, fault }: Exchange, upstream: ClientRequest): Promise<void> => {
  const pieces: Buffer[] = [];
  const carried = await carry(req, upstream, {
    ...shapeOf(fault, 'request'),
    onPiece: (piece) => {
      call.bytesIn += piece.length;
      if (call.operation === 'DeleteObjects') pieces.push(piece);
    },
  });
  call.keys.push(...keysOfDelete(Buffer.concat(pieces).toString()));
  if (carried === 'whole') upstream.end();
  if (carried === 'cut') cut(req.socket, fault);
  // The storage may have answered and stopped reading: what still comes has nowhere to go.
  if (carried === 'broken') req.resume();
};

const sendBack = async (exchange: Exchange, answer: IncomingMessage): Promise<void> => {
  const { res, call, fault } = exchange;
  res.sendDate = false;
  call.status = answer.statusCode;
  res.writeHead(answer.statusCode ?? 0, answer.statusMessage, endToEnd(answer.rawHeaders));
  res.flushHeaders();
  const carried = await carry(answer, res, {
    ...shapeOf(fault, 'response'),
    onPiece: (piece) => {
      call.bytesOut += piece.length;
    },
  });
  if (carried === 'whole') res.end();
  if (carried === 'cut' && res.socket) cut(res.socket, fault);
  if (carried === 'broken') res.destroy();
};

const answerWhole = (exchange: Exchange, answer: WholeAnswer): void => {
  exchange.call.status = answer.status;
  exchange.call.bytesOut = sendWhole(exchange.req, exchange.res, answer);
};

const forward = async (exchange: Exchange, target: URL): Promise<void> => {
  const { req, res, fault } = exchange;
  const upstream = httpRequest({
    host: target.hostname,
    port: target.port,
    method: req.method,
    path: req.url,
    headers: endToEnd(req.rawHeaders),
    // A connection for each call: no idle one can be closed by the storage as we write to it.
    agent: false,
    setHost: false,
  });
  const gone = closed(res).then(() => upstream.destroy());
  const answered = new Promise<IncomingMessage | undefined>((resolve) => {
    upstream.once('response', resolve);
    upstream.on('error', () => resolve(undefined));
    upstream.once('close', () => resolve(undefined));
  });
  const sent = sendOn(exchange, upstream);
  const answer = await answered;
  if (answer === undefined) res.destroy();
  else if (fault?.kind === 'commit-then-reset') {
    answer.resume();
    await closed(answer);
    resetSocket(req.socket);
  } else if (fault?.kind === 'commit-then-silence') {
    answer.resume();
    await closed(res);
  } else if (fault?.kind === 'rewrite') {
    answerWhole(exchange, fault.rewrite(await readWhole(answer)));
  } else await sendBack(exchange, answer);
  await Promise.all([sent, gone]);
};

/** Does with an exchange what its fault says; without one it goes to the target and back unchanged. */
export const carryOut = async (exchange: Exchange, target: URL): Promise<void> => {
  const { req, res, fault } = exchange;
  switch (fault?.kind) {
    case 'early':
      answerError(exchange, {
        ...fault,
        headers: fault.close ? { connection: 'close' } : {},
      });
      return;
    case 'status':
      await readAll(exchange);
      answerError(exchange, fault);
      return;
    case 'ok-then-error-body':
      await readAll(exchange);
      answerError(exchange, { status: 200, code: fault.code });
      return;
    case 'answer':
      await readAll(exchange);
      answerWhole(exchange, fault.answer);
      return;
    case 'black-hole':
      await readAll(exchange);
      await closed(res);
      return;
    case 'skew': {
      if (!tooSkewed(exchange, fault.seconds)) return forward(exchange, target);
      const date = new Date(Date.now() + fault.seconds * 1000).toUTCString();
      await readAll(exchange);
      answerError(exchange, { status: 403, code: 'RequestTimeTooSkewed', headers: { date } });
      return;
    }
    case 'delay':
      await Promise.race([pause(fault.delayMs), closed(res)]);
      if (!req.socket.destroyed) await forward(exchange, target);
      return;
    case undefined:
    case 'reset':
    case 'fin':
    case 'stall':
    case 'corrupt':
    case 'drip':
    case 'commit-then-reset':
    case 'commit-then-silence':
    case 'rewrite':
      return forward(exchange, target);
  }
};
