// Paths that an attacker would try, as an arbitrary: the grammar of odd pieces, mixed with random text.
import fc from 'fast-check';

/** Pieces that have opened doors somewhere, as they go over the wire. */
export const PIECES: readonly string[] = [
  '..',
  '.',
  '%2e',
  '%2E',
  '%252e',
  '%2f',
  '%2F',
  '%5c',
  '%5C',
  '\\',
  '/',
  '//',
  '%00',
  '%c0%ae',
  '%c0%af',
  '%EF%BC%8E',
  '%EF%BC%9B',
  '%u002e',
  '..;',
  '~',
  '%e2%80%ae',
  '%e2%80%a8',
  'e%CC%81',
  '%C3%A9',
  '%ff',
  '%ed%a0%80',
  '%20',
  '%09',
  '%0d%0a',
  '%7f',
  '%c2%85',
  '%',
  '%z1',
  '+',
  '?',
  '%3F',
  '#',
  '%23',
  ';v=1',
  '&',
  '=',
  ':',
  '@',
  '*',
  "'",
  '%22',
  '%3C',
  '_spec',
  'tenant1',
  'tenant2',
  'tenant10',
  'secret',
  'canary',
  'folder',
  'a.txt',
];

const random = fc.string({ unit: 'binary-ascii', maxLength: 6 }).map(encodeURIComponent);
const raw = fc.stringMatching(/^[!-~]{0,6}$/);

/** A request target's path, without its leading slash: printable ASCII, encoded or not, often wrong. */
export const hostilePath: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...PIECES) },
      { weight: 1, arbitrary: random },
      { weight: 1, arbitrary: raw },
    ),
    { minLength: 1, maxLength: 9 },
  )
  .map((pieces) => pieces.join(''));
