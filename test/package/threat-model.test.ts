// The threat model says where each threat is met: the places exist.
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const rows = readFileSync(new URL('docs/threat-model.md', ROOT), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, threat = '', , where = '']) => ({ threat, where }));

it('has a row for each threat, once', () => {
  expect(rows.length).toBeGreaterThan(35);
  expect(new Set(rows.map(({ threat }) => threat)).size).toBe(rows.length);
});

it.each(rows)('names places in src/ that exist against $threat', ({ where }) => {
  const places = [...where.matchAll(/`([^`]+)`/g)].map(([, place = '']) => place);
  expect(places).not.toEqual([]);
  expect(
    places.filter((place) => !place.startsWith('src/') || !existsSync(new URL(place, ROOT))),
  ).toEqual([]);
});
