// Texts out of S3's XML, whose grammar is small and fixed. What does not look like it is refused.
import { unlikeS3 } from './answer-error.js';

/** An element by its name. */
export interface Tag {
  readonly open: string;
  readonly close: string;
  /** How an element without content may be written. */
  readonly empty: string;
}

/** The element of a name. */
export const tag = (name: string): Tag => ({
  open: `<${name}>`,
  close: `</${name}>`,
  empty: `<${name}/>`,
});
const QUOTE = '&quot;';

/** An ETag with its quotes. */
export function etagOf(text: string): string {
  // How S3 writes it; stores that leave the quotes out or write them plainly are rarer.
  if (text.startsWith(QUOTE) && text.indexOf('&', 1) === text.length - QUOTE.length)
    if (text.endsWith(QUOTE)) return `"${text.slice(QUOTE.length, -QUOTE.length)}"`;
  return entities(text);
}

/** Where the content of an element stands. */
export type Span = readonly [from: number, to: number];

/** All elements of a kind. */
export function blocks(xml: string, { open, close }: Tag): Span[] {
  const found: Span[] = [];
  for (let at = xml.indexOf(open); at !== -1;) {
    const from = at + open.length;
    const to = xml.indexOf(close, from);
    if (to === -1) throw unlike('half an element');
    found.push([from, to]);
    const next = to + close.length;
    // Mostly they follow one another, which is told faster than where the next one begins.
    at = xml.startsWith(open, next) ? next : xml.indexOf(open, next);
  }
  return found;
}

/** What stands outside of these elements, in one text. */
export function outside(xml: string, elements: readonly Span[], { open, close }: Tag): string {
  let text = '';
  let at = 0;
  for (const [from, to] of elements) {
    const begin = from - open.length;
    if (begin > at) text += xml.slice(at, begin);
    at = to + close.length;
  }
  return text + xml.slice(at);
}

/** The text of the first element of a kind between two places; undefined without one. */
export type Texts = (from: number, to: number) => string | undefined;

/** Asked for places in order, it never looks twice at one: a document is read once, whatever is missing in it. */
export function texts(xml: string, { open, close, empty }: Tag): Texts {
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

/** The text of the first element of a kind, decoded; undefined without one. */
export function textOf(xml: string, wanted: Tag): string | undefined {
  const text = texts(xml, wanted)(0, xml.length);
  return text === undefined ? undefined : entities(text);
}

/** @throws Error for a text that is not there */
export function needed(text: string | undefined, without: string): string {
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

/** A text with its entities decoded. */
export function entities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(ENTITY, (_, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? '';
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    if (code > 0x10ffff) throw unlike('a character that does not exist');
    return String.fromCodePoint(code);
  });
}

/** The error of a document that holds what S3 would not say. */
export function unlike(what: string): Error {
  return unlikeS3(`a document that holds ${what}`);
}
