// How large the parts of an upload are, so that storage takes as many of them as it needs.

/** AWS: part numbers are 1 to 10,000. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const MOST_PARTS = 10_000;

/** The size of parts, doubled until 10,000 of them hold `length` bytes; all but the last are equal. */
export function partSizeFor(length: number, smallest: number): number {
  let size = smallest;
  while (size * MOST_PARTS < length) size *= 2;
  return size;
}
