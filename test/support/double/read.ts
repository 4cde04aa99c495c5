// GetObject and HeadObject.
import { gunzipSync } from 'node:zlib';
import { checksumHeaders, objectHeaders } from './attributes.ts';
import { judgeRead, notModifiedHeaders } from './conditions.ts';
import { bytesOf, contentOf, sliceContent } from './content.ts';
import { s3Error } from './errors.ts';
import { requireBucket, type Answer, type Exchange } from './exchange.ts';
import type { StoredBucket, StoredObject } from './store.ts';
import { requireVersion } from './version-state.ts';

const OVERRIDES = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Answers GetObject and HeadObject; the server leaves the body of a HEAD away. */
export function readObject(exchange: Exchange): Answer {
  const bucket = requireBucket(exchange);
  const { headsFolders, transcodesGzip } = exchange.service.quirks;
  if (headsFolders && exchange.call.operation === 'HeadObject' && isFolder(bucket, exchange.key))
    return { status: 200, headers: { 'content-type': 'application/octet-stream' } };
  const { object, headers: version } = requireVersion(
    bucket,
    exchange.key,
    exchange.query['versionId'],
  );
  if (transcodesGzip && object.headers['content-encoding'] === 'gzip') return transcoded(object);
  const overrides = readOverrides(exchange);
  if (judgeRead(exchange.headers, object) === 'not-modified') {
    return { status: 304, headers: notModifiedHeaders(object) };
  }
  const { size } = object.content;
  const part = readPart(exchange, object);
  const span = part ?? parseRange(exchange.headers['range'], size);
  const wantsChecksum = exchange.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED';
  const headers = {
    ...objectHeaders(object),
    ...version,
    ...overrides,
    // The checksum is that of the whole object, so it does not go with a piece.
    ...(wantsChecksum && span === undefined ? checksumHeaders(object.checksum) : {}),
    ...(part === undefined ? {} : { 'x-amz-mp-parts-count': String(object.partSizes?.length) }),
  };
  if (span === undefined) return { status: 200, headers, body: object.content };
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${span.start}-${span.end - 1}/${size}` },
    body: sliceContent(object.content, span.start, span.end),
  };
}

function isFolder(bucket: StoredBucket, key: string): boolean {
  if (bucket.objects.get(key) !== undefined) return false;
  return bucket.objects.sortedKeys().some((other) => other.startsWith(`${key}/`));
}

// Google, "Transcoding of gzip-compressed files": sent decoded, without Content-Length and ranges.
function transcoded(object: StoredObject): Answer {
  const { 'content-encoding': _gzip, 'accept-ranges': _ranges, ...headers } = objectHeaders(object);
  const body = contentOf([gunzipSync(bytesOf(object.content))]);
  return { status: 200, headers, body, isChunked: true };
}

/** Reads a Range as S3 does: one range; undefined for what is ignored; throws InvalidRange. */
export function parseRange(header: string | undefined, size: number): Span | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined;
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(Number(last) + 1, size);
  if (start < end) return { start, end };
  throw s3Error('InvalidRange', {
    elements: { RangeRequested: header ?? '', ActualObjectSize: String(size) },
  });
}

function readPart(exchange: Exchange, object: StoredObject): Span | undefined {
  const text = exchange.query['partNumber'];
  if (text === undefined || object.partSizes === undefined) {
    if (text !== undefined && text !== '1') throw s3Error('InvalidRange');
    return undefined;
  }
  const index = Number(text) - 1;
  const size = object.partSizes[index];
  if (size === undefined) {
    throw s3Error('InvalidRange', { message: 'The requested partnumber is not satisfiable' });
  }
  const start = object.partSizes.slice(0, index).reduce((sum, bytes) => sum + bytes, 0);
  return { start, end: start + size };
}

function readOverrides(exchange: Exchange): Record<string, string> {
  const overrides: Record<string, string> = {};
  for (const name of OVERRIDES) {
    const value = exchange.query[`response-${name}`];
    if (value === undefined || value === '') continue;
    if (!/^[\t\x20-\x7e\xa0-\xff]*$/.test(value)) {
      throw s3Error('InvalidArgument', {
        message: 'Header value cannot be represented using ISO-8859-1.',
        elements: { ArgumentName: `response-${name}`, ArgumentValue: value },
      });
    }
    overrides[name] = value;
  }
  return overrides;
}
