// Which pages of other origins a host may name.

/** What `cors` takes; undefined when the value is fine. */
export function corsProblem(value: unknown): string | undefined {
  const expected =
    '{ origins: "*" or a list of origins, credentials?, maxAgeSeconds?, exposedHeaders? }';
  if (typeof value !== 'object' || value === null) return expected;
  const { origins, credentials } = value as { origins?: unknown; credentials?: unknown };
  if (origins === '*')
    return credentials === true ? `${expected}; never "*" together with credentials` : undefined;
  return Array.isArray(origins) && origins.every((origin) => originProblem(origin) === undefined)
    ? undefined
    : expected;
}

// RFC 6454 section 6.2: scheme, host and port; capacitor, ionic and extensions of browsers have schemes of their own.
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*]+$/;

function originProblem(origin: unknown): string | undefined {
  const expected = 'an origin such as "https://app.example" or "https://*.example.com"';
  if (typeof origin !== 'string') return expected;
  const sample = origin.replace('://*.', '://sub.');
  if (!ORIGIN.test(sample) || !URL.canParse(sample)) return expected;
  return /^https?:/.test(sample) && new URL(sample).origin !== sample ? expected : undefined;
}
