// Builds the bytes of a request without ever normalising what a test wrote.

/** A request as it goes over the wire. */
export interface RawRequest {
  /** @default 'GET' */
  readonly method?: string;
  /** The request line's target, byte for byte; each character is one byte (latin1). */
  readonly target: string;
  /** In this order; a list allows repeated names. Values go out as they are. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly body?: Buffer | string;
}

const utf8 = (body: Buffer | string): Buffer =>
  typeof body === 'string' ? Buffer.from(body) : body;

/**
 * The bytes of a request. Adds Host and, for a body without a declared length, Content-Length,
 * unless the headers name them; nothing else.
 */
export const rawRequest = ({ method = 'GET', target, headers = {}, body }: RawRequest): Buffer => {
  // A list is the only iterable of the two shapes.
  const given: (readonly [string, string])[] =
    Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  const names = new Set(given.map(([name]) => name.toLowerCase()));
  const lines = [...given];
  if (!names.has('host')) lines.unshift(['Host', '127.0.0.1']);
  const framed = names.has('content-length') || names.has('transfer-encoding');
  if (body !== undefined && !framed) lines.push(['Content-Length', `${utf8(body).length}`]);
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([
    Buffer.from(`${method} ${target} HTTP/1.1\r\n${head}\r\n`, 'latin1'),
    utf8(body ?? ''),
  ]);
};

/** One chunk of a chunked body. */
export const chunk = (data: Buffer | string): Buffer => {
  const bytes = utf8(data);
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ]);
};

/** A whole chunked body, its last chunk included. */
export const chunked = (...pieces: (Buffer | string)[]): Buffer =>
  Buffer.concat([...pieces.map(chunk), Buffer.from('0\r\n\r\n')]);
