// AWS Signature Version 4 over strings: what is signed often is computed once. Knows no SDK and no sockets.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHmac, hash } from 'node:crypto';

/** Who signs. */
export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Where a signature holds. */
export interface Scope {
  readonly region: string;
  /** `s3`. */
  readonly service: string;
}

/** What is signed. The parts are canonical already: nothing here sorts or encodes. */
export interface Signable {
  readonly method: string;
  /** Percent-encoded once, begins with `/`. */
  readonly path: string;
  /** Sorted by name, percent-encoded; `''` without one. */
  readonly query: string;
  readonly headers: SignableHeaders;
  /** SHA-256 of the body in hexadecimal, or `UNSIGNED-PAYLOAD`. */
  readonly payload: string;
}

/** Headers as signatures take them. */
export interface SignableHeaders {
  /** Lower-case, sorted: `host;x-amz-date`. */
  readonly names: string;
  /** A line each, in the same order, values trimmed: `host:example.com\n`. */
  readonly lines: string;
}

/** The moment of a signature: `20260210T143000Z`. */
export type AmzDate = string;

/** The SHA-256 of no bytes at all, which most requests have. */
export const EMPTY_PAYLOAD = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Signs requests in one scope. */
export interface Signing {
  /** The value of `Authorization`. */
  readonly authorize: (identity: Identity, signable: Signable, date: AmzDate) => string;
  /** The signature alone, for pre-signed URLs, which carry the rest in their query. */
  readonly signature: (identity: Identity, signable: Signable, date: AmzDate) => string;
  /** The signature of any text, such as the policy of a form. */
  readonly signatureOf: (identity: Identity, text: string, date: AmzDate) => string;
  /** `accessKeyId/20260210/eu-west-1/s3/aws4_request`. */
  readonly credential: (identity: Identity, date: AmzDate) => string;
}

/** Signing in one scope; the key of the day is derived once a day and identity. */
export function signingIn({ region, service }: Scope): Signing {
  let keyFor = '';
  let signer: Signer = hmacSigner(Buffer.alloc(0));

  const keyOfDay = (secret: string, day: string): Buffer =>
    [day, region, service, 'aws4_request'].reduce<Buffer>(
      (parent, part) => createHmac('sha256', parent).update(part).digest(),
      Buffer.from(`AWS4${secret}`),
    );
  const signerOfDay = (secret: string, day: string): Signer => {
    const wanted = `${day}${secret}`;
    if (wanted === keyFor) return signer;
    signer = hmacSigner(keyOfDay(secret, day));
    keyFor = wanted;
    return signer;
  };

  const signature = (identity: Identity, signable: Signable, date: AmzDate): string => {
    const day = date.slice(0, 8);
    const text = `AWS4-HMAC-SHA256\n${date}\n${day}/${region}/${service}/aws4_request\n${sha256(canonical(signable))}`;
    return signerOfDay(identity.secretAccessKey, day)(text);
  };

  const credential = ({ accessKeyId }: Identity, date: AmzDate): string =>
    `${accessKeyId}/${date.slice(0, 8)}/${region}/${service}/aws4_request`;

  // Longer than what the signer of requests has room for, and rare.
  const signatureOf = (identity: Identity, text: string, date: AmzDate): string =>
    createHmac('sha256', keyOfDay(identity.secretAccessKey, date.slice(0, 8)))
      .update(text)
      .digest('hex');

  return {
    signature,
    signatureOf,
    credential,
    authorize: (identity, signable, date) =>
      `AWS4-HMAC-SHA256 Credential=${credential(identity, date)}, SignedHeaders=${signable.headers.names}, Signature=${signature(identity, signable, date)}`,
  };
}

/**
 * Headers to sign, given sorted by their lower-case names. Values are signed trimmed, with their runs of spaces as
 * one; what is sent may keep them.
 */
export function signableHeaders(
  headers: readonly (readonly [name: string, value: string])[],
): SignableHeaders {
  let names = '';
  let lines = '';
  for (const [name, value] of headers) {
    names += names === '' ? name : `;${name}`;
    lines += `${name}:${IS_CANONICAL.test(value) ? value : canonicalValue(value)}\n`;
  }
  return { names, lines };
}

const IS_CANONICAL = /^(?:\S+(?: \S+)*)?$/;

function canonicalValue(value: string): string {
  return value.trim().replace(/\s+/g, ' ');
}

let lastSecond = 0;
let lastDate = '';

/** A moment as signatures write it; `now` in milliseconds since the epoch. */
export function amzDate(now: number): AmzDate {
  const second = Math.floor(now / 1000);
  if (second !== lastSecond) {
    lastDate = `${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
    lastSecond = second;
  }
  return lastDate;
}

/** SHA-256 in hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data);
}

const UNRESERVED = /^[A-Za-z0-9_.~-]*$/;

/** RFC 3986 section 2.3: everything but unreserved characters is percent-encoded, as SigV4 wants it. */
export function encodeRfc3986(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const UNRESERVED_PATH = /^[A-Za-z0-9_.~/-]*$/;

/** A key as the path of a request: slashes stay, and nothing is collapsed. */
export function encodeS3Key(key: string): string {
  return UNRESERVED_PATH.test(key) ? key : key.split('/').map(encodeRfc3986).join('/');
}

function canonical({ method, path, query, headers, payload }: Signable): string {
  return `${method}\n${path}\n${query}\n${headers.lines}\n${headers.names}\n${payload}`;
}

/** The HMAC-SHA-256 of an ASCII text under one key, in hexadecimal. */
type Signer = (text: string) => string;

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
// No text to sign is longer: a date, a scope and a hash.
const MOST_TEXT_BYTES = 512;

// RFC 2104 over two plain hashes, for keys no longer than a block. What createHmac makes for each call are objects
// outside of the heap, whose collection costs more than the hashes.
function hmacSigner(key: Buffer): Signer {
  const inner = Buffer.alloc(BLOCK_BYTES + MOST_TEXT_BYTES, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES, 0x5c);
  for (const [at, byte] of key.entries()) {
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  return (text) => {
    const length = inner.write(text, BLOCK_BYTES, 'latin1');
    hash('sha256', inner.subarray(0, BLOCK_BYTES + length), 'buffer').copy(outer, BLOCK_BYTES);
    return hash('sha256', outer);
  };
}
