// The list in a JSON body: `{"resource":[...]}` or the bare array.
import { FileServiceError } from '../../core/errors.js';

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
  if (list.length > maxItems)
    throw new FileServiceError('too_large', `The list has more than ${maxItems} items.`, {
      context: { limit: maxItems },
    });
  return list.map((item: unknown) => {
    if (typeof item === 'object' && item !== null && !Array.isArray(item)) return item as Item;
    throw new FileServiceError('invalid_body', 'Each item of "resource" takes an object.');
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
  throw new FileServiceError('invalid_body', `The field "${name}" of an item takes text.`);
}

/** A boolean of an item: JSON's own, or the words that query parameters take. */
export function flagField(item: Item, name: string): boolean {
  const value = item[name];
  return (
    value === true ||
    value === 1 ||
    (typeof value === 'string' && /^(?:1|true|on|yes|y|t)$/i.test(value))
  );
}

function fieldOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null
    ? (body as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
