// The changelog is one list for hosts: nothing said twice, what breaks first.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../src/core/version.ts';

const HEADINGS = ['Changed', 'Added', 'Deprecated', 'Removed', 'Fixed', 'Security'];

const text = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8');
const releases = text
  .split(/^## /m)
  .slice(1)
  .map((release) => ({
    name: release.slice(0, release.indexOf('\n')),
    sections: release
      .split(/^### /m)
      .slice(1)
      .map((section) => section.split('\n').filter((line) => line !== ''))
      .map(([heading = '', ...lines]) => ({ heading, lines })),
  }));

describe('the changelog', () => {
  it('begins with what is not released yet', () => {
    expect(releases[0]?.name).toBe('Unreleased');
  });

  it('has a release of the version that the package has', () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(releases.map(({ name }) => name)).toContain(version);
    expect(VERSION).toBe(version);
  });

  it('says of everything that breaks what to do', () => {
    const breaks = text.split('\n').filter((line) => line.startsWith('- **Breaking:**'));
    expect(breaks.length).toBeGreaterThan(15);
    expect(breaks.filter((line) => !/ Migration: \S.*\.$/.test(line))).toEqual([]);
  });

  it('says nothing twice', () => {
    const lines = text.split('\n').filter((line) => line.startsWith('- '));
    expect(lines.filter((line, index) => lines.indexOf(line) !== index)).toEqual([]);
  });

  it.each(releases)('has the headings of Keep a Changelog in $name, each once', ({ sections }) => {
    const headings = sections.map(({ heading }) => heading);
    expect(headings).toEqual(HEADINGS.filter((heading) => headings.includes(heading)));
    for (const { lines } of sections) expect(lines).not.toEqual([]);
  });

  it.each(releases)('names what breaks first, among what changed, in $name', ({ sections }) => {
    for (const { heading, lines } of sections) {
      const breaks = lines.map((line) => line.startsWith('- **Breaking:**'));
      expect(breaks).toEqual(breaks.toSorted((left, right) => Number(right) - Number(left)));
      if (heading !== 'Changed') expect(breaks).not.toContain(true);
    }
  });
});
