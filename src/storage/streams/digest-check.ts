// The digest that an object was stored with, checked against the bytes that storage gives back.
import { createHash } from 'node:crypto';

/** A check under way. */
export interface DigestCheck {
  readonly update: (chunk: Uint8Array) => void;
  /** Whether the bytes so far are the whole that the digest is of. */
  readonly matches: () => boolean;
}

// RFC 9530 section 2, as this library stores it.
const DIGEST = /^sha-(256|512)=:([A-Za-z0-9+/]+={0,2}):/;

/** A check of a digest such as `sha-256=:...:`; null for none, or one that is not understood. */
export function digestCheck(digest: string | null): DigestCheck | null {
  const [, bits, expected] = DIGEST.exec(digest ?? '') ?? [];
  if (bits === undefined) return null;
  const hash = createHash(`sha${bits}`);
  return {
    update: (chunk) => void hash.update(chunk),
    matches: () => hash.digest('base64') === expected,
  };
}
