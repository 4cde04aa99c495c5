// The list in a JSON body: `{"resource":[...]}` or the bare array.
import { tooLarge } from '../../core/too-large.js';
import { isTrue } from '../../http/parameters.js';
import { invalidBody } from './invalid-body.js';

/** Bytes of a JSON body; contract: form limits. */
export const MAX_JSON_BYTES = 10 * 2 ** 20;
/** Items of one list; contract: form limits. */
export const MAX_ITEMS = 1000;

/** One item, its fields not yet looked at. */
export type Item = Readonly<Record<string, unknown>>;

/**
 * The items of a body; null when it is not such a list.
 *
 * @throws FileServiceError `too_large`; `invalid_body` for an item that is no object
 */
export function itemsOf(body: unknown, maxItems: number): readonly Item[] | null {
  const list = Array.isArray(body) ? (body as readonly unknown[]) : fieldOf(body, 'resource');
  if (!Array.isArray(list)) return null;
  if (list.length > maxItems) throw tooLarge(`The list has more than ${maxItems} items.`, maxItems);
  return list.map((item: unknown) => {
    if (typeof item === 'object' && item !== null && !Array.isArray(item)) return item as Item;
    throw invalidBody('Each item of "resource" takes an object.');
  });
}

/**
 * A text of an item; undefined when it is absent or null.
 *
 * @throws FileServiceError `invalid_body` for anything but text
 */
export function textField(item: Item, name: string): string | undefined {
  const value = item[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw invalidBody(`The field "${name}" of an item takes text.`);
}

/** A boolean of an item: JSON's own, or the words that query parameters take. */
export function flagField(item: Item, name: string): boolean {
  const value = item[name];
  return value === true || value === 1 || (typeof value === 'string' && isTrue(value));
}

function fieldOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null
    ? (body as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
