// The headers that a proxy may pass on (RFC 9110 section 7.6.1).

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection']);

/** The first value: node:http types every header that it does not know as possibly repeated. */
export const oneOf = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** The headers that a proxy passes on, names and values in turn. */
export const endToEnd = (rawHeaders: readonly string[]): string[] => {
  const kept: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    if (!HOP_BY_HOP.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
};
