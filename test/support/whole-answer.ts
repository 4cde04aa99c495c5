// An HTTP answer as one value, for faults that change what storage has said.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** An answer with all of its body. */
export interface WholeAnswer {
  readonly status: number;
  /** By lower-case name; Content-Length is that of the body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Reads an answer to its end. */
export const readWhole = async (answer: IncomingMessage): Promise<WholeAnswer> => {
  const { 'content-length': _length, connection: _connection, ...headers } = answer.headers;
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  const body = Buffer.concat((await answer.toArray()) as Buffer[]);
  return { status: answer.statusCode ?? 0, headers: Object.fromEntries(texts), body };
};

/** Sends an answer; returns how many bytes its body has. */
export const sendWhole = (
  { method }: IncomingMessage,
  res: ServerResponse,
  { status, headers, body }: WholeAnswer,
): number => {
  const isBodiless = method === 'HEAD' || status === 304;
  const length = isBodiless ? {} : { 'content-length': body.length };
  res.writeHead(status, { ...headers, ...length });
  res.end(isBodiless ? undefined : body);
  return isBodiless ? 0 : body.length;
};
