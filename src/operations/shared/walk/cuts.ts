// Where a range of keys may be cut into parts of about the same size: guessed from the characters that keys have had at
// each place. A bad guess costs a call to storage and nothing else.
import { compareKeys, sharedLength } from './key-order.js';

/** Characters of a key, behind what both ends of a range share, that a guess looks at. */
const DEPTH = 8;
/** Places of keys whose characters are remembered, and of how many keys of a page. */
const MOST_PLACES = 64;
const SAMPLES_OF_A_PAGE = 40;
/** A key has at most 1024 bytes (AWS, "Object key names"), its container's included. */
const MOST_BYTES = 900;
/** Behind every name that is plain ASCII, and a character that every store takes; behind most others. */
const LAST = '~';
const LAST_OF_OTHERS = '\ud7fb';
// No controls, which XML cannot carry; and nothing from U+D800 on, where stores differ in their order, some listing by
// the bytes of UTF-8 and some by units of UTF-16: cuts of these characters lie in the same place of both.
const EASY = /^[ -~\u00a0-\ud7ff]*$/;

const DIGITS = '0123456789';

/** A range of keys behind `last`, the key that was read last; `end` is its last key, where that is known. */
export interface Range {
  /** The first key of the page that ended with `last`. */
  readonly first: string;
  readonly last: string;
  readonly end: string | undefined;
}

/** What was learnt of the keys below one folder. */
export interface KeySpace {
  /** Learns from keys in their order. */
  learn(keys: readonly string[]): void;
  /** About how many pages a range still has; Infinity when nothing is known of its end. */
  pagesLeft(range: Range): number;
  /** At most `count` keys within a range, in order: ends of its parts, which no file need have. */
  cuts(range: Range, count: number): readonly string[];
}

/**
 * The keys below a folder. `flat` keeps cuts out of folders, which a listing with a delimiter rolls up: none of them
 * then lies on both sides of a cut.
 */
export function keySpace(folder: string, flat: boolean): KeySpace {
  const places = seenPlaces(folder);
  const { share } = places;

  const isUsable = ({ last, end }: Range, cut: string): boolean =>
    compareKeys(cut, last) > 0 &&
    (end === undefined || compareKeys(cut, end) < 0) &&
    EASY.test(cut) &&
    Buffer.byteLength(cut) <= MOST_BYTES &&
    !(flat && cut.includes('/', folder.length));

  return {
    learn: places.learn,
    pagesLeft({ first, last, end }) {
      if (end === undefined) return Infinity;
      const from = sharedLength(last, end);
      const reached = share(last, from);
      const began = sharedLength(first, end) < from ? 0 : share(first, from);
      const page = reached - began;
      return page > 0 ? (share(end, from) - reached) / page : 0;
    },
    cuts(range, count) {
      const { last, end } = range;
      const guesses =
        end === undefined ? outwards(folder, range) : between(places, { last, end }, count);
      const kept = new Set(guesses.filter((cut) => isUsable(range, cut)).slice(0, count));
      return [...kept].sort(compareKeys);
    },
  };
}

// Nothing is known of the end: behind each beginning of the last key, from the folder's own on. What storage answers
// shows how far the names go.
function outwards(folder: string, { first, last }: Range): string[] {
  const deepest = Math.min(sharedLength(first, last) + 2, last.length);
  const lengths = Array.from({ length: deepest - folder.length }, (_, at) => deepest - at - 1);
  return lengths.map(
    (length) => last.slice(0, length) + (last.charAt(length) < LAST ? LAST : LAST_OF_OTHERS),
  );
}

function between(
  { share, keyAt }: Places,
  { last, end }: { readonly last: string; readonly end: string },
  count: number,
): string[] {
  const from = sharedLength(last, end);
  const [low, high] = [share(last, from), share(end, from)];
  const start = end.slice(0, from);
  return Array.from({ length: count }, (_, index) =>
    keyAt(start, low + ((high - low) * (index + 1)) / (count + 1)),
  );
}

/** Keys as numbers: which characters were seen at each place behind the folder's own key. */
interface Places {
  learn(keys: readonly string[]): void;
  /** Where a key lies among all that have its first `from` characters, from 0 to 1. */
  share(key: string, from: number): number;
  /** The key that begins with `start` and lies there. */
  keyAt(start: string, share: number): string;
}

function seenPlaces(folder: string): Places {
  const places: Set<string>[] = [];
  const sorted: (readonly string[] | undefined)[] = [];
  const alphabet = (at: number): readonly string[] => {
    const place = at - folder.length;
    return (sorted[place] ??= [...(places[place] ?? [])].sort(compareKeys));
  };
  const learnKey = (key: string): void => {
    const end = Math.min(key.length, folder.length + MOST_PLACES);
    for (let at = folder.length; at < end; at += 1) {
      const character = key.charAt(at);
      const known = (places[at - folder.length] ??= new Set());
      if (known.has(character) || !EASY.test(character)) continue;
      // Where one digit stands, others will.
      for (const one of DIGITS.includes(character) ? DIGITS : character) known.add(one);
      sorted[at - folder.length] = undefined;
    }
  };

  return {
    learn(keys) {
      const step = Math.max(1, Math.floor(keys.length / SAMPLES_OF_A_PAGE));
      for (let index = 0; index < keys.length; index += step) learnKey(keys[index] ?? '');
    },
    share(key, from) {
      let value = 0;
      let width = 1;
      for (let at = from; at < Math.min(from + DEPTH, key.length); at += 1) {
        const known = alphabet(at);
        width /= known.length + 1;
        value += width * rank(known, key.charAt(at));
      }
      return value;
    },
    keyAt(start, share) {
      let key = start;
      let left = share;
      for (let depth = 0; depth < DEPTH; depth += 1) {
        const known = alphabet(key.length);
        left *= known.length + 1;
        const character = known[Math.floor(left) - 1];
        if (character === undefined) break;
        key += character;
        left -= Math.floor(left);
      }
      return key;
    },
  };
}

// 0 is the end of a key, then each character that was seen; one that was not comes just before the next.
function rank(known: readonly string[], character: string): number {
  let low = 0;
  let high = known.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(known[middle] ?? '', character) < 0) low = middle + 1;
    else high = middle;
  }
  return known[low] === character ? low + 1 : low + 0.99;
}
