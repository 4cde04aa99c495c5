// Bodies that come whole, for readers that want streams.
import { Readable } from 'node:stream';

/** A body as a stream, whichever way it came. */
export function streamOf(body: Readable | Uint8Array): Readable {
  return body instanceof Uint8Array ? Readable.from([body], { objectMode: false }) : body;
}
