// The order in which storage lists keys: that of their UTF-8 bytes.

/** Below 0 when `left` comes first. */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (a !== b) return weight(a) - weight(b);
  }
  return left.length - right.length;
}

// UTF-16 has what lies beyond U+FFFF as pairs from U+D800 on, before U+E000; in UTF-8 it comes last.
function weight(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** The characters that two keys begin with alike. */
export function sharedLength(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  let at = 0;
  while (at < length && left.charCodeAt(at) === right.charCodeAt(at)) at += 1;
  return at;
}
