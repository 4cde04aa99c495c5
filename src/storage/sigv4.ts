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
  /** Lower-case names with their trimmed values, sorted by name. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** SHA-256 of the body in hexadecimal, or `UNSIGNED-PAYLOAD`. */
  readonly payload: string;
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
  /** `accessKeyId/20260210/eu-west-1/s3/aws4_request`. */
  readonly credential: (identity: Identity, date: AmzDate) => string;
}

/** Signing in one scope; the key of the day is derived once a day and identity. */
export function signingIn({ region, service }: Scope): Signing {
  let keyFor = '';
  let key: Buffer = Buffer.alloc(0);

  const dayKey = (secret: string, day: string): Buffer => {
    const wanted = `${day}${secret}`;
    if (wanted === keyFor) return key;
    key = [day, region, service, 'aws4_request'].reduce<Buffer>(
      (parent, part) => hmac(parent, part),
      Buffer.from(`AWS4${secret}`),
    );
    keyFor = wanted;
    return key;
  };

  const signature = (identity: Identity, signable: Signable, date: AmzDate): string => {
    const day = date.slice(0, 8);
    const text = `AWS4-HMAC-SHA256\n${date}\n${day}/${region}/${service}/aws4_request\n${sha256(canonical(signable))}`;
    return createHmac('sha256', dayKey(identity.secretAccessKey, day)).update(text).digest('hex');
  };

  const credential = ({ accessKeyId }: Identity, date: AmzDate): string =>
    `${accessKeyId}/${date.slice(0, 8)}/${region}/${service}/aws4_request`;

  return {
    signature,
    credential,
    authorize: (identity, signable, date) =>
      `AWS4-HMAC-SHA256 Credential=${credential(identity, date)}, SignedHeaders=${signedHeaders(signable)}, Signature=${signature(identity, signable, date)}`,
  };
}

/** The names of the signed headers, as signatures and pre-signed URLs list them. */
export function signedHeaders({ headers }: Pick<Signable, 'headers'>): string {
  let names = '';
  for (const [name] of headers) names += names === '' ? name : `;${name}`;
  return names;
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

/** RFC 3986 section 2.3: everything but unreserved characters is percent-encoded, as SigV4 wants it. */
export function encodeRfc3986(text: string): string {
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
  let lines = '';
  for (const [name, value] of headers) lines += `${name}:${value}\n`;
  return `${method}\n${path}\n${query}\n${lines}\n${signedHeaders({ headers })}\n${payload}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
