// DeleteObjects: up to a thousand keys, each with its own result.
import { judgeLock } from './bucket-rules.ts';
import { matches } from './conditions.ts';
import { bytesOf } from './content.ts';
import { s3Error, S3Error } from './errors.ts';
import { requireBucket, xmlAnswer, type Answer, type Exchange } from './exchange.ts';
import { DELETE_IN_BATCH } from './faults.ts';
import { readXmlBody } from './payload.ts';
import type { StoredBucket } from './store.ts';
import { checkKey } from './target.ts';
import { removeNewest, removeVersion } from './version-state.ts';
import { childText, document, parseXml, tag, type XmlElement } from './xml.ts';

const MAX_KEYS = 1000;

type Headers = Readonly<Record<string, string | undefined>>;

interface Wanted {
  readonly key: string;
  readonly etag: string | undefined;
  readonly versionId: string | undefined;
}

/** Answers DeleteObjects. */
export async function deleteObjects(exchange: Exchange): Promise<Answer> {
  const bucket = requireBucket(exchange);
  const { content, checksum } = await readXmlBody(exchange);
  if (checksum === undefined && exchange.headers['content-md5'] === undefined) {
    throw s3Error('InvalidRequest', {
      message: 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
    });
  }
  const root = parseXml(bytesOf(content), 'Delete');
  const isQuiet = childText(root, 'Quiet')?.trim() === 'true';
  const results = readWanted(root).map((wanted) => {
    try {
      const headers = deleteOne(exchange, bucket, wanted);
      return isQuiet ? '' : `<Deleted>${tag('Key', wanted.key)}${markOf(headers)}</Deleted>`;
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      const named = tag('Key', wanted.key) + tag('VersionId', wanted.versionId);
      const inner = named + tag('Code', error.code);
      return `<Error>${inner}${tag('Message', error.message)}</Error>`;
    }
  });
  return xmlAnswer(document('DeleteResult', results.join('')));
}

// AWS, "DeletedObject": whether a delete marker was made, or was what the version id named.
function markOf({ 'x-amz-delete-marker': isMark, 'x-amz-version-id': id }: Headers): string {
  if (isMark === undefined) return '';
  return tag('DeleteMarker', isMark) + tag('DeleteMarkerVersionId', id);
}

function readWanted(root: XmlElement): Wanted[] {
  const wanted = root.children
    .filter((child) => child.name !== 'Quiet')
    .map((child) => {
      const key = childText(child, 'Key');
      if (child.name !== 'Object' || !key) throw s3Error('MalformedXML');
      return { key, etag: childText(child, 'ETag'), versionId: childText(child, 'VersionId') };
    });
  if (wanted.length === 0 || wanted.length > MAX_KEYS) throw s3Error('MalformedXML');
  return wanted;
}

function deleteOne(exchange: Exchange, bucket: StoredBucket, wanted: Wanted): Headers {
  const { key, etag, versionId } = wanted;
  const { fault } = exchange.service.faults.take(DELETE_IN_BATCH, key);
  if (fault !== undefined) {
    throw new S3Error(fault.code ?? 'InternalError', 200, fault.body ?? 'Injected.');
  }
  checkKey(key);
  if (versionId !== undefined) return removeVersion(exchange, bucket, key, versionId);
  const existing = bucket.objects.get(key);
  const isConditional = etag !== undefined && exchange.service.conditionalWrites;
  if (isConditional && existing && !matches(etag, existing.etag)) {
    throw s3Error('PreconditionFailed');
  }
  judgeLock(exchange, existing, bucket);
  return removeNewest(exchange, bucket, key);
}
