// A page of ListObjectsV2 read straight from S3's XML, whose grammar is small and fixed. Anything that
// does not look exactly like it is `null`: the SDK's parser then has the word.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html#API_ListObjectsV2_ResponseSyntax
import type { Entry, Page } from './bucket.js';

/** Reads a page; `relative` turns S3's keys into ours. */
export function readListing(
  xml: string,
  after: string | undefined,
  relative: (s3Key: string) => string,
): Page | null {
  const root = xml.indexOf('<ListBucketResult');
  if (root === -1 || root > 200 || !xml.trimEnd().endsWith('</ListBucketResult>')) return null;
  if (xml.includes('<!')) return null;
  const encoded = field(xml, 'EncodingType', root, xml.length) === 'url';
  const read = (text: string): string =>
    relative(encoded ? urlDecoded(entities(text)) : entities(text));
  try {
    const files = all(xml, 'Contents', (from, to) => entryOf(xml, from, to, read));
    const folders = all(xml, 'CommonPrefixes', (from, to) => read(needed(xml, 'Prefix', from, to)));
    return { files, folders, next: nextOf(xml, root, after) };
  } catch (error) {
    if (error instanceof UnlikeS3) return null;
    throw error;
  }
}

/** The document is not what S3 writes. */
class UnlikeS3 extends Error {}

function entryOf(xml: string, from: number, to: number, read: (text: string) => string): Entry {
  const size = Number(needed(xml, 'Size', from, to));
  const modified = field(xml, 'LastModified', from, to);
  const lastModified = modified === undefined ? null : new Date(modified);
  if (
    !Number.isSafeInteger(size) ||
    (lastModified !== null && Number.isNaN(lastModified.getTime()))
  )
    throw new UnlikeS3();
  return {
    key: read(needed(xml, 'Key', from, to)),
    size,
    lastModified,
    etag: quoted(entities(field(xml, 'ETag', from, to) ?? '')),
  };
}

function nextOf(xml: string, root: number, after: string | undefined): string | undefined {
  if (needed(xml, 'IsTruncated', root, xml.length) !== 'true') return undefined;
  const next = entities(needed(xml, 'NextContinuationToken', root, xml.length));
  // A page that leads to itself is trouble that the SDK's way names.
  if (next === '' || next === after) throw new UnlikeS3();
  return next;
}

function all<T>(xml: string, name: string, read: (from: number, to: number) => T): T[] {
  const [open, close] = [`<${name}>`, `</${name}>`];
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

function field(xml: string, name: string, from: number, to: number): string | undefined {
  const start = xml.indexOf(`<${name}>`, from);
  if (start === -1 || start >= to) return undefined;
  const text = start + name.length + 2;
  const end = xml.indexOf('<', text);
  // What follows a text is its own end tag, or this is not S3's grammar.
  if (end === -1 || !xml.startsWith(`</${name}>`, end)) throw new UnlikeS3();
  return xml.slice(text, end);
}

function needed(xml: string, name: string, from: number, to: number): string {
  const text = field(xml, name, from, to);
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

function quoted(etag: string): string {
  return etag === '' || etag.endsWith('"') ? etag : `"${etag}"`;
}
