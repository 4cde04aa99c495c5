// The keys of a page in one order: of its files and of the folders that it rolls up.
import type { Page } from '../../../storage/bucket.js';
import { compareKeys } from './key-order.js';

/** What a page names, in order. */
export function namesOf({ files, folders }: Page): readonly string[] {
  const keys = files.map(({ key }) => key);
  return folders.length === 0 ? keys : [...keys, ...folders].sort(compareKeys);
}

/** What a page names up to and with `end`; the very page when that is all of it. */
export function clipped(page: Page, end: string | undefined): Page {
  if (end === undefined) return page;
  const { files, folders } = page;
  const isWithin = (key: string | undefined): boolean =>
    key === undefined || compareKeys(key, end) <= 0;
  if (isWithin(files.at(-1)?.key) && isWithin(folders.at(-1))) return page;
  return {
    files: files.filter(({ key }) => isWithin(key)),
    folders: folders.filter(isWithin),
    next: undefined,
  };
}

/** The same pages, each with `size` names but the last: as storage gives them to who reads in one go. */
export async function* evenPages(pages: AsyncIterable<Page>, size: number): AsyncGenerator<Page> {
  let rest: Page = { files: [], folders: [], next: undefined };
  for await (const page of pages) {
    rest = {
      files: [...rest.files, ...page.files],
      folders: [...rest.folders, ...page.folders],
      next: undefined,
    };
    while (rest.files.length + rest.folders.length > size) {
      const head = firstOf(rest, size);
      yield head;
      rest = {
        files: rest.files.slice(head.files.length),
        folders: rest.folders.slice(head.folders.length),
        next: undefined,
      };
    }
  }
  if (rest.files.length + rest.folders.length > 0) yield rest;
}

function firstOf(page: Page, size: number): Page {
  if (page.folders.length > 0) return clipped(page, namesOf(page)[size - 1]);
  return { files: page.files.slice(0, size), folders: [], next: undefined };
}

/** Whether a page is in order, behind `last`. */
export function isInOrder({ files, folders }: Page, last: string): boolean {
  return isRising([last, ...files.map(({ key }) => key)]) && isRising([last, ...folders]);
}

function isRising(keys: readonly string[]): boolean {
  return keys.every((key, index) => index === 0 || compareKeys(keys[index - 1] ?? '', key) < 0);
}
