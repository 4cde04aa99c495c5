// A page of ListObjectsV2 read straight from S3's XML, whose grammar is small and fixed. Anything that
// does not look exactly like it is `null`: the SDK's parser then has the word.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html#API_ListObjectsV2_ResponseSyntax
import type { Entry, Page } from './bucket.js';
import { quoted } from './s3-attributes.js';

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
    const encoded = field(xml, ENCODING) === 'url';
    const read = (text: string): string =>
      relative(encoded ? urlDecoded(entities(text)) : entities(text));
    const files = blocks(xml, CONTENTS).map((block) => entryOf(block, read));
    const folders = blocks(xml, FOLDER).map((block) => read(needed(block, PREFIX)));
    return { files, folders, next: nextOf(xml, after) };
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

function entryOf(block: string, read: (text: string) => string): Entry {
  const size = Number(needed(block, SIZE));
  const modified = field(block, MODIFIED);
  const lastModified = modified === undefined ? null : new Date(modified);
  if (!Number.isSafeInteger(size) || Number.isNaN(lastModified?.getTime())) throw new UnlikeS3();
  return {
    key: read(needed(block, KEY)),
    size,
    lastModified,
    etag: quoted(entities(field(block, ETAG) ?? '')),
  };
}

function nextOf(xml: string, after: string | undefined): string | undefined {
  if (needed(xml, TRUNCATED) !== 'true') return undefined;
  const next = entities(needed(xml, NEXT));
  // A page that leads to itself is trouble that the SDK's way names.
  if (next === '' || next === after) throw new UnlikeS3();
  return next;
}

function blocks(xml: string, { open, close }: Tag): string[] {
  const found: string[] = [];
  for (let at = xml.indexOf(open); at !== -1;) {
    const from = at + open.length;
    const to = xml.indexOf(close, from);
    if (to === -1) throw new UnlikeS3();
    found.push(xml.slice(from, to));
    at = xml.indexOf(open, to);
  }
  return found;
}

function field(text: string, { open, close }: Tag): string | undefined {
  const start = text.indexOf(open);
  if (start === -1) return undefined;
  const from = start + open.length;
  const end = text.indexOf('<', from);
  // What follows a text is its own end tag, or this is not S3's grammar.
  if (end === -1 || !text.startsWith(close, end)) throw new UnlikeS3();
  return text.slice(from, end);
}

function needed(text: string, wanted: Tag): string {
  const found = field(text, wanted);
  if (found === undefined) throw new UnlikeS3();
  return found;
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
  // Every ETag has two of these, and most listings no other.
  const rest = text.replaceAll('&quot;', '"');
  if (!rest.includes('&')) return rest;
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
