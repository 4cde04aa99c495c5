// The order of entries, and which of them a filter leaves.
import type { Entry } from '../../src/client/file-client.js';
import { kindOf } from './kinds.js';

/** What entries are ordered by. */
export type SortKey = 'name' | 'size' | 'kind' | 'modified';

/** An order. */
export interface Sort {
  readonly key: SortKey;
  readonly descending: boolean;
}

type Compare = (one: Entry, other: Entry) => number;

/** Compares entries: folders first, numbers in names by their value, names where all else is equal. */
export function comparing({ key, descending }: Sort, locale: string): Compare {
  const collator = new Intl.Collator(locale, { numeric: true, sensitivity: 'base' });
  const byName: Compare = (one, other) =>
    collator.compare(one.name, other.name) || (one.path < other.path ? -1 : 1);
  const values: Record<SortKey, Compare> = {
    name: byName,
    size: (one, other) => sizeOf(one) - sizeOf(other),
    kind: (one, other) => collator.compare(kindOf(one), kindOf(other)),
    modified: (one, other) => timeOf(one) - timeOf(other),
  };
  const sign = descending ? -1 : 1;
  return (one, other) => {
    if (one.type !== other.type) return one.type === 'folder' ? -1 : 1;
    return sign * values[key](one, other) || byName(one, other);
  };
}

/** True for names that hold the text, whatever the case and the accents. */
export function filterBy(text: string, locale: string): (entry: Entry) => boolean {
  const plain = (value: string) =>
    value.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase(locale);
  const wanted = plain(text);
  return ({ name }) => plain(name).includes(wanted);
}

/** Size in bytes; a folder has none. */
export function sizeOf(entry: Entry): number {
  return entry.type === 'file' ? entry.content_length : 0;
}

function timeOf(entry: Entry): number {
  return entry.last_modified === null ? 0 : Date.parse(entry.last_modified);
}
