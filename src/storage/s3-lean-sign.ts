// Pre-signed URLs out of strings: the presigner's very URLs, without its layers.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
import type { Signed, SignRequest } from './bucket.js';
import type { Place } from './s3-place.js';
import { amzDate, encodeRfc3986, encodeS3Key, signableHeaders, signingIn } from './sigv4.js';
import type { Identity, Signing } from './sigv4.js';

/** What is signed: one request on one whole key. */
export interface UrlRequest {
  readonly s3Key: string;
  readonly request: SignRequest;
  /** Headers that the URL's user must send, by the names that are shown to it. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresSeconds: number;
}

/** Signs URLs of one place. */
export type UrlSigner = (identity: Identity, url: UrlRequest) => Signed;

const UNSIGNED = 'UNSIGNED-PAYLOAD';

/** A signer of URLs; nothing is asked of anyone. */
export function urlSigner(place: Place, now: () => number = Date.now): UrlSigner {
  const signing = signingIn(place.scope);
  return (identity, url) => sign(place, signing, identity, { ...url, date: amzDate(now()) });
}

function sign(
  place: Place,
  signing: Signing,
  identity: Identity,
  url: UrlRequest & { readonly date: string },
): Signed {
  const headers = signableHeaders(
    Object.entries({ ...url.headers, host: place.host })
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .sort(([left], [right]) => (left < right ? -1 : 1)),
  );
  const path = place.base + encodeS3Key(url.s3Key);
  const query = canonicalQuery([
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Content-Sha256', UNSIGNED],
    ['X-Amz-Credential', signing.credential(identity, url.date)],
    ['X-Amz-Date', url.date],
    ['X-Amz-Expires', String(url.expiresSeconds)],
    ['X-Amz-Security-Token', identity.sessionToken],
    ['X-Amz-SignedHeaders', headers.names],
    ...overrides(url.request),
    ['x-id', url.request.kind === 'read' ? 'GetObject' : 'PutObject'],
  ]);
  const method = url.request.kind === 'read' ? 'GET' : 'PUT';
  const signable = { method, path, query, headers, payload: UNSIGNED };
  const signature = signing.signature(identity, signable, url.date);
  return {
    url: `${place.origin}${path}?${query}&X-Amz-Signature=${signature}`,
    headers: url.headers,
    expiresSeconds: url.expiresSeconds,
  };
}

type Pair = readonly [name: string, value: string | undefined];

function overrides(request: SignRequest): readonly Pair[] {
  if (request.kind === 'write') return [];
  return [
    ['response-cache-control', request.cacheControl],
    ['response-content-disposition', request.contentDisposition],
    ['response-content-type', request.contentType],
  ];
}

// Given in order of their names, as the canonical query wants them.
function canonicalQuery(pairs: readonly Pair[]): string {
  let query = '';
  for (const [name, value] of pairs)
    if (value !== undefined) query += `${query === '' ? '' : '&'}${name}=${encodeRfc3986(value)}`;
  return query;
}
