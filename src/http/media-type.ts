// Media types as values (RFC 9110 section 8.3.1): which are well formed, and which a browser would run.

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
