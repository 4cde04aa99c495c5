// A page of ListObjectsV2 read straight from S3's XML, whose grammar is small and fixed. Anything that
// does not look exactly like it is `null`: the SDK's parser then has the word.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html#API_ListObjectsV2_ResponseSyntax
import type { Entry, Page } from '../../bucket.js';
import { quoted } from '../attributes.js';

/** Reads a page; `relative` turns S3's keys into ours. */
export function readListing(
  xml: string,
  after: string | undefined,
  relative: (s3Key: string) => string,
): Page | null {
  const root = xml.indexOf('<ListBucketResult');
  if (root === -1 || root > 200 || !xml.trimEnd().endsWith('</ListBucketResult>')) return null;
  if (xml.includes('<!')) return null;
  try {
    const encoded = textOf(xml, ENCODING) === 'url';
    const read = (text: string): string =>
      relative(encoded ? urlDecoded(entities(text)) : entities(text));
    return { files: filesOf(xml, read), folders: foldersOf(xml, read), next: nextOf(xml, after) };
  } catch (error) {
    if (error instanceof UnlikeS3) return null;
    throw error;
  }
}

/** The document is not what S3 writes. */
class UnlikeS3 extends Error {}

interface Tag {
  readonly open: string;
  readonly close: string;
}

const tag = (name: string): Tag => ({ open: `<${name}>`, close: `</${name}>` });
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

type Read = (text: string) => string;

function filesOf(xml: string, read: Read): Entry[] {
  const [key, size, modified, etag] = [
    texts(xml, KEY),
    texts(xml, SIZE),
    texts(xml, MODIFIED),
    texts(xml, ETAG),
  ];
  return blocks(xml, CONTENTS, (from, to): Entry => {
    const bytes = Number(needed(size(from, to)));
    if (!Number.isSafeInteger(bytes)) throw new UnlikeS3();
    return {
      key: read(needed(key(from, to))),
      size: bytes,
      lastModified: dateOf(modified(from, to)),
      etag: etagOf(etag(from, to) ?? ''),
    };
  });
}

function foldersOf(xml: string, read: Read): string[] {
  const prefix = texts(xml, PREFIX);
  return blocks(xml, FOLDER, (from, to) => read(needed(prefix(from, to))));
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const DAY = 'yyyy-mm-ddT'.length;
let lastDay = '';
let lastDayMs = 0;

// The dates of a page are of few days, and a day's beginning is all that is hard to compute.
function dateOf(text: string | undefined): Date | null {
  if (text === undefined) return null;
  if (!ISO.test(text)) return anyDate(text);
  if (text.slice(0, DAY) !== lastDay) {
    lastDayMs = anyDate(`${text.slice(0, DAY)}00:00:00.000Z`).getTime();
    lastDay = text.slice(0, DAY);
  }
  const [hours, minutes, seconds] = [digits(text, 11), digits(text, 14), digits(text, 17)];
  if (hours > 23 || minutes > 59 || seconds > 59) return anyDate(text);
  const milliseconds = digits(text, 20) * 10 + text.charCodeAt(22) - ZERO;
  return new Date(lastDayMs + ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds);
}

function anyDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new UnlikeS3();
  return date;
}

const ZERO = 0x30;

function digits(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
}

const QUOTE = '&quot;';

function etagOf(text: string): string {
  // How S3 writes it; stores that leave the quotes out or write them plainly are rarer.
  if (text.startsWith(QUOTE) && text.indexOf('&', 1) === text.length - QUOTE.length)
    if (text.endsWith(QUOTE)) return `"${text.slice(QUOTE.length, -QUOTE.length)}"`;
  return quoted(entities(text));
}

function nextOf(xml: string, after: string | undefined): string | undefined {
  if (needed(textOf(xml, TRUNCATED)) !== 'true') return undefined;
  const next = entities(needed(textOf(xml, NEXT)));
  // A page that leads to itself is trouble that the SDK's way names.
  if (next === '' || next === after) throw new UnlikeS3();
  return next;
}

function blocks<T>(xml: string, { open, close }: Tag, read: (from: number, to: number) => T): T[] {
  const found: T[] = [];
  for (let at = xml.indexOf(open); at !== -1;) {
    const from = at + open.length;
    const to = xml.indexOf(close, from);
    if (to === -1) throw new UnlikeS3();
    found.push(read(from, to));
    at = xml.indexOf(open, to);
  }
  return found;
}

/** The text of the first element of a kind between two places; undefined without one. */
type Texts = (from: number, to: number) => string | undefined;

// Asked for places in order, it never looks twice at one: a page is read once, whatever is missing in it.
function texts(xml: string, { open, close }: Tag): Texts {
  let at = -1;
  return (from, to) => {
    if (at < from) at = xml.indexOf(open, from);
    if (at === -1) at = xml.length;
    if (at >= to) return undefined;
    const start = at + open.length;
    const end = xml.indexOf('<', start);
    // What follows a text is its own end tag, or this is not S3's grammar.
    if (end === -1 || !xml.startsWith(close, end)) throw new UnlikeS3();
    return xml.slice(start, end);
  };
}

function textOf(xml: string, wanted: Tag): string | undefined {
  return texts(xml, wanted)(0, xml.length);
}

function needed(text: string | undefined): string {
  if (text === undefined) throw new UnlikeS3();
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
    if (code > 0x10ffff) throw new UnlikeS3();
    return String.fromCodePoint(code);
  });
}

function urlDecoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new UnlikeS3();
  }
}
