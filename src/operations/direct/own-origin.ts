// What a browser calls us, where its request says so: an uploader of a page may take no relative URL.
type Headers = Readonly<Record<string, string>>;

/**
 * The origin of a page that asks us as its own origin (`https://app.example`); `''` where nothing says it. A `Host`
 * alone does not: proxies rewrite it, and it has no scheme.
 */
export function ownOrigin(headers: Headers): string {
  const page = headers['origin'] ?? headers['referer'];
  if (page === undefined || !URL.canParse(page)) return '';
  const { protocol, host, origin } = new URL(page);
  if (protocol !== 'http:' && protocol !== 'https:') return '';
  const site = headers['sec-fetch-site'];
  // Older browsers, and pages over plain HTTP, send no Fetch Metadata.
  const isOwn = site === undefined ? host === headers['host'] : site === 'same-origin';
  return isOwn ? origin : '';
}
