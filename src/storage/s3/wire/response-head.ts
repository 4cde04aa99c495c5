// The head of an answer in HTTP/1.1, read strictly: whatever a careful server would not write is no head at
// all (RFC 9112 sections 4 and 5), and its socket is not used again.

/** Header values by their lower-case names; those of a name given twice are one list, as HTTP has it. */
export type WireHeaders = Readonly<Record<string, string | undefined>>;

/** How an answer begins. */
export interface Head {
  readonly status: number;
  readonly headers: WireHeaders;
  /** Bytes of content, or how they are framed. */
  readonly length: number | 'chunked';
  /** Whether the socket may carry another request afterwards. */
  readonly keepsAlive: boolean;
}

// RFC 9112 section 4: 1xx are not among them, for we never ask for one. RFC 9110 section 5.5: field values.
const GRAMMAR =
  /^HTTP\/1\.1 [2-5]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*)*$/;
const LINE_END = '\r\n';
const DIGITS = /^\d{1,15}$/;
const CLOSES = /(?:^|,)\s*close\s*(?:,|$)/i;

/**
 * Reads the lines before the empty one, bytes as Latin-1 characters; null when they are not what a
 * careful server writes. `isHead` is for answers to HEAD, which never have content.
 */
export function readHead(text: string, isHead: boolean): Head | null {
  if (!GRAMMAR.test(text)) return null;
  const status = Number(text.slice(9, 12));
  const headers: Record<string, string> = {};
  for (let line = text.indexOf(LINE_END); line !== -1;) {
    const from = line + LINE_END.length;
    const colon = text.indexOf(':', from);
    line = text.indexOf(LINE_END, colon);
    const name = text.slice(from, colon).toLowerCase();
    const value = bare(text, colon + 1, line === -1 ? text.length : line);
    // Two lengths become a list of two, which is no length.
    const earlier = Object.hasOwn(headers, name) ? headers[name] : undefined;
    headers[name] = earlier === undefined ? value : `${earlier}, ${value}`;
  }
  const length = lengthOf(headers, isHead || status === 204 || status === 304);
  if (length === null) return null;
  return { status, headers, length, keepsAlive: !CLOSES.test(headers['connection'] ?? '') };
}

// RFC 9112 section 6.3. Content that ends with the connection may as well have been cut: null.
function lengthOf(headers: WireHeaders, isBodiless: boolean): Head['length'] | null {
  const { 'content-length': length, 'transfer-encoding': coding } = headers;
  if (length !== undefined && (coding !== undefined || !DIGITS.test(length))) return null;
  if (isBodiless) return 0;
  if (coding !== undefined) return coding.toLowerCase() === 'chunked' ? 'chunked' : null;
  return length === undefined ? null : Number(length);
}

// RFC 9110 section 5.5: spaces and tabs around a value are not part of it.
function bare(text: string, from: number, to: number): string {
  let [start, end] = [from, to];
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
