// An answer of the double, as a value.
import type { Content } from './content.ts';

/** An answer. Content-Length is that of the body unless the headers say another. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Content;
  /** Sends no Content-Length. @default false */
  readonly isChunked?: boolean;
}
