// Conditional requests as values (RFC 9110 section 13): what they ask, and whether they hold.
import { parseHttpDate } from './date.js';

export { httpDate, parseHttpDate } from './date.js';

/** What a file is recognised by. */
export interface Validators {
  /** With its quotes; `''` when storage gave none. */
  readonly etag: string;
  readonly lastModified: Date | null;
}

/** What the conditions of a request say about it. */
export type Verdict = 'proceed' | 'not-modified' | 'precondition-failed';

/** Conditions that storage decides itself, in the one call that reads. ETags with quotes. */
export interface ReadConditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
  readonly ifModifiedSince?: Date;
  readonly ifUnmodifiedSince?: Date;
}

/**
 * How to hold the conditions of a read: `storage` decides alone what it decides exactly as the RFC
 * does; `evaluate` means looking at the validators first.
 */
export type ConditionPlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'storage'; readonly conditions: ReadConditions }
  | { readonly kind: 'evaluate' };

/** What If-Range asks; `never` cannot match, so the whole file is served. */
export type IfRange =
  | { readonly kind: 'none' }
  | { readonly kind: 'etag'; readonly etag: string }
  | { readonly kind: 'date'; readonly date: Date }
  | { readonly kind: 'never' };

type Headers = Readonly<Record<string, string>>;

// RFC 9110 section 8.8.3: entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE; W is case-sensitive.
const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/y;
const SEPARATOR = /[ \t]*(?:,[ \t]*)+/y;
// Tags that are safe to hand to storage: what signing and every store take.
const PLAIN_TAG = /^"[\x21\x23-\x7e]*"$/;

/**
 * The tags of an If-Match or If-None-Match header, weak ones with their `W/`, or `*`;
 * null when the header is malformed.
 */
export function parseEtagList(header: string): readonly string[] | '*' | null {
  const text = header.trim();
  if (text === '*') return '*';
  const tags: string[] = [];
  let at = 0;
  // RFC 9110 section 5.6.1.2: empty elements of a list are ignored, wherever they are.
  const skipSeparator = (): boolean => {
    SEPARATOR.lastIndex = at;
    if (!SEPARATOR.test(text)) return false;
    at = SEPARATOR.lastIndex;
    return true;
  };
  skipSeparator();
  while (at < text.length) {
    ENTITY_TAG.lastIndex = at;
    const tag = ENTITY_TAG.exec(text)?.[0];
    if (tag === undefined) return null;
    tags.push(tag);
    at += tag.length;
    if (!skipSeparator() && at < text.length) return null;
  }
  return tags.length === 0 ? null : tags;
}

/**
 * Decides the conditions of a request on a file that exists, in the order of RFC 9110 section 13.2.2.
 * `headers` have lower-case names. If-Range is not among them: see {@link parseIfRange}.
 */
export function evaluate(headers: Headers, method: string, validators: Validators): Verdict {
  const reads = method === 'GET' || method === 'HEAD';
  if (!stillTheSame(headers, validators)) return 'precondition-failed';
  const noneMatch = given(headers['if-none-match']);
  if (noneMatch !== undefined) {
    if (!listed(noneMatch, validators.etag, reads)) return 'proceed';
    return reads ? 'not-modified' : 'precondition-failed';
  }
  // RFC 9110 section 13.1.3: ignored for methods other than GET and HEAD, and beside If-None-Match.
  if (!reads) return 'proceed';
  return notAfter(validators.lastModified, headers['if-modified-since']) === true
    ? 'not-modified'
    : 'proceed';
}

// Steps 1 and 2 of RFC 9110 section 13.2.2: If-Match, or else If-Unmodified-Since.
function stillTheSame(headers: Headers, validators: Validators): boolean {
  const match = given(headers['if-match']);
  if (match === undefined) {
    return notAfter(validators.lastModified, headers['if-unmodified-since']) !== false;
  }
  const tags = parseEtagList(match);
  if (tags === '*') return true;
  // RFC 9110 section 13.1.1: false unless a listed tag matches, in strong comparison (section 8.8.3.2). What
  // nobody can read lists no tag: guarding nothing would lose the update that it was to guard.
  return tags !== null && isStrong(validators.etag) && tags.includes(validators.etag);
}

