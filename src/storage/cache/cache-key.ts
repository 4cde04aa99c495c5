// What a cache accepts as a key.
import { createHash } from 'node:crypto';

const MOST_CHARACTERS = 180;
// Without the count, which V8 would not compile.
const PLAIN_KEY = /^[\x21-\x7e]+$/;

/** The name itself, or its hash: Memcached takes 250 bytes without spaces, and keys of files may be longer. */
export function cacheKey(name: string): string {
  if (name.length <= MOST_CHARACTERS && PLAIN_KEY.test(name)) return name;
  return `s3files:#${createHash('sha256').update(name).digest('base64url')}`;
}
