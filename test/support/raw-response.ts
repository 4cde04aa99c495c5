// Reads an HTTP/1.1 answer out of bytes that may have come only in part.

/** A status line and its headers. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly raw: string;
}

/** As much of an answer as the bytes hold. */
export interface PartialResponse {
  readonly head: ResponseHead | undefined;
  readonly body: Buffer;
  /** Whether the answer ended as its framing says. */
  readonly complete: boolean;
  /** Whether the last chunk came; undefined when the body is not chunked. */
  readonly finalChunk: boolean | undefined;
  /** The bytes that the answer took. */
  readonly length: number;
}

const readHead = (text: string): ResponseHead => {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { status: Number(statusLine.split(' ')[1]), headers, raw: text };
};

interface Chunks {
  readonly body: Buffer;
  readonly done: boolean;
  readonly length: number;
}

// RFC 9112 section 7.1: chunk-size CRLF data CRLF, until a chunk of size 0 and the trailers.
const readChunks = (bytes: Buffer): Chunks => {
  const pieces: Buffer[] = [];
  let at = 0;
  const partly = (): Chunks => ({ body: Buffer.concat(pieces), done: false, length: bytes.length });
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return partly();
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    if (Number.isNaN(size)) return partly();
    at = lineEnd + 2;
    if (size === 0) break;
    pieces.push(bytes.subarray(at, at + size));
    at += size + 2;
    if (at > bytes.length) return partly();
  }
  const trailersEnd = bytes.indexOf('\r\n', at) === at ? at + 2 : bytes.indexOf('\r\n\r\n', at) + 4;
  if (trailersEnd < at + 2) return partly();
  return { body: Buffer.concat(pieces), done: true, length: trailersEnd };
};

/** Reads one answer; `over` says that no more bytes will come. */
export const readResponse = (
  bytes: Buffer,
  { head: headRequest, over }: { head: boolean; over: boolean },
): PartialResponse => {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) {
    const body = Buffer.alloc(0);
    return { head: undefined, body, complete: false, finalChunk: undefined, length: bytes.length };
  }
  const head = readHead(bytes.subarray(0, headEnd).toString('latin1'));
  const start = headEnd + 4;
  const rest = bytes.subarray(start);
  const framed = (body: Buffer, complete: boolean, finalChunk?: boolean): PartialResponse => ({
    head,
    body,
    complete,
    finalChunk,
    length: start + body.length,
  });

  // RFC 9112 section 6.3: these answers end with their head, whatever their headers say.
  const bodiless = headRequest || head.status < 200 || head.status === 204 || head.status === 304;
  if (bodiless) return framed(Buffer.alloc(0), true);
  if (/chunked/i.test(head.headers['transfer-encoding'] ?? '')) {
    const chunks = readChunks(rest);
    return { ...framed(chunks.body, chunks.done, chunks.done), length: start + chunks.length };
  }
  const declared = head.headers['content-length'];
  if (declared === undefined) return framed(rest, over);
  const length = Number(declared);
  return framed(rest.subarray(0, length), rest.length >= length);
};
