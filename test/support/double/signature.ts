// Signature Version 4, verified by signing the raw request again; knows no operation.
import { createHash, createHmac } from 'node:crypto';
import { s3Error } from './errors.ts';
import {
  readCredentials,
  type Credentials,
  type Keyring,
  type SignedRequest,
} from './credentials.ts';
import { queryPairs } from './target.ts';

/** Verifies the signatures inside an aws-chunked body, each over the one before. */
export interface ChunkSigner {
  verifyChunk(sha256: string, signature: string): void;
  verifyTrailer(sha256: string, signature: string): void;
}

/** What authentication found out about the body. */
export interface Caller {
  readonly payloadHash: string;
  readonly chunkSigner: ChunkSigner;
}

const EMPTY_SHA256 = createHash('sha256').digest('hex');

/** Throws the S3 error of a request that is not signed rightly. */
export function authenticate(
  request: SignedRequest,
  keyring: Keyring,
  unsignedHeaders: 'refused' | 'honoured' = 'refused',
): Caller {
  const credentials = readCredentials(request, keyring);
  if (unsignedHeaders === 'refused') checkSignedHeaders(request, credentials);
  const canonical = canonicalRequest(request, credentials);
  const strings = sha256Forms(canonical).map((sha256) => stringToSign(credentials, sha256));
  const key = signingKey(credentials, keyring);
  if (!strings.some((text) => hmac(key, text).toString('hex') === credentials.signature)) {
    throw s3Error('SignatureDoesNotMatch', {
      elements: {
        AWSAccessKeyId: keyring.accessKeyId,
        StringToSign: strings[0] ?? '',
        SignatureProvided: credentials.signature,
        CanonicalRequest: canonical,
      },
    });
  }
  return {
    payloadHash: credentials.payloadHash,
    chunkSigner: createChunkSigner(credentials, key),
  };
}

// AWS, "Signature calculations": host and every x-amz- header of the request must be signed.
function checkSignedHeaders(request: SignedRequest, credentials: Credentials): void {
  const signed = new Set(credentials.signedHeaders);
  const unsigned = Object.keys(request.headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signed.has(name),
  );
  if (unsigned.length === 0) return;
  throw s3Error('AccessDenied', {
    message: 'There were headers present in the request which were not signed',
    elements: { HeadersNotSigned: unsigned.join(', ') },
  });
}

// AWS, "Create a canonical request": every byte of the path but the unreserved ones and `/` is encoded,
// once, whatever the request line left bare; no segment is tidied.
function canonicalRequest(request: SignedRequest, credentials: Credentials): string {
  const { target, headers } = request;
  const pairs = queryPairs(target.rawQuery)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0));
  const names = credentials.signedHeaders;
  const path = target.rawPath
    .replace(/%([0-9a-fA-F]{2})/g, (_all, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/[^A-Za-z0-9\-._~/]/g, (byte) => percent(byte.charCodeAt(0)));
  return [
    request.method,
    path,
    pairs.map(([name, value]) => `${name}=${value}`).join('&'),
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    credentials.payloadHash,
  ].join('\n');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (byte) => percent(byte.charCodeAt(0)));
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function stringToSign(credentials: Credentials, canonicalSha256: string): string {
  return ['AWS4-HMAC-SHA256', credentials.date, credentials.scope, canonicalSha256].join('\n');
}

function signingKey(credentials: Credentials, keyring: Keyring): Buffer {
  const { scope } = credentials;
  if (keyring.signingKey?.scope === scope) return keyring.signingKey.key;
  const key = Buffer.from(
    scope.split('/').reduce<string | Buffer>(hmac, `AWS4${keyring.secretAccessKey}`),
  );
  keyring.signingKey = { scope, key };
  return key;
}

function createChunkSigner(credentials: Credentials, key: Buffer): ChunkSigner {
  const { date, scope } = credentials;
  let previous = credentials.signature;
  const verify = (kind: string, hashes: string[], signature: string) => {
    const text = [`AWS4-HMAC-SHA256-${kind}`, date, scope, previous, ...hashes].join('\n');
    previous = hmac(key, text).toString('hex');
    if (previous !== signature) throw s3Error('SignatureDoesNotMatch');
  };
  return {
    verifyChunk: (sha256, signature) => verify('PAYLOAD', [EMPTY_SHA256, sha256], signature),
    verifyTrailer: (sha256, signature) => verify('TRAILER', [sha256], signature),
  };
}

// A header outside ASCII is bytes that Node shows as Latin-1; clients hash those or UTF-8 of them.
function sha256Forms(canonical: string): string[] {
  const utf8 = createHash('sha256').update(canonical).digest('hex');
  const latin1 = createHash('sha256').update(canonical, 'latin1').digest('hex');
  return utf8 === latin1 ? [utf8] : [utf8, latin1];
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
