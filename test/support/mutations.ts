// Altered forms of a token, as an attacker, a mail program or a shortened line makes them.
import { seededRandom } from './random.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** What decoders of base64 let pass although it is no base64url. */
const IGNORED = ['=', '==', '+', '/', ' ', '\n', '.', '%3D', '\u0000', 'é'];

/** `count` texts, none of them `token`, that a seed repeats. */
export function* mutations(token: string, count: number, seed = 1): Generator<string> {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const letter = (): string => ALPHABET.charAt(below(ALPHABET.length));
  const kinds: ((at: number) => string)[] = [
    (at) => token.slice(0, at) + letter() + token.slice(at + 1),
    (at) => token.slice(0, at) + letter() + token.slice(at),
    (at) => token.slice(0, at) + token.slice(at + 1 + below(4)),
    (at) => token.slice(0, at),
    (at) => token.slice(at),
    (at) => token.slice(0, at) + (IGNORED[below(IGNORED.length)] ?? '=') + token.slice(at),
    (at) => flipBit(token, at, below(8)),
    (at) => token.slice(at) + token.slice(0, at),
    // The last character has bits that decoders ignore.
    () => token.slice(0, -1) + letter(),
    () => token + letter(),
    () => token + token,
  ];
  for (let made = 0; made < count;) {
    const altered = kinds[below(kinds.length)]?.(below(token.length)) ?? token;
    if (altered === token) continue;
    made += 1;
    yield altered;
  }
}

const flipBit = (token: string, at: number, bit: number): string => {
  const bytes = Buffer.from(token, 'base64url');
  const index = at % bytes.length;
  bytes.writeUInt8((bytes[index] ?? 0) ^ (1 << bit), index);
  return bytes.toString('base64url');
};
