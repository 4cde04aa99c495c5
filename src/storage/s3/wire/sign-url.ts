// Pre-signed URLs out of strings: the presigner's very URLs, without its layers.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
import type { Signed, SignRequest } from '../../bucket.js';
import type { Endpoint } from './endpoint.js';
import { amzDate, encodeRfc3986, encodeS3Key, signableHeaders, signingIn } from './sigv4.js';
import type { AmzDate, Identity, SignableHeaders, Signing } from './sigv4.js';

/** What is signed: one request on one whole key. */
export interface UrlRequest {
  readonly s3Key: string;
  readonly request: SignRequest;
  /** Headers that the URL's user must send, by the names that are shown to it. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresSeconds: number;
}

/** Signs URLs of one endpoint. */
export type UrlSigner = (identity: Identity, url: UrlRequest) => Signed;

const NAMES = { read: 'GetObject', write: 'PutObject', part: 'UploadPart' } as const;
const UNSIGNED = 'UNSIGNED-PAYLOAD';

/** A signer of URLs; nothing is asked of anyone. */
export function urlSigner(endpoint: Endpoint, now: () => number = Date.now): UrlSigner {
  const signing = signingIn(endpoint.scope);
  const hostOnly = signableHeaders([['host', endpoint.host]]);
  const start = queryStarts(signing);

  return (identity, { s3Key, request, headers, expiresSeconds }) => {
    const date = amzDate(now());
    const isRead = request.kind === 'read';
    const isPart = request.kind === 'part';
    const signed = isRead ? hostOnly : withHost(headers, endpoint.host);
    const path = endpoint.base + encodeS3Key(s3Key);
    const query = canonicalQuery(start({ identity, date, expiresSeconds, names: signed.names }), [
      ['partNumber', isPart ? String(request.number) : undefined],
      ['response-cache-control', isRead ? request.cacheControl : undefined],
      ['response-content-disposition', isRead ? request.contentDisposition : undefined],
      ['response-content-type', isRead ? request.contentType : undefined],
      ['uploadId', isPart ? request.uploadId : undefined],
      ['versionId', isRead ? request.versionId : undefined],
      ['x-id', NAMES[request.kind]],
    ]);
    const method = isRead ? 'GET' : 'PUT';
    const signable = { method, path, query, headers: signed, payload: UNSIGNED };
    const signature = signing.signature(identity, signable, date);
    const url = `${endpoint.origin}${path}?${query}&X-Amz-Signature=${signature}`;
    return { url, headers, expiresSeconds };
  };
}

interface QueryStart {
  readonly identity: Identity;
  readonly date: AmzDate;
  readonly expiresSeconds: number;
  /** Of the headers that are signed. */
  readonly names: string;
}

/** What the queries of all URLs of one second begin with, put together once. */
function queryStarts({ credential }: Signing): (of: QueryStart) => string {
  let last: QueryStart | undefined;
  let start = '';
  return (of) => {
    const { identity, date, expiresSeconds, names } = of;
    const isSame =
      last?.identity === identity &&
      last.date === date &&
      last.expiresSeconds === expiresSeconds &&
      last.names === names;
    if (isSame) return start;
    last = of;
    start = canonicalQuery('', [
      ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
      ['X-Amz-Content-Sha256', UNSIGNED],
      ['X-Amz-Credential', credential(identity, date)],
      ['X-Amz-Date', date],
      ['X-Amz-Expires', String(expiresSeconds)],
      ['X-Amz-Security-Token', identity.sessionToken],
      ['X-Amz-SignedHeaders', names],
    ]);
    return start;
  };
}

function withHost(headers: UrlRequest['headers'], host: string): SignableHeaders {
  const named = Object.entries(headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  const all = [...named, ['host', host] as const];
  return signableHeaders(all.sort(([left], [right]) => (left < right ? -1 : 1)));
}

type Pair = readonly [name: string, value: string | undefined];

// Given in order of their names, as the canonical query wants them.
function canonicalQuery(start: string, pairs: readonly Pair[]): string {
  let query = start;
  for (const [name, value] of pairs)
    if (value !== undefined) query += `${query === '' ? '' : '&'}${name}=${encodeRfc3986(value)}`;
  return query;
}
