// How a store compares `If-Match` of a write. Ceph 16 compares it with the ETag without its quotes, and so never finds
// them equal; others take the quoted one of RFC 9110 section 13.1.1, or ignore the header.
import { randomUUID } from 'node:crypto';
import { OWN_FOLDER } from '../../../core/key.js';
import { keepingInput } from '../attributes.js';
import { detached, type S3Context } from '../call.js';
import type { IfMatchSpelling } from '../connection.js';
import { refusalOf } from '../errors.js';
import { putInMemory } from '../writing/checksum.js';

/** The `If-Match` that this store understands; undefined where it would ignore one. */
export async function ifMatchFor(context: S3Context, etag: string): Promise<string | undefined> {
  const { known } = context.connection;
  const spelling = await known.ifMatchSpelling.get(
    () => spellingOf(detached(context)),
    context.call.signal,
  );
  if (spelling === 'ignored') return undefined;
  return spelling === 'quoted' ? etag : bare(etag);
}

async function spellingOf(context: S3Context): Promise<IfMatchSpelling> {
  const Key = context.keyOf(`${OWN_FOLDER}probe/${randomUUID()}`);
  const bytes = new Uint8Array(0);
  const input = { Key, ...keepingInput(context.settings) };
  const takes = (IfMatch: string): Promise<boolean> =>
    putInMemory(context, { input: { ...input, IfMatch }, bytes }).then(
      () => true,
      (error: unknown) => {
        if (NOT_TAKEN.has(refusalOf(error)?.kind ?? '')) return false;
        throw error;
      },
    );
  const { ETag = '' } = await putInMemory(context, { input, bytes });
  try {
    // Taken although no object has this ETag: the header is not looked at.
    if (await takes('"0"')) return 'ignored';
    if (await takes(ETag)) return 'quoted';
    return (await takes(bare(ETag))) ? 'bare' : 'ignored';
  } finally {
    await context.send('DeleteObject', { Key }).catch(() => undefined);
  }
}

const NOT_TAKEN = new Set<string>(['precondition-failed', 'unsupported', 'missing', 'nonsense']);

function bare(etag: string): string {
  return etag.replaceAll('"', '');
}
