// JSON bodies, read strictly: bounded, UTF-8, no key twice, nothing that reaches a prototype.
import type { Readable } from 'node:stream';
import { FileServiceError } from '../../core/errors.js';
import { tooLarge } from '../../core/too-large.js';
import { guardBody } from './guarded-body.js';
import type { BodyLimits } from './limits.js';

type SmallBodyLimits = Omit<BodyLimits, 'beforeEnd'>;

/** How to read a JSON body. */
export interface JsonLimits extends SmallBodyLimits {
  /** True takes a body of no bytes, and makes it undefined. @default false */
  readonly allowEmpty?: boolean;
}

// Deeper nesting is an attack on whoever walks the value.
const MAX_DEPTH = 64;
// A value of 10 MiB of brackets and commas would cost seconds and hundreds of MB.
const MAX_VALUES = 100_000;

const FORBIDDEN_KEYS: ReadonlySet<unknown> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads a whole body into memory.
 *
 * @throws FileServiceError as {@link guardBody}'s stream errs
 */
export function readSmallBody(body: Readable, limits: SmallBodyLimits): Promise<Buffer> {
  const { stream } = guardBody(body, limits);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => resolve(Buffer.concat(chunks)));
    stream.on('error', reject);
  });
}

/**
 * Reads a body as JSON (RFC 8259). A byte order mark is refused, as section 8.1 forbids sending one.
 *
 * @throws FileServiceError `invalid_body` when it is not strict JSON in UTF-8, when an object has a key
 * twice or a key `__proto__`, `constructor` or `prototype`, or when it nests deeper than 64;
 * `too_large` beyond `maxBytes` or 100,000 values; and as {@link readSmallBody}
 */
export async function readJson(body: Readable, limits: JsonLimits): Promise<unknown> {
  const bytes = await readSmallBody(body, limits);
  if (bytes.length === 0 && limits.allowEmpty === true) return undefined;
  const text = decode(bytes);
  // Before JSON.parse: what it makes of a hostile text is what costs.
  checkShape(text);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw invalid('The body must be valid JSON.', cause);
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw invalid('The body must be JSON in UTF-8.', cause);
  }
}

// Keys seen of an open object; null for an array.
type Level = Set<unknown> | null;

// A string, a bracket or a comma: all that matters for the shape. Strings are found by their opening
// quote and skipped by hand, so that a long one costs no more than a search.
const MARK = /["[\]{},]/g;

function checkShape(text: string): void {
  const levels: Level[] = [];
  let values = 0;
  MARK.lastIndex = 0;
  for (let match = MARK.exec(text); match !== null; match = MARK.exec(text)) {
    const [mark] = match;
    if (mark === '"') {
      const end = endOfString(text, match.index);
      checkKey(text, match.index, end, levels.at(-1) ?? null);
      MARK.lastIndex = end;
      continue;
    }
    if (mark === '}' || mark === ']') {
      levels.pop();
      continue;
    }
    values += 1;
    if (values > MAX_VALUES) {
      throw tooLarge(`The body has more than ${MAX_VALUES} values.`, MAX_VALUES);
    }
    if (mark === ',') continue;
    levels.push(mark === '{' ? new Set() : null);
    if (levels.length > MAX_DEPTH) throw invalid(`The body nests deeper than ${MAX_DEPTH}.`);
  }
}

// The index behind the closing quote; the end of the text when there is none.
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
  }
  return text.length;
}

const COLON = /[ \t\n\r]*:/y;

function checkKey(text: string, start: number, end: number, level: Level): void {
  if (level === null) return;
  COLON.lastIndex = end;
  if (!COLON.test(text)) return;
  const raw = text.slice(start, end);
  const key = raw.includes('\\') ? unescaped(raw) : raw.slice(1, -1);
  if (FORBIDDEN_KEYS.has(key)) throw invalid(`The body has a key '${String(key)}'.`);
  if (level.has(key)) throw invalid('The body has a key twice in one object.');
  level.add(key);
}

function unescaped(raw: string): unknown {
  try {
    return JSON.parse(raw) as unknown;
  } catch (cause) {
    throw invalid('The body must be valid JSON.', cause);
  }
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Decodes base64 strictly (RFC 4648 section 4): its alphabet and padding, no line breaks, no stray bits.
 *
 * @throws FileServiceError `invalid_body`
 */
export function decodeBase64(value: string): Uint8Array {
  if (value.length % 4 !== 0 || !BASE64.test(value) || hasStrayBits(value)) {
    throw invalid('The field "content" must be base64 as RFC 4648 has it.');
  }
  return Buffer.from(value, 'base64');
}

// RFC 4648 section 3.5: bits that no byte takes must be zero, or two texts would mean the same bytes.
function hasStrayBits(value: string): boolean {
  if (!value.endsWith('=')) return false;
  const padding = value.endsWith('==') ? 2 : 1;
  const last = ALPHABET.indexOf(value.charAt(value.length - padding - 1));
  return last % (padding === 2 ? 16 : 4) !== 0;
}

function invalid(sentence: string, cause?: unknown): FileServiceError {
  return new FileServiceError('invalid_body', sentence, { cause });
}
