// A page of ListObjectsV2 read straight from S3's XML, whose grammar is small and fixed. A document that does not
// look like it is refused: half a listing must never pass for a whole one.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html#API_ListObjectsV2_ResponseSyntax
import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import {
  blocks,
  entities,
  etagOf,
  needed,
  outside,
  tag,
  textOf,
  texts,
  unlike,
  type Span,
} from './read-xml.js';

/** What a page says, in the SDK's words. */
export type ListingPage = Pick<
  ListObjectsV2CommandOutput,
  'CommonPrefixes' | 'Contents' | 'EncodingType' | 'IsTruncated' | 'NextContinuationToken'
>;

type Contents = NonNullable<ListingPage['Contents']>[number];

/** Reads a page. Names are as they stand there: percent-encoded where `EncodingType` says so. */
export function readListing(xml: string): ListingPage {
  const root = xml.indexOf('<ListBucketResult');
  if (root === -1 || root > 200 || !xml.trimEnd().endsWith('</ListBucketResult>'))
    throw unlike('no listing');
  // A document type or CDATA: neither is S3's.
  if (xml.includes('<!')) throw unlike('a listing with declarations');
  const files = blocks(xml, CONTENTS);
  // What is said of the page stands before the files or behind them, and in a few bytes of many.
  const page = outside(xml, files, CONTENTS);
  return {
    EncodingType: textOf(page, ENCODING) === 'url' ? 'url' : undefined,
    IsTruncated: textOf(page, TRUNCATED) === 'true',
    NextContinuationToken: textOf(page, NEXT),
    Contents: contentsOf(xml, files),
    CommonPrefixes: foldersOf(page),
  };
}

const ENCODING = tag('EncodingType');
const TRUNCATED = tag('IsTruncated');
const NEXT = tag('NextContinuationToken');
const CONTENTS = tag('Contents');
const FOLDER = tag('CommonPrefixes');
const PREFIX = tag('Prefix');
const KEY = tag('Key');
const SIZE = tag('Size');
const MODIFIED = tag('LastModified');
const ETAG = tag('ETag');

function contentsOf(xml: string, files: readonly Span[]): Contents[] {
  const [key, size, modified, etag] = [
    texts(xml, KEY),
    texts(xml, SIZE),
    texts(xml, MODIFIED),
    texts(xml, ETAG),
  ];
  const dates = dateReader();
  return files.map(([from, to]): Contents => {
    const bytes = Number(needed(size(from, to), 'a file without a size'));
    if (!Number.isSafeInteger(bytes)) throw unlike('a size that is no number');
    return {
      Key: entities(needed(key(from, to), 'a file without a name')),
      Size: bytes,
      LastModified: dates(modified(from, to)),
      ETag: etagOf(etag(from, to) ?? ''),
    };
  });
}

// Some stores put several prefixes into one element.
function foldersOf(xml: string): { Prefix: string }[] {
  return blocks(xml, FOLDER).flatMap(([from, to]) => {
    const found: { Prefix: string }[] = [];
    const prefix = texts(xml, PREFIX);
    for (let at = from; ;) {
      const text = prefix(at, to);
      if (text === undefined) break;
      found.push({ Prefix: entities(text) });
      at = xml.indexOf(PREFIX.close, at) + PREFIX.close.length;
    }
    if (found.length === 0) throw unlike('a folder without a name');
    return found;
  });
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const DAY = 'yyyy-mm-ddT'.length;
const ZERO = 0x30;

// The dates of a page are of few days, and the beginning of a day is all that is hard to compute.
function dateReader(): (text: string | undefined) => Date | undefined {
  let lastDay = '';
  let lastDayMs = 0;
  return (text) => {
    if (text === undefined) return undefined;
    if (!ISO.test(text)) return anyDate(text);
    const day = text.slice(0, DAY);
    if (day !== lastDay) {
      lastDayMs = anyDate(`${day}00:00:00.000Z`).getTime();
      lastDay = day;
    }
    const [hours, minutes, seconds] = [digits(text, 11), digits(text, 14), digits(text, 17)];
    if (hours > 23 || minutes > 59 || seconds > 59) return anyDate(text);
    const milliseconds = digits(text, 20) * 10 + text.charCodeAt(22) - ZERO;
    return new Date(lastDayMs + ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds);
  };
}

function anyDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw unlike('a date that is none');
  return date;
}

function digits(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
}
