// ListParts and ListMultipartUploads.
import { quoted } from './attributes.ts';
import { s3Error } from './errors.ts';
import { numberInQuery, requireBucket, xmlAnswer, type Answer, type Exchange } from './exchange.ts';
import { OWNER_ID } from './grants.ts';
import { groupOf, urlEncoder } from './list.ts';
import { requireUpload } from './multipart.ts';
import { compareKeys, type StoredUpload } from './store.ts';
import { document, tag } from './xml.ts';

const PAGE = 1000;

const OWNER = tag('ID', OWNER_ID) + tag('DisplayName', 's3double-owner');

/** Answers ListParts. */
export function listParts(exchange: Exchange): Answer {
  const { completed } = requireBucket(exchange);
  if (completed.has(exchange.query['uploadId'] ?? '')) throw s3Error('NoSuchKey');
  const upload = requireUpload(exchange);
  const maxParts = Math.min(numberInQuery(exchange, 'max-parts', PAGE), PAGE);
  const marker = numberInQuery(exchange, 'part-number-marker', 0);
  const numbers = [...upload.parts.keys()].sort((a, b) => a - b).filter((n) => n > marker);
  const page = numbers.slice(0, maxParts);
  const parts = page.map((number) => {
    const part = upload.parts.get(number);
    if (part === undefined) return '';
    const { checksum } = part;
    return `<Part>${
      tag('PartNumber', number) +
      tag('LastModified', new Date(part.lastModified).toISOString()) +
      tag('ETag', quoted(part.etag)) +
      tag('Size', part.content.size) +
      (checksum ? tag(`Checksum${checksum.algorithm.toUpperCase()}`, checksum.value) : '')
    }</Part>`;
  });
  return xmlAnswer(
    document(
      'ListPartsResult',
      tag('Bucket', exchange.call.bucket) +
        tag('Key', upload.key) +
        tag('UploadId', upload.uploadId) +
        tag('PartNumberMarker', marker) +
        tag('NextPartNumberMarker', page.at(-1) ?? 0) +
        tag('MaxParts', maxParts) +
        tag('IsTruncated', page.length < numbers.length) +
        parts.join('') +
        `<Initiator>${OWNER}</Initiator><Owner>${OWNER}</Owner>` +
        tag('StorageClass', upload.attributes.headers['x-amz-storage-class'] ?? 'STANDARD'),
    ),
  );
}

type Item =
  | { readonly kind: 'upload'; readonly upload: StoredUpload }
  | { readonly kind: 'group'; readonly prefix: string };

/** Answers ListMultipartUploads. */
export function listUploads(exchange: Exchange): Answer {
  const { query } = exchange;
  const bucket = requireBucket(exchange);
  const encode = urlEncoder(exchange);
  const { prefix = '', delimiter = '' } = query;
  const keyMarker = query['key-marker'] ?? '';
  // AWS, ListMultipartUploads: without key-marker, upload-id-marker is ignored.
  const idMarker = keyMarker === '' ? '' : (query['upload-id-marker'] ?? '');
  const maxUploads = Math.min(numberInQuery(exchange, 'max-uploads', PAGE), PAGE);
  if (maxUploads === 0) {
    throw s3Error('InvalidArgument', { elements: { ArgumentName: 'max-uploads' } });
  }
  const waiting = [...bucket.uploads.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .filter((upload) => isAfter(upload, keyMarker, idMarker))
    .sort((a, b) => compareKeys(a.key, b.key) || compareKeys(a.uploadId, b.uploadId));
  const items = groupUploads(waiting, prefix, delimiter).filter(
    (item) => item.kind === 'upload' || item.prefix !== keyMarker,
  );
  const page = items.slice(0, maxUploads);
  const last = page.at(-1);
  const isTruncated = page.length < items.length;
  return xmlAnswer(
    document(
      'ListMultipartUploadsResult',
      tag('Bucket', bucket.name) +
        tag('KeyMarker', encode(keyMarker)) +
        tag('UploadIdMarker', idMarker) +
        (isTruncated && last !== undefined ? nextMarkers(last, encode) : '') +
        tag('Prefix', encode(prefix)) +
        (delimiter === '' ? '' : tag('Delimiter', encode(delimiter))) +
        tag('EncodingType', query['encoding-type']) +
        tag('MaxUploads', maxUploads) +
        tag('IsTruncated', isTruncated) +
        page.map((item) => itemXml(item, encode)).join(''),
    ),
  );
}

function isAfter(upload: StoredUpload, keyMarker: string, idMarker: string): boolean {
  const order = compareKeys(upload.key, keyMarker);
  return order > 0 || (order === 0 && idMarker !== '' && upload.uploadId > idMarker);
}

function groupUploads(uploads: StoredUpload[], prefix: string, delimiter: string): Item[] {
  const groups = new Set<string>();
  return uploads.flatMap((upload): Item[] => {
    const group = groupOf(upload.key, prefix, delimiter);
    if (group === undefined) return [{ kind: 'upload', upload }];
    if (groups.has(group)) return [];
    groups.add(group);
    return [{ kind: 'group', prefix: group }];
  });
}

function nextMarkers(last: Item, encode: (text: string) => string): string {
  if (last.kind === 'group') return tag('NextKeyMarker', encode(last.prefix));
  return (
    tag('NextKeyMarker', encode(last.upload.key)) + tag('NextUploadIdMarker', last.upload.uploadId)
  );
}

function itemXml(item: Item, encode: (text: string) => string): string {
  if (item.kind === 'group') {
    return `<CommonPrefixes>${tag('Prefix', encode(item.prefix))}</CommonPrefixes>`;
  }
  const { upload } = item;
  return `<Upload>${
    tag('Key', encode(upload.key)) +
    tag('UploadId', upload.uploadId) +
    `<Initiator>${OWNER}</Initiator><Owner>${OWNER}</Owner>` +
    tag('StorageClass', upload.attributes.headers['x-amz-storage-class'] ?? 'STANDARD') +
    tag('Initiated', new Date(upload.initiated).toISOString())
  }</Upload>`;
}
