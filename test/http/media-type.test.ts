import { types } from 'mime-types';
import { describe, expect, it } from 'vitest';
import { chosenType, knownType, typeByName } from '../../src/http/media-type.ts';

describe('the type of a name', () => {
  it('is that of its extension, for every one that is known', () => {
    const ours = Object.keys(types).map((extension) => [extension, knownType(`a/b.${extension}`)]);
    expect(Object.fromEntries(ours)).toEqual({ ...types });
  });

  it.each([
    ['photo.JPG', 'image/jpeg'],
    ['a.tar.gz', 'application/gzip'],
    ['folder.zip/notes.txt', 'text/plain'],
    ['.png', 'image/png'],
    ['folder/.png', 'image/png'],
    ['png', undefined],
    ['folder.png/name', undefined],
    ['a.', undefined],
    ['a.unheard-of', undefined],
    ['a.constructor', undefined],
    ['', undefined],
  ])('%j: %s', (name, type) => {
    expect(knownType(name)).toBe(type);
    expect(typeByName(name)).toBe(type ?? 'application/octet-stream');
  });

  it('says that a text is UTF-8 where the service chooses it', () => {
    expect(chosenType('a.txt')).toBe('text/plain; charset=utf-8');
  });
});
