// XML as S3 writes it, and a strict reader of the small documents that clients send.
import { s3Error } from './errors.ts';

/** One element of a document that was read: no attributes, text decoded. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

const MAX_DEPTH = 8;

/** Escapes text for an element; control characters become references, as S3 writes them. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"\p{Cc}\ufffe\uffff]/gu, (character) => {
    if (character === '&') return '&amp;';
    if (character === '<') return '&lt;';
    if (character === '>') return '&gt;';
    if (character === '"') return '&quot;';
    return `&#x${character.charCodeAt(0).toString(16)};`;
  });
}

/** `<name>text</name>`, or nothing when the value is undefined. */
export function tag(name: string, value: string | number | boolean | undefined): string {
  return value === undefined ? '' : `<${name}>${escapeXml(String(value))}</${name}>`;
}

/** A whole document with the namespace of S3 around elements already written. */
export function document(root: string, inner: string): string {
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
  return `${head}<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</${root}>`;
}

/** Reads a document whose root must be `root`; anything odd is MalformedXML. */
export function parseXml(bytes: Uint8Array, root: string): XmlElement {
  const element = readElements(decodeText(bytes));
  if (element.name !== root) throw s3Error('MalformedXML');
  return element;
}

/** The text of the only child of that name, undefined without one. */
export function childText(element: XmlElement, name: string): string | undefined {
  const found = element.children.filter((child) => child.name === name);
  if (found.length > 1) throw s3Error('MalformedXML');
  return found[0]?.text;
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw s3Error('MalformedXML');
  }
}

interface OpenElement {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

// Tags, or the text between them. A DOCTYPE, CDATA or comment is no token and so is refused.
const TOKEN =
  /<(\/?)([A-Za-z_][\w.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;

function readElements(text: string): XmlElement {
  const top: OpenElement = { name: '', text: '', children: [] };
  const stack: OpenElement[] = [top];
  TOKEN.lastIndex = /^\s*(?:<\?xml[^<>]*\?>)?/.exec(text)?.[0].length ?? 0;
  while (TOKEN.lastIndex < text.length) {
    const token = TOKEN.exec(text);
    if (token === null || stack.length > MAX_DEPTH) throw s3Error('MalformedXML');
    readToken(token, stack);
  }
  const root = top.children[0];
  if (stack.length !== 1 || top.children.length !== 1 || root === undefined || top.text.trim()) {
    throw s3Error('MalformedXML');
  }
  return root;
}

function readToken(token: RegExpExecArray, stack: OpenElement[]): void {
  const [, closing, name = '', attributes = '', selfClosing, text] = token;
  const current = stack.at(-1);
  if (current === undefined) throw s3Error('MalformedXML');
  if (text !== undefined) {
    current.text += decodeEntities(text);
  } else if (closing === '/') {
    const parent = stack.at(-2);
    if (current.name !== name || attributes || selfClosing || parent === undefined) {
      throw s3Error('MalformedXML');
    }
    stack.pop();
    parent.children.push(current);
  } else if (selfClosing === '/') {
    current.children.push({ name, text: '', children: [] });
  } else {
    stack.push({ name, text: '', children: [] });
  }
}

function decodeEntities(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-z]+));|&/g, (_all, hex, decimal, name) => {
      if (hex !== undefined) return codePoint(Number.parseInt(hex, 16));
      if (decimal !== undefined) return codePoint(Number(decimal));
      const character = ENTITIES[name];
      if (character === undefined) throw s3Error('MalformedXML');
      return character;
    });
}

function codePoint(value: number): string {
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) throw s3Error('MalformedXML');
  return String.fromCodePoint(value);
}
