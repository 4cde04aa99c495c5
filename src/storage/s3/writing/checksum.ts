// What vouches for bytes that are in memory, beside TLS and signatures: buckets with a default retention refuse writes
// without it. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html#API_PutObject_RequestSyntax
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { CallOptions, S3Context } from '../call.js';
import type { Checksum } from '../connection.js';
import { refusalOf } from '../errors.js';
import type { Input, Output } from '../wire/commands.js';

/** The checksum of a PutObject, as S3 takes it. */
export type ChecksumInput = { readonly ChecksumCRC32: string } | { readonly ContentMD5: string };

/** The checksum of these bytes, of the kind that this store takes. */
export function checksumInput(bytes: Uint8Array, kind: Checksum): ChecksumInput {
  if (kind === 'md5') return { ContentMD5: createHash('md5').update(bytes).digest('base64') };
  const value = Buffer.allocUnsafe(4);
  value.writeUInt32BE(crc32(bytes));
  return { ChecksumCRC32: value.toString('base64') };
}

/** Bytes that are in memory, and how they are sent. */
export interface PutInMemory {
  readonly input: Omit<Input<'PutObject'>, 'Body'>;
  readonly bytes: Uint8Array;
  readonly options?: CallOptions;
  /** Tries without a checksum first, which tells whether streams may go without. @default false */
  readonly learns?: boolean;
}

/**
 * One PutObject with a checksum. A store that refuses one that it does not know is sent the older one, now and from
 * then on. Throws as `send` does.
 */
export async function putInMemory(
  context: S3Context,
  { input, bytes, options = {}, learns = false }: PutInMemory,
): Promise<Output<'PutObject'>> {
  const { learnt } = context.connection;
  // A watched body is made anew for each attempt.
  const Body = options.body === undefined ? { Body: bytes } : {};
  const put = (checksum: Partial<ChecksumInput>) =>
    context.send('PutObject', { ...input, ...Body, ...checksum }, options);
  const withChecksum = () => put(checksumInput(bytes, learnt.checksum));
  if (learns) return learning(context, () => put({}), withChecksum);
  try {
    return await withChecksum();
  } catch (error) {
    if (!isForeign(error) || learnt.checksum === 'md5') throw error;
    learnt.checksum = 'md5';
    return withChecksum();
  }
}

/** Sends without a checksum, and once more with one where the store insists on it: a bucket with a default retention. */
export async function learning<T>(
  { connection }: S3Context,
  plain: () => Promise<T>,
  withChecksum: () => Promise<T>,
): Promise<T> {
  const { learnt } = connection;
  try {
    const output = await plain();
    learnt.needsChecksum = false;
    return output;
  } catch (error) {
    if (!isForeign(error)) throw error;
    const output = await withChecksum();
    learnt.needsChecksum = true;
    return output;
  }
}

/** Whether a store refused the form of a write: for a checksum that it does not know, or for one that is missing. */
export function isForeign(error: unknown): boolean {
  const refusal = refusalOf(error);
  if (refusal?.status === undefined) return false;
  return refusal.kind === 'unsupported' || refusal.kind === 'nonsense';
}
