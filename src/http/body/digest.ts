// Digests that a client sends along with a body (RFC 9530, Content-MD5), and their check in passing.
import { createHash, type Hash } from 'node:crypto';
import { FileServiceError } from '../../core/errors.js';

/** Digests that a body must have, in base64. */
export interface ExpectedDigests {
  readonly md5?: string;
  readonly sha256?: string;
  readonly sha512?: string;
}

type Algorithm = keyof ExpectedDigests;
type Headers = Readonly<Record<string, string>>;

const DIGEST_BYTES: Readonly<Record<Algorithm, number>> = { md5: 16, sha256: 32, sha512: 64 };
const NAMES: Readonly<Record<Algorithm, string>> = {
  md5: 'MD5',
  sha256: 'SHA-256',
  sha512: 'SHA-512',
};
// RFC 9530 section 5: the algorithms that are called active; the others are insecure or unknown.
const ACTIVE: Readonly<Record<string, Algorithm>> = { 'sha-256': 'sha256', 'sha-512': 'sha512' };

// RFC 9651 section 4.2.2, cut down to what a dictionary of digests holds: keys with byte sequences, and any
// other item for algorithms that nobody here knows; parameters are skipped.
const KEY = '([a-z*][a-z0-9_.*-]*)';
const BARE_ITEM =
  ':[A-Za-z0-9+/=]*:|"(?:[ !#-\\[\\]-~]|\\\\["\\\\])*"|[A-Za-z0-9*?@.-][^\\s,;"():]*';
const MEMBER = new RegExp(`${KEY}(?:=(${BARE_ITEM}))?(?:; *${KEY}(?:=(?:${BARE_ITEM}))?)*`, 'y');
const COMMA = /[ \t]*,[ \t]*/y;

/**
 * The digests that a request promises for its body: `Repr-Digest`, `Content-Digest` (RFC 9530, SHA-256
 * and SHA-512; others are ignored), `Content-MD5` and `X-Checksum-SHA256`; null when there is none.
 *
 * @throws FileServiceError `invalid_header`, naming the header, when one is malformed;
 * `checksum_mismatch` when two promise different digests
 */
export function expectedDigests(headers: Headers): ExpectedDigests | null {
  const expected: { -readonly [A in Algorithm]?: string } = {};
  const expect = (algorithm: Algorithm, value: string, header: string): void => {
    if (!isDigest(algorithm, value)) throw invalid(header);
    if (expected[algorithm] !== undefined && expected[algorithm] !== value) {
      throw new FileServiceError(
        'checksum_mismatch',
        `The header "${header}" contradicts another digest of the request.`,
      );
    }
    expected[algorithm] = value;
  };
  for (const header of ['Repr-Digest', 'Content-Digest']) {
    const value = headers[header.toLowerCase()];
    if (value === undefined) continue;
    for (const [key, digest] of members(value, header)) {
      const algorithm = Object.hasOwn(ACTIVE, key) ? ACTIVE[key] : undefined;
      if (algorithm !== undefined) expect(algorithm, byteSequence(digest), header);
    }
  }
  const { 'content-md5': md5, 'x-checksum-sha256': sha256 } = headers;
  if (md5 !== undefined) expect('md5', md5.trim(), 'Content-MD5');
  if (sha256 !== undefined) expect('sha256', fromHex(sha256.trim()), 'X-Checksum-SHA256');
  return Object.keys(expected).length === 0 ? null : expected;
}

/** What to store of the promises: the strongest that RFC 9530 knows, `sha-256=:...:`. */
export function digestToStore({ sha256, sha512 }: ExpectedDigests): string | undefined {
  if (sha256 !== undefined) return `sha-256=:${sha256}:`;
  return sha512 === undefined ? undefined : `sha-512=:${sha512}:`;
}

/** Counts bytes into digests as they pass. */
export interface DigestCheck {
  readonly update: (chunk: Uint8Array) => void;
  /** @throws FileServiceError `checksum_mismatch` when a digest differs */
  readonly verify: () => void;
}

/** Checks that the bytes it is shown have the expected digests. */
export function checkDigests(expected: ExpectedDigests): DigestCheck {
  const algorithms = Object.keys(DIGEST_BYTES) as readonly Algorithm[];
  const hashes = algorithms
    .filter((algorithm) => expected[algorithm] !== undefined)
    .map((algorithm): readonly [Algorithm, Hash] => [algorithm, createHash(algorithm)]);
  return {
    update: (chunk) => {
      for (const [, hash] of hashes) hash.update(chunk);
    },
    verify: () => {
      for (const [algorithm, hash] of hashes) {
        if (hash.digest('base64') === expected[algorithm]) continue;
        throw new FileServiceError(
          'checksum_mismatch',
          `The ${NAMES[algorithm]} digest of the body differs from the one that was sent.`,
        );
      }
    },
  };
}

// RFC 9651 section 3.2: of a key given twice, the last value counts.
function members(value: string, header: string): ReadonlyMap<string, string | undefined> {
  const text = value.trim();
  const found = new Map<string, string | undefined>();
  let at = 0;
  while (at < text.length) {
    MEMBER.lastIndex = at;
    const member = MEMBER.exec(text);
    if (member === null) throw invalid(header);
    found.set(member[1] ?? '', member[2]);
    at += member[0].length;
    if (at === text.length) return found;
    COMMA.lastIndex = at;
    at += COMMA.exec(text)?.[0].length ?? 0;
    // No comma here, or nothing behind it.
    if (COMMA.lastIndex === 0 || at === text.length) throw invalid(header);
  }
  throw invalid(header);
}

function byteSequence(item: string | undefined): string {
  return item?.startsWith(':') === true ? item.slice(1, -1) : '';
}

function isDigest(algorithm: Algorithm, value: string): boolean {
  const bytes = Buffer.from(value, 'base64');
  // Encoding it again shows whatever a lenient decoder passed over.
  return bytes.length === DIGEST_BYTES[algorithm] && bytes.toString('base64') === value;
}

function fromHex(value: string): string {
  return /^[0-9a-f]{64}$/i.test(value) ? Buffer.from(value, 'hex').toString('base64') : value;
}

function invalid(header: string): FileServiceError {
  const form = header.endsWith('-Digest')
    ? 'a digest in the form of RFC 9530, such as sha-256=:...:'
    : 'a digest in base64';
  return new FileServiceError('invalid_header', `The header "${header}" must be ${form}.`);
}