// Whether If-None-Match names the file (RFC 9110 section 13.1.2, weak comparison). A malformed header
// names nothing on a read, where ignoring it costs bytes; a write fails closed.
function listed(header: string, etag: string, reads: boolean): boolean {
  const tags = parseEtagList(header);
  if (tags === '*') return true;
  if (tags === null) return !reads;
  return etag !== '' && tags.some((tag) => opaque(tag) === opaque(etag));
}

/**
 * How a read can hold the conditions of `headers` (lower-case names). Malformed If-None-Match and
 * dates are ignored; a malformed If-Match fails in {@link evaluate}.
 */
export function planConditions(headers: Headers): ConditionPlan {
  const match = given(headers['if-match']);
  const tags = match === undefined ? undefined : parseEtagList(match);
  const plans = [
    // RFC 9110 section 13.2.1: conditions do not matter to a missing file, and any other matches `*`.
    ...(tags === undefined || tags === '*' ? [] : [planMatch(tags)]),
    ...planNoneMatch(headers),
    // RFC 9110 section 13.1.4: ignored beside If-Match.
    ...(match === undefined ? planDate(headers, 'if-unmodified-since') : []),
  ];
  const [only] = plans;
  if (only === undefined) return { kind: 'none' };
  // Stores differ in the order of several conditions.
  return plans.length === 1 ? only : { kind: 'evaluate' };
}

const EVALUATE: ConditionPlan = { kind: 'evaluate' };

function planMatch(tags: readonly string[] | null): ConditionPlan {
  const [tag] = tags ?? [];
  if (tags?.length !== 1 || tag === undefined || !PLAIN_TAG.test(tag)) return EVALUATE;
  return { kind: 'storage', conditions: { ifMatch: tag } };
}

function planNoneMatch(headers: Headers): readonly ConditionPlan[] {
  const header = given(headers['if-none-match']);
  // RFC 9110 section 13.1.3: If-Modified-Since is ignored beside If-None-Match.
  if (header === undefined) return planDate(headers, 'if-modified-since');
  const tags = parseEtagList(header);
  if (tags === null) return [];
  const tag = tags === '*' || tags.length !== 1 ? '' : opaque(tags[0] ?? '');
  if (!PLAIN_TAG.test(tag)) return [EVALUATE];
  return [{ kind: 'storage', conditions: { ifNoneMatch: tag } }];
}

const DATE_CONDITIONS = {
  'if-modified-since': 'ifModifiedSince',
  'if-unmodified-since': 'ifUnmodifiedSince',
} as const;

function planDate(headers: Headers, name: keyof typeof DATE_CONDITIONS): readonly ConditionPlan[] {
  const date = parseHttpDate(headers[name] ?? '');
  if (date === null) return [];
  // Some stores ignore a date that lies ahead, as RFC 2616 section 14.25 had it.
  if (date.getTime() > Date.now()) return [EVALUATE];
  return [{ kind: 'storage', conditions: { [DATE_CONDITIONS[name]]: date } }];
}

/** Reads If-Range. A weak tag or anything unreadable never matches (RFC 9110 section 13.1.5). */
export function parseIfRange(header: string | undefined): IfRange {
  const text = given(header);
  if (text === undefined) return { kind: 'none' };
  const tags = parseEtagList(text);
  const [tag] = tags ?? [];
  if (tags !== null && tags !== '*' && tags.length === 1 && tag !== undefined && isStrong(tag)) {
    return { kind: 'etag', etag: tag };
  }
  const date = parseHttpDate(text);
  return date === null ? { kind: 'never' } : { kind: 'date', date };
}

function given(header: string | undefined): string | undefined {
  const text = header?.trim();
  return text === '' ? undefined : text;
}

function isStrong(tag: string): boolean {
  return tag.startsWith('"');
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}

// Null when there is no date to compare: RFC 9110 section 13.1.3 and section 13.1.4 ignore the condition if the
// header is not a valid date or the file has no modification date. HTTP knows whole seconds only.
function notAfter(lastModified: Date | null, header: string | undefined): boolean | null {
  const date = parseHttpDate(header ?? '');
  if (date === null || lastModified === null) return null;
  return Math.floor(lastModified.getTime() / 1000) <= Math.floor(date.getTime() / 1000);
}
