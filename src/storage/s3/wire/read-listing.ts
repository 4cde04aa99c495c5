// A page of ListObjectsV2 read straight from S3's XML, whose grammar is small and fixed. A document that does not
// look like it is refused: half a listing must never pass for a whole one.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html#API_ListObjectsV2_ResponseSyntax
import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { unlikeS3 } from './answer-error.js';

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
  return {
    EncodingType: textOf(xml, ENCODING) === 'url' ? 'url' : undefined,
    IsTruncated: textOf(xml, TRUNCATED) === 'true',
    NextContinuationToken: textOf(xml, NEXT),
    Contents: contentsOf(xml),
    CommonPrefixes: foldersOf(xml),
  };
}

interface Tag {
  readonly open: string;
  readonly close: string;
  /** How an element without content may be written. */
  readonly empty: string;
}

const tag = (name: string): Tag => ({
  open: `<${name}>`,
  close: `</${name}>`,
  empty: `<${name}/>`,
});
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

function contentsOf(xml: string): Contents[] {
  const [key, size, modified, etag] = [
    texts(xml, KEY),
    texts(xml, SIZE),
    texts(xml, MODIFIED),
    texts(xml, ETAG),
  ];
  const dates = dateReader();
  return blocks(xml, CONTENTS).map(([from, to]): Contents => {
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

const QUOTE = '&quot;';

function etagOf(text: string): string {
  // How S3 writes it; stores that leave the quotes out or write them plainly are rarer.
  if (text.startsWith(QUOTE) && text.indexOf('&', 1) === text.length - QUOTE.length)
    if (text.endsWith(QUOTE)) return `"${text.slice(QUOTE.length, -QUOTE.length)}"`;
  return entities(text);
}

type Span = readonly [from: number, to: number];

function blocks(xml: string, { open, close }: Tag): Span[] {
  const found: Span[] = [];
  for (let at = xml.indexOf(open); at !== -1;) {
    const from = at + open.length;
    const to = xml.indexOf(close, from);
    if (to === -1) throw unlike('half an element');
    found.push([from, to]);
    at = xml.indexOf(open, to);
  }
  return found;
}

/** The text of the first element of a kind between two places; undefined without one. */
type Texts = (from: number, to: number) => string | undefined;

// Asked for places in order, it never looks twice at one: a page is read once, whatever is missing in it.
function texts(xml: string, { open, close, empty }: Tag): Texts {
  let at = -1;
  return (from, to) => {
    if (at < from) at = xml.indexOf(open, from);
    if (at === -1) at = xml.length;
    if (at >= to) return xml.slice(from, to).includes(empty) ? '' : undefined;
    const start = at + open.length;
    const end = xml.indexOf('<', start);
    // What follows a text is its own end tag, or this is not S3's grammar.
    if (end === -1 || !xml.startsWith(close, end)) throw unlike('an element inside a text');
    return xml.slice(start, end);
  };
}

function textOf(xml: string, wanted: Tag): string | undefined {
  const text = texts(xml, wanted)(0, xml.length);
  return text === undefined ? undefined : entities(text);
}

function needed(text: string | undefined, without: string): string {
  if (text === undefined) throw unlike(without);
  return text;
}

const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));/g;
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function entities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(ENTITY, (_, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? '';
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    if (code > 0x10ffff) throw unlike('a character that does not exist');
    return String.fromCodePoint(code);
  });
}

function unlike(what: string): Error {
  return unlikeS3(`a listing that holds ${what}`);
}
