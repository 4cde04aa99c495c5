// Whether pages may send parts to the bucket itself: what its CORS rules lack for that, in words.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
import type { CORSRule } from '@aws-sdk/client-s3';
import type { S3Context } from './call.js';
import { refusalOf } from './errors.js';

/** What was found: `missing` is empty where nothing is. */
export type CorsFinding =
  | { readonly kind: 'read'; readonly missing: readonly string[] }
  /** The rules are not told here: by the store, or not to this service. */
  | { readonly kind: 'unknown' };

/** Looks. Pages come from `origins`; none are known where it is empty. */
export async function lookAtCors(
  context: S3Context,
  origins: readonly string[],
): Promise<CorsFinding> {
  try {
    const { CORSRules = [] } = await context.send('GetBucketCors', {});
    return { kind: 'read', missing: missingIn(CORSRules, origins) };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal?.code === 'NoSuchCORSConfiguration')
      return { kind: 'read', missing: missingIn([], origins) };
    if (refusal?.kind === 'denied' || refusal?.kind === 'unsupported') return { kind: 'unknown' };
    throw error;
  }
}

function missingIn(rules: readonly CORSRule[], origins: readonly string[]): readonly string[] {
  const puts = rules.filter(({ AllowedMethods = [] }) => AllowedMethods.includes('PUT'));
  if (puts.length === 0) return ['a rule with the AllowedMethod PUT'];
  // Fetch standard: `Content-Type` of a part is asked for in a preflight.
  const sending = puts.filter(({ AllowedHeaders = [] }) =>
    includes(AllowedHeaders, 'content-type'),
  );
  const telling = sending.filter(({ ExposeHeaders = [] }) => includes(ExposeHeaders, 'etag'));
  const strange = origins.filter(
    (origin) => !telling.some(({ AllowedOrigins = [] }) => AllowedOrigins.some(fits(origin))),
  );
  if (sending.length === 0) return ['the AllowedHeader * (or Content-Type) in a rule with PUT'];
  if (telling.length === 0) return ['the ExposeHeader ETag in a rule with PUT'];
  return strange.map((origin) => `the AllowedOrigin ${origin} in such a rule`);
}

function includes(names: readonly string[], name: string): boolean {
  return names.some((one) => one === '*' || one.toLowerCase() === name);
}

// AWS: one `*` in an origin stands for any text.
function fits(origin: string): (pattern: string) => boolean {
  return (pattern) => {
    const [before = '', after] = pattern.split('*', 2);
    if (after === undefined) return pattern === origin;
    return (
      origin.length >= before.length + after.length &&
      origin.startsWith(before) &&
      origin.endsWith(after)
    );
  };
}
