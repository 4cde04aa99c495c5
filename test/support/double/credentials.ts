// Where a request carries its Signature Version 4, read and checked but for the signature itself.
import { s3Error, type S3Code } from './errors.ts';
import type { Target } from './target.ts';

/** What of a request is signed. `headers` by lower-case name, repeated ones joined by a comma. */
export interface SignedRequest {
  readonly method: string;
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
}

/** The one key pair of the double, its region, and its clock in milliseconds. */
export interface Keyring {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly now: () => number;
  /** The key of the last scope that was signed for; derived again when the day changes. */
  signingKey?: { readonly scope: string; readonly key: Buffer };
}

/** The signature of a request and what it was made with. */
export interface Credentials {
  readonly scope: string;
  readonly date: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly payloadHash: string;
}

const MAX_SKEW_MS = 15 * 60 * 1000;

// AWS, "Authenticating requests: using query parameters": at most seven days.
const MAX_EXPIRY_SECONDS = 604_800;

/** Reads the Authorization header or the query; throws for what is missing, malformed or late. */
export function readCredentials(request: SignedRequest, keyring: Keyring): Credentials {
  const authorization = request.headers['authorization'];
  const isPresigned = 'X-Amz-Algorithm' in request.target.query;
  if (authorization !== undefined && isPresigned) {
    throw s3Error('InvalidArgument', { message: 'Only one auth mechanism allowed' });
  }
  // The one key of the double is permanent: a session token cannot belong to it.
  if ('x-amz-security-token' in request.headers || 'X-Amz-Security-Token' in request.target.query) {
    throw s3Error('InvalidToken');
  }
  if (isPresigned) return readQuery(request, keyring);
  if (authorization === undefined) throw s3Error('AccessDenied');
  return readHeader(request, authorization, keyring);
}

function readHeader(request: SignedRequest, header: string, keyring: Keyring): Credentials {
  const { headers } = request;
  const code = 'AuthorizationHeaderMalformed';
  if (!header.startsWith('AWS4-HMAC-SHA256 ')) {
    throw s3Error('InvalidRequest', {
      message: 'The authorization mechanism you have provided is not supported.',
    });
  }
  const fields = new Map(
    header
      .slice('AWS4-HMAC-SHA256 '.length)
      .split(',')
      .map((field) => {
        const [name = '', ...value] = field.trim().split('=');
        return [name, value.join('=')] as const;
      }),
  );
  const date = headers['x-amz-date'] ?? amzDate(headers['date']);
  const payloadHash = headers['x-amz-content-sha256'];
  if (payloadHash === undefined) {
    throw s3Error('InvalidRequest', {
      message: 'Missing required header for this request: x-amz-content-sha256',
    });
  }
  const credential = fields.get('Credential') ?? '';
  const scope = checkScope(credential, date, keyring, code);
  if (Math.abs(keyring.now() - timeOf(date)) > MAX_SKEW_MS) throw s3Error('RequestTimeTooSkewed');
  return {
    scope,
    date,
    signedHeaders: listHeaders(fields.get('SignedHeaders'), code),
    signature: fields.get('Signature') ?? '',
    payloadHash: checkPayloadHash(payloadHash),
  };
}

function readQuery(request: SignedRequest, keyring: Keyring): Credentials {
  const { query } = request.target;
  const code = 'AuthorizationQueryParametersError';
  const expires = query['X-Amz-Expires'] ?? '';
  const date = query['X-Amz-Date'] ?? '';
  if (query['X-Amz-Algorithm'] !== 'AWS4-HMAC-SHA256') {
    throw s3Error(code, { message: 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"' });
  }
  if (!/^\d{1,6}$/.test(expires) || Number(expires) < 1 || Number(expires) > MAX_EXPIRY_SECONDS) {
    throw s3Error(code, {
      message: 'X-Amz-Expires must be a number from 1 to 604800 (seven days)',
    });
  }
  const scope = checkScope(query['X-Amz-Credential'] ?? '', date, keyring, code);
  if (timeOf(date) > keyring.now() + MAX_SKEW_MS) {
    throw s3Error('AccessDenied', { message: 'Request is not yet valid' });
  }
  if (keyring.now() > timeOf(date) + Number(expires) * 1000) {
    throw s3Error('AccessDenied', {
      message: 'Request has expired',
      elements: { 'X-Amz-Expires': expires },
    });
  }
  return {
    scope,
    date,
    signedHeaders: listHeaders(query['X-Amz-SignedHeaders'], code),
    signature: query['X-Amz-Signature'] ?? '',
    payloadHash:
      request.headers['x-amz-content-sha256'] ??
      query['X-Amz-Content-Sha256'] ??
      'UNSIGNED-PAYLOAD',
  };
}

function checkScope(credential: string, date: string, keyring: Keyring, code: S3Code): string {
  const [key, day, region, service, end, ...more] = credential.split('/');
  const isWhole = service === 's3' && end === 'aws4_request' && more.length === 0;
  if (!isWhole || day !== date.slice(0, 8) || Number.isNaN(timeOf(date))) {
    throw s3Error(code, { message: 'The authorization is malformed; the credential is invalid' });
  }
  if (region !== keyring.region) {
    throw s3Error(code, {
      message: `The region '${region}' is wrong; expecting '${keyring.region}'`,
      elements: { Region: keyring.region },
    });
  }
  if (key !== keyring.accessKeyId) {
    throw s3Error('InvalidAccessKeyId', { elements: { AWSAccessKeyId: key ?? '' } });
  }
  return `${day}/${region}/s3/aws4_request`;
}

function listHeaders(list: string | undefined, code: S3Code): string[] {
  const names = (list ?? '').split(';');
  if (!names.includes('host')) throw s3Error(code, { message: 'host must be signed' });
  return names;
}

function checkPayloadHash(hash: string): string {
  const isKnown =
    /^[0-9a-f]{64}$/.test(hash) ||
    hash === 'UNSIGNED-PAYLOAD' ||
    hash === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' ||
    hash === 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' ||
    hash === 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
  if (isKnown) return hash;
  throw s3Error('InvalidArgument', {
    message: 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a streaming form, or a sha256 value.',
  });
}

function timeOf(date: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  return Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
}

function amzDate(httpDate: string | undefined): string {
  const time = Date.parse(httpDate ?? '');
  return Number.isNaN(time) ? '' : `${new Date(time).toISOString().replace(/[-:]|\.\d+/g, '')}`;
}
