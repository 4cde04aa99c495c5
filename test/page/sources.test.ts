// What the page's sources must not hold, since names of files come from strangers.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const WEB = fileURLToPath(new URL('../../web/', import.meta.url));
const sources = readdirSync(WEB, { recursive: true })
  .map(String)
  .filter((name) => /\.(tsx?|css|svg)$/.test(name));

it.each([
  ['markup made of texts', /innerHTML|insertAdjacentHTML|document\.write|dangerouslySet/],
  ['code made of texts', /\beval\(|new Function\(/],
  ['an address of elsewhere', /https?:\/\/(?!www\.w3\.org\/2000\/svg)/],
  ['a style as text', /style="|\.cssText|setAttribute\('style'/],
])('the page has no %s', (_, pattern) => {
  expect(sources.length).toBeGreaterThan(40);
  const found = sources.filter((name) => pattern.test(readFileSync(WEB + name, 'utf8')));
  expect(found).toEqual([]);
});
