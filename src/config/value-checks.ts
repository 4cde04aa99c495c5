// What the value of an option must be, in the words of an error message.
import { X509Certificate } from 'node:crypto';

/** Says what an option takes; undefined when the value is fine. */
export type Check = (value: unknown) => string | undefined;

export const text: Check = (value) =>
  typeof value === 'string' && /^[^\u0000-\u001f\u007f]+$/.test(value)
    ? undefined
    : 'a non-empty string without control characters';
export const anyText: Check = (value) => (typeof value === 'string' ? undefined : 'a string');
export const truth: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');
export const callable: Check = (value) => (typeof value === 'function' ? undefined : 'a function');
export const callables: Check = (value) =>
  isFunction(value) || (Array.isArray(value) && value.length > 0 && value.every(isFunction))
    ? undefined
    : 'a function or a non-empty list of functions';

export function url(value: unknown): string | undefined {
  const expected = 'an http or https URL';
  if (typeof value !== 'string' || !URL.canParse(value)) return expected;
  return /^https?:$/.test(new URL(value).protocol) ? undefined : expected;
}

export function whole(min: number, max = Number.MAX_SAFE_INTEGER): Check {
  const upper = max === Number.MAX_SAFE_INTEGER ? ' up' : ` to ${max}`;
  return (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? undefined
      : `a whole number from ${min}${upper}`;
}

export function oneOf(...allowed: readonly (string | boolean)[]): Check {
  return (value) =>
    allowed.includes(value as string | boolean)
      ? undefined
      : `one of ${allowed.map((one) => JSON.stringify(one)).join(', ')}`;
}

export function mediaTypes(value: unknown): string | undefined {
  const fine =
    Array.isArray(value) &&
    value.every((type) => typeof type === 'string' && /^[\w.+-]+\/(?:\*|[\w.+-]+)$/.test(type));
  return fine ? undefined : 'a list of media types such as "image/png" or "image/*"';
}

export function codings(value: unknown): string | undefined {
  const fine =
    Array.isArray(value) &&
    value.every((coding) => typeof coding === 'string' && /^[\w.+-]+$/.test(coding));
  return fine ? undefined : 'a list of content codings such as "gzip" or "br"';
}

export function headerValue(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x20-\x7e]+$/.test(value) ? undefined : 'a header value';
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

export function hasMethods(value: unknown, ...methods: readonly string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
  );
}

export function hasText(value: unknown, ...fields: readonly string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    fields.every((field) => text((value as Record<string, unknown>)[field]) === undefined)
  );
}

/** Whether a value is long enough to seal something with. */
export function isSecret(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 16;
}

export const secret: Check = (value) =>
  isSecret(value) ? undefined : 'a text of 16 characters at least';

/** One secret, or a list of them. */
export const secrets: Check = (value) =>
  [value].flat().length > 0 && [value].flat().every(isSecret)
    ? undefined
    : 'a text of 16 characters at least, or a list of such texts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** One PEM text with at least one certificate, or a list of such texts. */
export function certificates(value: unknown): string | undefined {
  const isFine = [value].flat().length > 0 && [value].flat().every(isPem);
  return isFine
    ? undefined
    : 'certificates in PEM, as text and not as the name of a file, or a list of such texts';
}

function isPem(value: unknown): boolean {
  const found = typeof value === 'string' ? value.match(CERTIFICATE) : null;
  return found !== null && found.every(isCertificate);
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}

/** Makes the error for a member that there is not. */
export type UnknownMember = (name: string, known: readonly string[]) => TypeError;

/**
 * What is wrong with an object of optional members; `expected` is the whole as it is asked for. Throws what `unknown`
 * makes of a member that there is not.
 */
export function membersProblem(
  value: unknown,
  expected: string,
  checks: Readonly<Record<string, Check>>,
  unknown: UnknownMember,
): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return expected;
  for (const [name, member] of Object.entries(value)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) throw unknown(name, Object.keys(checks));
    const problem = member === undefined ? undefined : check(member);
    if (problem !== undefined) return `${expected} with ${name} as ${problem}`;
  }
  return undefined;
}

/** The same of an option that may also be true or false. */
export function switchProblem(
  value: unknown,
  checks: Readonly<Record<string, Check>>,
  unknown: UnknownMember,
): string | undefined {
  if (typeof value === 'boolean') return undefined;
  const expected = `true, false or { ${Object.keys(checks).join(', ')} }`;
  return membersProblem(value, expected, checks, unknown);
}
