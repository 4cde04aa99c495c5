// Media types as values (RFC 9110 section 8.3.1): which are well formed, and which a browser would run.
import { EXTENSIONS } from './extensions.js';

// RFC 9110 section 5.6.2 token, section 5.6.4 quoted-string, section 5.6.6 parameters.
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"(?:[\\t !#-\\[\\]-~]|\\\\[\\t -~])*"';
const PARAMETER = `[ \\t]*;[ \\t]*(?:${TOKEN}=(?:${TOKEN}|${QUOTED}))?`;
const MEDIA_TYPE = new RegExp(`^(${TOKEN}/${TOKEN})(?:${PARAMETER})*$`);

// Longer ones are nobody's type; the bound also keeps the expression cheap.
const MAX_LENGTH = 255;

/** A media type whose grammar holds. */
export interface MediaType {
  /** `type/subtype` in lower case. */
  readonly essence: string;
  /** The whole value as given, parameters included. */
  readonly text: string;
}

/** Reads a media type; null when it is malformed. */
export function parseMediaType(value: string): MediaType | null {
  const text = value.trim();
  if (text.length > MAX_LENGTH) return null;
  const essence = MEDIA_TYPE.exec(text)?.[1];
  return essence === undefined ? null : { essence: essence.toLowerCase(), text };
}

const ACTIVE_TYPES: ReadonlySet<string> = new Set([
  'application/hta',
  'application/java-archive',
  'application/manifest+json',
  'application/mime',
  'application/vnd.ms-htmlhelp',
  'application/wasm',
  'application/x-chm',
  'application/x-java-applet',
  'application/x-java-jnlp-file',
  'application/x-mimearchive',
  'application/x-silverlight-app',
  'application/xslt+xml',
  'text/cache-manifest',
  'text/css',
  'text/scriptlet',
  'text/sgml',
  'text/x-component',
]);

// Families that outgrow any list: HTML, XML and its kin (SVG, XSL, RSS, MathML), JavaScript and its
// dialects under many names, Flash, and what carries documents inside.
const ACTIVE_SUBTYPE =
  /html|^(?:x-)?(?:xml|xsl|dtd|svg)|\+xml$|(?:java|ecma|live|vb|^j|-j)script|shockwave|^x-mixed-replace$/;
const CARRIERS = /^(?:multipart|message)\//;

/** Whether a browser may run the type as a document, a script or a style. `essence` as parsed. */
export function isActive(essence: string): boolean {
  const subtype = essence.slice(essence.indexOf('/') + 1);
  return ACTIVE_TYPES.has(essence) || CARRIERS.test(essence) || ACTIVE_SUBTYPE.test(subtype);
}

/** What a file is whose name stands for no type. */
export const UNKNOWN_TYPE = 'application/octet-stream';

/** The media type that a name's extension stands for; undefined when it has none, or none that is known. */
export function knownType(name: string): string | undefined {
  const base = name.slice(name.lastIndexOf('/') + 1);
  const dot = base.lastIndexOf('.');
  // A name without a dot is no extension.
  return dot === -1 ? undefined : typesByExtension().get(base.slice(dot + 1).toLowerCase());
}

// Read with the first name that is asked for.
let known: ReadonlyMap<string, string> | undefined;

function typesByExtension(): ReadonlyMap<string, string> {
  known ??= new Map(EXTENSIONS.trim().split('\n').flatMap(typesOfLine));
  return known;
}

function typesOfLine(line: string): (readonly [extension: string, type: string])[] {
  const [family = '', ...words] = line.split(/:? /);
  return words.flatMap((word) => {
    const [subtype = '', extensions = subtype] = word.split('=');
    return extensions.split(',').map((extension) => [extension, `${family}/${subtype}`] as const);
  });
}

/** The media type that a name's extension stands for. */
export function typeByName(name: string): string {
  return knownType(name) ?? UNKNOWN_TYPE;
}

/** The type that this service chooses for the bytes of a file by its name: a text is then UTF-8. */
export function chosenType(name: string): string {
  const type = typeByName(name);
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}

// AWS "PutObject": what S3 stores when an upload names no type.
const UNTYPED = 'binary/octet-stream';

/** The type of a file: the stored one; the chosen one when it was stored without. */
export function typeOf(stored: string | null, name: string): string {
  return stored !== null && stored !== UNTYPED ? stored : chosenType(name);
}
