// Several ranges of one file as one answer.
import { FileServiceError } from '../core/errors.js';
import { streamOf } from '../http/body/stream-of.js';
import { byteranges } from '../http/byteranges.js';
import { UNKNOWN_TYPE } from '../http/media-type.js';
import type { FileReply } from '../http/reply.js';
import type { Stat } from '../storage/bucket.js';
import type { RunContext } from './operation.js';

/** What is cut, and how it is described. */
export interface SeveralRanges {
  readonly key: string;
  /** The version to read; nothing is the newest. */
  readonly version: { readonly versionId?: string };
  readonly stat: Stat & { readonly size: number };
  /** Of the whole file. */
  readonly headers: Readonly<Record<string, string>>;
  /** Ends are inclusive. */
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
}

/** A `multipart/byteranges` reply. RFC 9110 section 14.6: each part carries the type and its Content-Range. */
export function severalRanges(
  context: RunContext,
  { key, stat, headers, ranges, version }: SeveralRanges,
): FileReply {
  const body = byteranges({
    ranges,
    size: stat.size,
    contentType: headers['Content-Type'] ?? UNKNOWN_TYPE,
    open: async (range) => {
      const same = stat.etag === '' ? version : { ...version, ifMatch: stat.etag };
      const result = await context.bucket.read(key, { ...same, range: { kind: 'from', ...range } });
      if (result.kind === 'found') return streamOf(result.body);
      throw new FileServiceError('storage_unavailable', 'The file has changed while it was read.');
    },
  });
  return {
    status: 206,
    headers: {
      ...headers,
      'Content-Type': body.contentType,
      'Content-Length': String(body.length),
    },
    body: body.stream,
  };
}
