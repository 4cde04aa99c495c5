// The calls about versions: whether a bucket keeps them, and their listing.
import { quoted } from './attributes.ts';
import { bytesOf } from './content.ts';
import { s3Error } from './errors.ts';
import { numberInQuery, requireBucket, xmlAnswer } from './exchange.ts';
import type { Answer, Exchange } from './exchange.ts';
import { urlEncoder } from './list.ts';
import { readXmlBody } from './payload.ts';
import { compareKeys } from './store.ts';
import type { StoredVersion } from './store.ts';
import { versionsOf } from './version-state.ts';
import { childText, document, parseXml, tag } from './xml.ts';

const PAGE = 1000;

/** Answers GetBucketVersioning. */
export function getBucketVersioning(exchange: Exchange): Answer {
  const { versioning } = requireBucket(exchange);
  return xmlAnswer(document('VersioningConfiguration', tag('Status', versioning)));
}

/** Answers PutBucketVersioning. */
export async function putBucketVersioning(exchange: Exchange): Promise<Answer> {
  const bucket = requireBucket(exchange);
  const { content } = await readXmlBody(exchange);
  const status = childText(parseXml(bytesOf(content), 'VersioningConfiguration'), 'Status');
  if (status !== 'Enabled' && status !== 'Suspended') throw s3Error('MalformedXML');
  bucket.versioning = status;
  return { status: 200 };
}

/** Answers ListObjectVersions, without delimiters. */
export function listVersions(exchange: Exchange): Answer {
  const { query } = exchange;
  const bucket = requireBucket(exchange);
  if ((query['delimiter'] ?? '') !== '') throw s3Error('NotImplemented');
  const encode = urlEncoder(exchange);
  const { prefix = '' } = query;
  const maxKeys = Math.min(numberInQuery(exchange, 'max-keys', PAGE), PAGE);
  const all = [...new Set([...bucket.versions.keys(), ...bucket.objects.sortedKeys()])]
    .filter((key) => key.startsWith(prefix))
    .sort(compareKeys)
    .flatMap((key) =>
      versionsOf(bucket, key).map((version, index) => ({ key, version, isLatest: index === 0 })),
    );
  const from = placeAfter(all, query['key-marker'], query['version-id-marker']);
  const page = all.slice(from, from + maxKeys);
  const last = page.at(-1);
  const isTruncated = from + page.length < all.length && last !== undefined;
  return xmlAnswer(
    document(
      'ListVersionsResult',
      tag('Name', bucket.name) +
        tag('Prefix', encode(prefix)) +
        tag('KeyMarker', encode(query['key-marker'] ?? '')) +
        tag('VersionIdMarker', query['version-id-marker'] ?? '') +
        tag('NextKeyMarker', isTruncated ? encode(last.key) : undefined) +
        tag('NextVersionIdMarker', isTruncated ? last.version.versionId : undefined) +
        tag('MaxKeys', maxKeys) +
        tag('EncodingType', query['encoding-type']) +
        tag('IsTruncated', isTruncated) +
        page.map((one) => versionXml(one, encode)).join(''),
    ),
  );
}

interface Listed {
  readonly key: string;
  readonly version: StoredVersion;
  readonly isLatest: boolean;
}

function placeAfter(
  all: readonly Listed[],
  key: string | undefined,
  versionId: string | undefined,
): number {
  if (key === undefined || key === '') return 0;
  const same = all.findIndex((one) => one.key === key && one.version.versionId === versionId);
  if (same !== -1) return same + 1;
  const next = all.findIndex((one) => compareKeys(one.key, key) > 0);
  return next === -1 ? all.length : next;
}

function versionXml({ key, version, isLatest }: Listed, encode: (text: string) => string): string {
  const { versionId, object, lastModified } = version;
  const inner =
    tag('Key', encode(key)) +
    tag('VersionId', versionId) +
    tag('IsLatest', isLatest) +
    tag('LastModified', new Date(lastModified).toISOString());
  if (object === undefined) return `<DeleteMarker>${inner}</DeleteMarker>`;
  return `<Version>${
    inner +
    tag('ETag', quoted(object.etag)) +
    tag('Size', object.content.size) +
    tag('StorageClass', object.headers['x-amz-storage-class'] ?? 'STANDARD')
  }</Version>`;
}
