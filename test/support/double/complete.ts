// CompleteMultipartUpload: the parts that the client names become one object.
import { createHash } from 'node:crypto';
import { quoted, writeHeaders } from './attributes.ts';
import { judgeLock } from './bucket-rules.ts';
import { startChecksum } from './checksum.ts';
import { bareEtag, judgeWrite } from './conditions.ts';
import { bytesOf, concatContent, piecesOf, type Content } from './content.ts';
import { s3Error } from './errors.ts';
import { requireBucket, secondsNow, xmlAnswer, type Answer, type Exchange } from './exchange.ts';
import { requireUpload } from './multipart.ts';
import { readXmlBody } from './payload.ts';
import type { StoredChecksum, StoredPart, StoredUpload } from './store.ts';
import { putVersion } from './version-state.ts';
import { childText, document, parseXml, tag, type XmlElement } from './xml.ts';

interface NamedPart {
  readonly number: number;
  readonly etag: string;
  readonly element: XmlElement;
}

/** Answers CompleteMultipartUpload. */
export async function completeUpload(exchange: Exchange): Promise<Answer> {
  const { quirks } = exchange.service;
  const before = requireBucket(exchange).completed.get(exchange.query['uploadId'] ?? '');
  if (quirks.cephMultipart && before !== undefined) {
    await readXmlBody(exchange);
    return before;
  }
  requireUpload(exchange);
  const { content: xml } = await readXmlBody(exchange);
  const named = readParts(parseXml(bytesOf(xml), 'CompleteMultipartUpload'));
  const bucket = requireBucket(exchange);
  // From here to the end in one turn: of racing completions exactly one finds the upload.
  const upload = requireUpload(exchange);
  if (quirks.cephMultipart && named.length !== upload.parts.size)
    throw s3Error('InvalidPart', uploadDetail(upload));
  const parts = pickParts(upload, named, exchange.service.minPartBytes);
  if (quirks.equalParts) judgeEqualParts(parts);
  const { key } = exchange;
  const isConditional = ['if-match', 'if-none-match'].some((name) => name in exchange.headers);
  if (isConditional && quirks.completeConditions === 'unsupported') throw s3Error('NotImplemented');
  if (quirks.completeConditions !== 'ignored') judgeWrite(exchange, bucket.objects.get(key));
  judgeLock(exchange, bucket.objects.get(key), bucket);
  const content = concatContent(parts.map((part) => part.content));
  checkObjectSize(exchange, content);
  const md5s = parts.map((part) => Buffer.from(part.etag, 'hex'));
  const etag = `${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-${parts.length}`;
  const checksum = combineChecksums(upload, parts, content);
  const version = putVersion(bucket, {
    ...upload.attributes,
    key,
    content,
    etag,
    lastModified: secondsNow(exchange.service),
    checksum,
    partSizes: parts.map((part) => part.content.size),
  });
  bucket.uploads.delete(upload.uploadId);
  const { host = '' } = exchange.headers;
  const answer = xmlAnswer(
    document(
      'CompleteMultipartUploadResult',
      tag('Location', `http://${host}/${bucket.name}/${encodeURIComponent(key)}`) +
        tag('Bucket', bucket.name) +
        tag('Key', key) +
        tag('ETag', quoted(etag)) +
        (checksum
          ? tag(`Checksum${checksum.algorithm.toUpperCase()}`, checksum.value) +
            tag('ChecksumType', checksum.type)
          : ''),
    ),
  );
  const headers = {
    ...answer.headers,
    ...version,
    ...writeHeaders(upload.attributes, undefined),
  };
  const done = { ...answer, headers };
  if (quirks.cephMultipart) bucket.completed.set(upload.uploadId, done);
  return done;
}

function readParts(root: XmlElement): NamedPart[] {
  const parts = root.children.map((element) => {
    const number = childText(element, 'PartNumber');
    const etag = childText(element, 'ETag');
    const isPart = element.name === 'Part' && /^\s*\d{1,5}\s*$/.test(number ?? '');
    if (!isPart || etag === undefined) throw s3Error('MalformedXML');
    return { number: Number(number), etag: bareEtag(etag), element };
  });
  if (parts.length === 0 || parts.length > 10_000) throw s3Error('MalformedXML');
  return parts;
}

function pickParts(
  upload: StoredUpload,
  named: readonly NamedPart[],
  minPartBytes: number,
): StoredPart[] {
  const isOrdered = named.every(({ number }, index) => number > (named[index - 1]?.number ?? 0));
  if (!isOrdered) throw s3Error('InvalidPartOrder', uploadDetail(upload));
  return named.map(({ number, etag, element }, index) => {
    const part = upload.parts.get(number);
    if (part === undefined || part.etag !== etag || !hasChecksum(element, part)) {
      throw s3Error('InvalidPart', {
        elements: { UploadId: upload.uploadId, PartNumber: String(number), ETag: etag },
      });
    }
    if (index < named.length - 1 && part.content.size < minPartBytes) {
      throw s3Error('EntityTooSmall', {
        elements: {
          ProposedSize: String(part.content.size),
          MinSizeAllowed: String(minPartBytes),
          PartNumber: String(number),
          ETag: etag,
        },
      });
    }
    return part;
  });
}

// R2: "All non-trailing parts must have the same length."
function judgeEqualParts(parts: readonly StoredPart[]): void {
  const [first] = parts;
  const isEqual = parts.slice(0, -1).every(({ content }) => content.size === first?.content.size);
  if (!isEqual) throw s3Error('InvalidPart');
}

function uploadDetail(upload: StoredUpload) {
  return { elements: { UploadId: upload.uploadId } };
}

function hasChecksum(element: XmlElement, part: StoredPart): boolean {
  return element.children
    .filter((child) => child.name.startsWith('Checksum'))
    .every(({ name, text }) => {
      const algorithm = name.slice('Checksum'.length).toLowerCase();
      return part.checksum?.algorithm === algorithm && part.checksum.value === text;
    });
}

function checkObjectSize(exchange: Exchange, content: Content): void {
  const size = exchange.headers['x-amz-mp-object-size'];
  if (size === undefined || Number(size) === content.size) return;
  throw s3Error('InvalidRequest', {
    message: `The provided 'x-amz-mp-object-size' header does not match what was computed.`,
  });
}

// Composite: the checksum of the checksums of the parts, with their number behind it.
function combineChecksums(
  upload: StoredUpload,
  parts: readonly StoredPart[],
  content: Content,
): StoredChecksum | undefined {
  const algorithm = upload.checksumAlgorithm;
  if (algorithm === undefined) return undefined;
  const running = startChecksum(algorithm);
  if (upload.checksumType === 'FULL_OBJECT') {
    for (const piece of piecesOf(content)) running.update(piece);
    return { algorithm, value: running.digest(), type: 'FULL_OBJECT' };
  }
  for (const { checksum } of parts) {
    if (checksum === undefined) return undefined;
    running.update(Buffer.from(checksum.value, 'base64'));
  }
  return { algorithm, value: `${running.digest()}-${parts.length}`, type: 'COMPOSITE' };
}
