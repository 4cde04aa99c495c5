// ListObjectsV2: pages of keys in the order of their UTF-8 bytes, groups rolled up.
import { createHash } from 'node:crypto';
import { quoted } from './attributes.ts';
import { s3Error } from './errors.ts';
import { numberInQuery, requireBucket, xmlAnswer, type Answer, type Exchange } from './exchange.ts';
import { OWNER_ID } from './grants.ts';
import { compareKeys, lowerBound, type ObjectTable, type StoredBucket } from './store.ts';
import { document, tag } from './xml.ts';

const PAGE = 1000;

interface Question {
  readonly prefix: string;
  readonly delimiter: string;
  readonly maxKeys: number;
  readonly after: Position;
}

// Where a page ended: at a key, or at a group of which every key was rolled up.
interface Position {
  readonly kind: 'key' | 'group';
  readonly text: string;
}

interface Page {
  readonly keys: readonly string[];
  readonly groups: readonly string[];
  readonly next: Position | undefined;
}

/** Answers ListObjectsV2. */
export function listObjects(exchange: Exchange): Answer {
  const { query } = exchange;
  const bucket = requireBucket(exchange);
  const encode = urlEncoder(exchange);
  const { prefix = '', delimiter = '' } = query;
  const token = query['continuation-token'];
  const startAfter = query['start-after'];
  const maxKeys = Math.min(numberInQuery(exchange, 'max-keys', PAGE), PAGE);
  const after: Position =
    token === undefined ? { kind: 'key', text: startAfter ?? '' } : readToken(token);
  const page = readPage(bucket.objects, { prefix, delimiter, maxKeys, after });
  return xmlAnswer(
    document(
      'ListBucketResult',
      tag('Name', bucket.name) +
        tag('Prefix', encode(prefix)) +
        (delimiter === '' ? '' : tag('Delimiter', encode(delimiter))) +
        tag('StartAfter', startAfter === undefined ? undefined : encode(startAfter)) +
        tag('ContinuationToken', token) +
        tag('NextContinuationToken', page.next && writeToken(page.next)) +
        tag('KeyCount', page.keys.length + page.groups.length) +
        tag('MaxKeys', maxKeys) +
        tag('EncodingType', query['encoding-type']) +
        tag('IsTruncated', page.next !== undefined) +
        page.keys
          .map((key) => contentsXml(bucket, key, encode, query['fetch-owner'] === 'true'))
          .join('') +
        groupsXml(page.groups.map(encode), exchange.service.quirks.mergesPrefixes),
    ),
  );
}

function groupsXml(groups: readonly string[], isMerged: boolean): string {
  const prefixes = groups.map((group) => tag('Prefix', group));
  const elements = isMerged && prefixes.length > 0 ? [prefixes.join('')] : prefixes;
  return elements.map((element) => `<CommonPrefixes>${element}</CommonPrefixes>`).join('');
}

/** The group that a key is rolled up to: its prefix up to and with the first delimiter. */
export function groupOf(key: string, prefix: string, delimiter: string): string | undefined {
  const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return at === -1 ? undefined : key.slice(0, at + delimiter.length);
}

/** How names are written: as they are, or as a form does when encoding-type=url is asked. */
export function urlEncoder(exchange: Exchange): (text: string) => string {
  const type = exchange.query['encoding-type'];
  if (type === undefined || type === '') return (text) => text;
  if (type !== 'url') {
    throw s3Error('InvalidArgument', {
      message: 'Invalid Encoding Method specified in Request',
      elements: { ArgumentName: 'encoding-type', ArgumentValue: type },
    });
  }
  return (text) => {
    // Most names; a page has a thousand.
    if (PLAIN.test(text)) return text;
    return encodeURIComponent(text)
      .replace(/[!'()~]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%20', '+')
      .replaceAll('%2F', '/');
  };
}

const PLAIN = /^[\w.*/-]*$/;

function readPage(objects: ObjectTable, question: Question): Page {
  const { prefix, delimiter, maxKeys, after } = question;
  const sorted = objects.sortedKeys();
  const keys: string[] = [];
  const groups: string[] = [];
  let last: Position | undefined;
  let index = Math.max(
    indexAfter(sorted, after),
    lowerBound(sorted, (key) => compareKeys(key, prefix) < 0),
  );
  for (;;) {
    const key = sorted[index];
    if (key === undefined || !key.startsWith(prefix) || maxKeys === 0) {
      return { keys, groups, next: undefined };
    }
    if (keys.length + groups.length === maxKeys) return { keys, groups, next: last };
    const group = groupOf(key, prefix, delimiter);
    last = group === undefined ? { kind: 'key', text: key } : { kind: 'group', text: group };
    if (group === undefined) keys.push(key);
    else groups.push(group);
    index = group === undefined ? index + 1 : indexAfter(sorted, last);
  }
}

function indexAfter(sorted: readonly string[], { kind, text }: Position): number {
  if (text === '') return 0;
  return lowerBound(
    sorted,
    (key) => compareKeys(key, text) <= 0 || (kind === 'group' && key.startsWith(text)),
  );
}

function contentsXml(
  bucket: StoredBucket,
  key: string,
  encode: (text: string) => string,
  withOwner: boolean,
): string {
  const object = bucket.objects.get(key);
  if (object === undefined) return '';
  const owner = tag('ID', OWNER_ID) + tag('DisplayName', 's3double-owner');
  return `<Contents>${
    tag('Key', encode(key)) +
    tag('LastModified', new Date(object.lastModified).toISOString()) +
    tag('ETag', quoted(object.etag)) +
    tag('ChecksumAlgorithm', object.checksum?.algorithm.toUpperCase()) +
    tag('ChecksumType', object.checksum?.type) +
    tag('Size', object.content.size) +
    (withOwner ? `<Owner>${owner}</Owner>` : '') +
    tag('StorageClass', object.headers['x-amz-storage-class'] ?? 'STANDARD')
  }</Contents>`;
}

// A token is opaque to clients; the sum only tells ours from one that was made up.
function writeToken({ kind, text }: Position): string {
  const body = Buffer.from(`${kind}:${text}`).toString('base64url');
  return `${body}.${tokenSum(body)}`;
}

function readToken(token: string): Position {
  const [body = '', sum] = token.split('.');
  const [, kind, text = ''] =
    /^(key|group):([^]*)$/.exec(Buffer.from(body, 'base64url').toString()) ?? [];
  if (sum === tokenSum(body) && (kind === 'key' || kind === 'group')) return { kind, text };
  throw s3Error('InvalidArgument', {
    message: 'The continuation token provided is incorrect',
    elements: { ArgumentName: 'continuation-token' },
  });
}

function tokenSum(body: string): string {
  return createHash('sha256').update(`s3double ${body}`).digest('base64url').slice(0, 12);
}
