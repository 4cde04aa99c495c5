// The frequent commands of a multipart upload, said directly. Its completion travels by the SDK: it may take minutes, in
// which storage sends spaces.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html and its neighbours
import { unlikeS3 } from './answer-error.js';
import { MOST_DOCUMENT_BYTES, isWebPage } from './bounded-answers.js';
import type { Codec } from './codec.js';
import type { Input, Output } from './commands.js';
import {
  ATTRIBUTE_HEADERS,
  headersOf,
  metadataHeaders,
  type HeaderNames,
} from './object-codecs.js';
import { blocks, etagOf, needed, tag, textOf, texts, unlike } from './read-xml.js';
import { encodeRfc3986 } from './sigv4.js';
import type { TransportAnswer } from './transport/transport.js';

const CREATE_HEADERS: HeaderNames<keyof Input<'CreateMultipartUpload'>> = [
  ...ATTRIBUTE_HEADERS,
  ['Expires', 'expires'],
  ['GrantFullControl', 'x-amz-grant-full-control'],
  ['GrantRead', 'x-amz-grant-read'],
  ['GrantReadACP', 'x-amz-grant-read-acp'],
  ['GrantWriteACP', 'x-amz-grant-write-acp'],
  ['ObjectLockLegalHoldStatus', 'x-amz-object-lock-legal-hold'],
  ['ObjectLockMode', 'x-amz-object-lock-mode'],
  ['WebsiteRedirectLocation', 'x-amz-website-redirect-location'],
];

const NOTHING = { bytes: new Uint8Array(0), length: 0 };

export const createMultipartUpload: Codec<'CreateMultipartUpload'> = {
  encode: (input) => ({
    method: 'POST',
    s3Key: input.Key ?? '',
    query: 'uploads=',
    headers: [
      ...headersOf(input, CREATE_HEADERS),
      ...lockedUntil(input),
      ...metadataHeaders(input.Metadata),
    ],
    body: NOTHING,
    wholeBytes: MOST_DOCUMENT_BYTES,
    streamed: false,
  }),
  decode: (answer) => {
    const xml = documentOf(answer, 'InitiateMultipartUploadResult');
    return { ...metadataOf(answer), UploadId: textOf(xml, UPLOAD_ID) };
  },
};

// The one date that S3 wants as ISO 8601.
function lockedUntil({ ObjectLockRetainUntilDate: date }: Input<'CreateMultipartUpload'>) {
  const name = 'x-amz-object-lock-retain-until-date';
  return date === undefined ? [] : ([[name, date.toISOString()]] as const);
}

export const listParts: Codec<'ListParts'> = {
  encode: ({ Key = '', UploadId = '', PartNumberMarker }) => ({
    method: 'GET',
    s3Key: Key,
    query:
      (PartNumberMarker === undefined
        ? ''
        : `part-number-marker=${encodeRfc3986(PartNumberMarker)}&`) +
      `uploadId=${encodeRfc3986(UploadId)}&x-id=ListParts`,
    headers: [],
    wholeBytes: MOST_DOCUMENT_BYTES,
    streamed: false,
  }),
  decode: (answer) => {
    const xml = documentOf(answer, 'ListPartsResult');
    return {
      ...metadataOf(answer),
      IsTruncated: textOf(xml, TRUNCATED) === 'true',
      NextPartNumberMarker: textOf(xml, NEXT),
      Parts: partsIn(xml),
    };
  },
};

export const abortMultipartUpload: Codec<'AbortMultipartUpload'> = {
  encode: ({ Key = '', UploadId = '' }) => ({
    method: 'DELETE',
    s3Key: Key,
    query: `uploadId=${encodeRfc3986(UploadId)}&x-id=AbortMultipartUpload`,
    headers: [],
    wholeBytes: MOST_DOCUMENT_BYTES,
    streamed: false,
  }),
  decode: (answer) => {
    if (isWebPage(answer.headers['content-type'])) throw unlikeS3('with a web page');
    return metadataOf(answer);
  },
};

const UPLOAD_ID = tag('UploadId');
const TRUNCATED = tag('IsTruncated');
const NEXT = tag('NextPartNumberMarker');
const PART = tag('Part');
const NUMBER = tag('PartNumber');
const SIZE = tag('Size');
const ETAG = tag('ETag');

function partsIn(xml: string): NonNullable<Output<'ListParts'>['Parts']> {
  const [number, size, etag] = [texts(xml, NUMBER), texts(xml, SIZE), texts(xml, ETAG)];
  return blocks(xml, PART).map(([from, to]) => ({
    PartNumber: whole(needed(number(from, to), 'a part without a number')),
    Size: whole(needed(size(from, to), 'a part without a size')),
    ETag: etagOf(etag(from, to) ?? ''),
  }));
}

function whole(text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isSafeInteger(value)) throw unlike('a number that is none');
  return value;
}

function documentOf({ headers, body }: TransportAnswer, root: string): string {
  if (isWebPage(headers['content-type'])) throw unlikeS3('with a web page');
  if (!(body instanceof Uint8Array)) throw unlikeS3('without a document');
  const xml = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  const start = xml.indexOf(`<${root}`);
  if (start === -1 || start > 200 || !xml.trimEnd().endsWith(`</${root}>`))
    throw unlike(`no ${root}`);
  // A document type or CDATA: neither is S3's.
  if (xml.includes('<!')) throw unlike('declarations');
  return xml;
}

const metadataOf = ({ status }: TransportAnswer) => ({ $metadata: { httpStatusCode: status } });
