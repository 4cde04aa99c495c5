// What is stored beside the bytes of a file, as headers of an upload say it.
import { headerText } from './path.js';

/** What is stored beside the bytes of a file. */
export interface StoredAttributes {
  /** Sent with the file. */
  readonly cacheControl?: string;
  readonly contentDisposition?: string;
  readonly contentLanguage?: string;
  /** Texts by name, of the caller's own. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The headers that say it. */
export function attributeHeaders(given: StoredAttributes): Record<string, string> {
  const { cacheControl, contentDisposition, contentLanguage, metadata = {} } = given;
  const headers = {
    'X-File-Cache-Control': cacheControl,
    'Content-Disposition': contentDisposition,
    'Content-Language': contentLanguage,
    ...Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [`X-Meta-${name}`, headerText(value)]),
    ),
  };
  // The filter leaves strings only, which the type of `filter` on entries cannot say.
  return Object.fromEntries(
    Object.entries(headers).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
}
