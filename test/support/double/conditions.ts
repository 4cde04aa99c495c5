// The preconditions of reads, writes and copies, in the order of RFC 9110 section 13.2.2.
import { validators } from './attributes.ts';
import { s3Error, type S3Error } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { StoredObject } from './store.ts';

type Headers = Readonly<Record<string, string>>;

/** Judges a GET or HEAD: go on, or 304 Not Modified; throws PreconditionFailed. */
export function judgeRead(headers: Headers, object: StoredObject): 'read' | 'not-modified' {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) throw failed('If-Match');
  } else if (isModifiedSince(object, headers['if-unmodified-since']) === true) {
    throw failed('If-Unmodified-Since');
  }
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) {
    return matches(ifNoneMatch, object.etag) ? 'not-modified' : 'read';
  }
  const isStale = isModifiedSince(object, headers['if-modified-since']);
  return isStale === false ? 'not-modified' : 'read';
}

/** The headers of a 304 for that object. */
export function notModifiedHeaders(object: StoredObject): Record<string, string> {
  const cacheControl = object.headers['cache-control'];
  return {
    ...validators(object),
    ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
  };
}

/** Judges the source of a copy; all four conditions fail with PreconditionFailed. */
export function judgeCopySource(headers: Headers, source: StoredObject): void {
  const prefix = 'x-amz-copy-source-';
  const own = Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
  if (judgeRead(own, source) === 'read') return;
  throw failed(own['if-none-match'] === undefined ? 'If-Modified-Since' : 'If-None-Match');
}

/**
 * Judges a write against what is there, in the same turn as the write itself. AWS, "Conditional
 * writes": If-None-Match takes only `*`; If-Match of a missing object is NoSuchKey.
 */
export function judgeWrite(exchange: Exchange, existing: StoredObject | undefined): void {
  if (!exchange.service.conditionalWrites) return;
  const { 'if-none-match': ifNoneMatch, 'if-match': ifMatch } = exchange.headers;
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw s3Error('NotImplemented', { elements: { Header: 'If-None-Match' } });
  }
  if (ifNoneMatch !== undefined && existing !== undefined) throw failed('If-None-Match');
  if (ifMatch === undefined) return;
  if (existing === undefined) throw s3Error('NoSuchKey', { elements: { Key: exchange.key } });
  const isOdd = exchange.service.quirks.bareIfMatch && ifMatch.includes('"');
  if (isOdd || !matches(ifMatch, existing.etag)) throw failed('If-Match');
}

/** True when a list of entity tags, or `*`, names that ETag; quotes may be missing. */
export function matches(list: string, etag: string): boolean {
  if (list.trim() === '*') return true;
  return list.split(',').some((item) => bareEtag(item) === etag);
}

/** An ETag without its quotes and weakness. */
export function bareEtag(text: string): string {
  return text.trim().replace(/^(?:W\/)?"(.*)"$/, '$1');
}

/** The 412 that names the condition which did not hold. */
export function failed(condition: string): S3Error {
  return s3Error('PreconditionFailed', { elements: { Condition: condition } });
}

// Undefined when the date is absent or no date: such a condition is ignored.
function isModifiedSince(object: StoredObject, date: string | undefined): boolean | undefined {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : object.lastModified > time;
}
