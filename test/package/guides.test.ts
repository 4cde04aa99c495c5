// The guides among each other: every link leads somewhere, every store of a profile has its row, no option goes without words.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PROFILES } from '../support/double/profiles.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GUIDES = [
  ...readdirSync(ROOT).filter((file) => file.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];
const textOf = (guide: string): string => readFileSync(join(ROOT, guide), 'utf8');

/** The anchors of a guide's headings, as GitHub makes them. */
const anchorsOf = (guide: string): string[] =>
  [...textOf(guide).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Links outside of code. */
const linksOf = (guide: string): string[] =>
  [
    ...textOf(guide)
      .replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, target = '']) => target);

describe.each(GUIDES)('%s', (guide) => {
  it('links to files and headings that are there', () => {
    const broken = linksOf(guide).filter((link) => {
      if (/^https:\/\/[\w.-]+\//.test(link)) return false;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? guide : relative(ROOT, join(ROOT, dirname(guide), path));
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

it('the guide to stores has a row for each profile of the double, and the other way', () => {
  const rows = textOf('docs/stores.md')
    .split('\n## ')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) => line.split('|')[1]?.trim());
  expect(rows?.toSorted()).toEqual(Object.keys(PROFILES).toSorted());
});

it('the guide to configuration says of each option what it means', () => {
  const rows = textOf('docs/configuration.md')
    .split('<!-- options -->')[1]
    ?.split('<!-- /options -->')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
  expect(rows?.length).toBeGreaterThan(50);
  expect(rows?.filter(([, , , , meaning = '']) => meaning.length < 8)).toEqual([]);
});

it('the README has a row for each option, and for nothing else', () => {
  const written = textOf('docs/configuration.md')
    .split('<!-- options -->')[1]
    ?.split('<!-- /options -->')[0]
    ?.matchAll(/^\| `(\w+)`/gm);
  // The original server's spellings stand below the table.
  const options = [...(written ?? [])].flatMap(([, name = '']) =>
    name.includes('_') ? [] : [name],
  );
  const [, section = ''] = textOf('README.md').split('\n## Configuration\n');
  const [table = ''] = section.split('\n## ');
  const rows = [...table.matchAll(/^\| (`.*?) *\|/gm)].flatMap(([, names = '']) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  );
  expect(rows.toSorted()).toEqual(options.toSorted());
});

it('the README is short, and leads to every guide', () => {
  const readme = textOf('README.md');
  expect(readme.split('\n').length).toBeLessThanOrEqual(350);
  const linked = linksOf('README.md').map((link) => link.split('#')[0]);
  const guides = GUIDES.filter((guide) => guide.startsWith('docs/') || guide === 'CONTRIBUTING.md');
  // How the transport was chosen is for who changes it.
  expect(
    guides.filter((guide) => !linked.includes(guide) && guide !== 'docs/transport.md'),
  ).toEqual([]);
});
