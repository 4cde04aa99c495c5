// Asks a storage what a set-up needs of it, one finding each, with advice in words for who sets it up.
import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { phraseOf, isFileServiceError } from '../../core/errors.js';
import { OWN_FOLDER } from '../../core/key.js';
import { keepingInput } from './attributes.js';
import { s3Context, type S3Context } from './call.js';
import { probe } from './probes/conditional-writes.js';
import { connectionAdvice, isNotS3, regionAdvice, styleAdvice } from './check-advice.js';
import { lookAtCors } from './check-cors.js';
import { copy } from './copy.js';
import { nonsense, refusalOf, required, type Refusal } from './errors.js';
import { refusalCode } from './wire/refusal-codes.js';
import { removesInBatches } from './remove.js';
import { signedWritesAreBound } from './probes/bound-signatures.js';
import { asFlow } from '../streams/flow.js';
import { flowBody } from '../streams/flow-body.js';
import { listVersions } from './versions/list-versions.js';
import { keepsVersions } from './versions/versioning.js';
import { putInMemory } from './writing/checksum.js';
import { storedEtag } from './writing/put-object.js';

/** What is looked at, in this order. */
export type FindingName = keyof typeof ADVICE;

/**
 * The answer to one question about a storage.
 *
 * @example
 * const lineOf = ({ ok, name, advice }: Finding): string =>
 *   `${ok ? 'ok' : 'not ok'} ${name} ${advice ?? ''}`;
 */
export interface Finding {
  readonly name: FindingName;
  readonly ok: boolean;
  /** What is wrong, one sentence; null when nothing is. */
  readonly reason: string | null;
  /** What to do about it, or what follows from it; null when there is nothing to say. */
  readonly advice: string | null;
}

const ADVICE = {
  connection:
    'Check the network connection and the "endpoint" option; for AWS, see the AWS service status.',
  clock: 'Set the clock of this machine, with NTP: S3 refuses requests more than 15 minutes off.',
  region: 'Confirm that the "region" option matches the location of the bucket.',
  credentials:
    'Verify that the access key id and the secret ("key", "secret") are correct and live.',
  bucket:
    'Confirm the spelling of "bucket", that it exists in this region and has not been deleted; or set "createBucket".',
  list: 'Allow s3:ListBucket on the bucket, in the IAM policy and the bucket policy.',
  write: 'Allow s3:PutObject on the keys of the bucket, in the IAM policy and the bucket policy.',
  read: 'Allow s3:GetObject on the keys of the bucket, in the IAM policy and the bucket policy.',
  delete:
    'Allow s3:DeleteObject on the keys of the bucket, in the IAM policy and the bucket policy.',
  multipart:
    'Allow s3:AbortMultipartUpload on the keys and s3:ListBucketMultipartUploads on the bucket: large uploads that fail cannot be cleaned up.',
  'signed-writes':
    'This store takes headers that a signed URL does not name: upload URLs are links through this service instead.',
  'browser-uploads':
    'Pages send the parts of direct uploads to the bucket itself: give it a CORS rule with AllowedMethods PUT (and POST for forms), the AllowedOrigins of your pages, AllowedHeaders * and ExposeHeaders ETag (s3:PutBucketCORS).',
  copies:
    'PATCH, moves and copies lose what the reason names; allow the service to read and write it, or keep it elsewhere.',
  versions:
    'Turn on the versioning of the bucket ("enableVersioning" does, with s3:PutBucketVersioning), and allow s3:GetBucketVersioning, s3:ListBucketVersions, s3:GetObjectVersion and s3:DeleteObjectVersion.',
  'conditional-writes':
    'This store does not honour If-None-Match on writes: two uploads that race for one new file may both succeed. Use a store that does, if that matters.',
} as const;

const OUTAGE = new Set(['unreachable', 'timeout', 'unavailable', 'nonsense']);

/** Every finding, in order. Leaves nothing behind. Never throws for what storage does. */
export async function check(context: S3Context): Promise<readonly Finding[]> {
  const blamed = await firstFault(context);
  const setUp = SET_UP.map((name) => settle(name, blamed));
  if (blamed !== undefined && !PASSES.has(blamed.name))
    return [...setUp, ...[...RIGHTS, ...NOTES].map(untried)];
  const rights: Finding[] = [];
  const key = context.keyOf(`${OWN_FOLDER}check/${randomUUID()}`);
  for (const name of RIGHTS) rights.push(await attempt(name, () => TRIALS[name](context, key)));
  const notes = [await signedWrites(context), await copies(context, key)];
  const asked = [...(await browserUploads(context)), ...(await versions(context))];
  return [...setUp, ...rights, ...notes, ...asked];
}

/** Whether pages may send parts to the bucket, where the host wants them to and signatures hold what they have to. */
async function browserUploads(context: S3Context): Promise<readonly Finding[]> {
  const { pageOrigins } = context.settings;
  if (pageOrigins === undefined || !(await signedWritesAreBound(context))) return [];
  const name = 'browser-uploads';
  try {
    const found = await lookAtCors(context, pageOrigins);
    if (found.kind === 'unknown') {
      const reason = 'The CORS rules of the bucket cannot be read here (s3:GetBucketCORS).';
      return [{ ...fine(name), reason, advice: ADVICE[name] }];
    }
    const { missing } = found;
    if (missing.length === 0) return [fine(name)];
    const reason = `The CORS rules of the bucket lack ${missing.join(', ')}.`;
    return [{ ...failed(name, undefined), reason }];
  } catch (error) {
    return [failed(name, error)];
  }
}

/** Whether versions are kept and can be listed, where the host wants them. */
async function versions(context: S3Context): Promise<readonly Finding[]> {
  if (!context.settings.versions) return [];
  try {
    context.connection.known.keepsVersions.forget();
    if (!(await keepsVersions(context))) throw nonsense('The bucket keeps no versions.');
    await listVersions(context, { prefix: '', limit: 1 });
    return [fine('versions')];
  } catch (error) {
    return [failed('versions', error)];
  }
}

/** How signed upload URLs are made here: both ways are fine, one of them is worth knowing. */
async function signedWrites(context: S3Context): Promise<Finding> {
  const isBound = await signedWritesAreBound(context);
  return { ...fine('signed-writes'), advice: isBound ? null : ADVICE['signed-writes'] };
}

/** Whether a change of attributes keeps the others. What is lost is said; the service works all the same. */
async function copies(context: S3Context, Key: string): Promise<Finding> {
  const own = s3Context(context.connection, '', context.call);
  const Expires = new Date('2100-01-01T00:00:00Z');
  const input = { Key, Expires, WebsiteRedirectLocation: '/', ...keepingInput(context.settings) };
  try {
    await putInMemory(own, { input, bytes: Buffer.from(TEXT) });
    await copy(own, { from: Key, to: Key, attributes: { contentType: 'text/plain' } });
    const { ExpiresString, WebsiteRedirectLocation } = await own.send('HeadObject', { Key });
    const lost = [
      ...(ExpiresString === undefined ? ['Expires'] : []),
      ...(WebsiteRedirectLocation === undefined ? ['the website redirect'] : []),
    ];
    if (lost.length === 0) return fine('copies');
    return { ...fine('copies'), reason: `Lost: ${lost.join(', ')}.`, advice: ADVICE.copies };
  } catch (error) {
    return { ...fine('copies'), reason: sentenceOf(error), advice: ADVICE.copies };
  } finally {
    await own.send('DeleteObject', { Key }).catch(() => undefined);
  }
}

const TEXT = 'check';
const ONE_BY_ONE =
  'This store has no call that deletes many files at once: folders are removed by one call a file.';

const SET_UP = ['connection', 'clock', 'region', 'credentials', 'bucket', 'list'] as const;
const RIGHTS = ['write', 'read', 'delete', 'multipart', 'conditional-writes'] as const;
// Never wrong, but worth knowing.
const NOTES = ['signed-writes', 'copies'] as const;

// S3 refuses 15 minutes; a clock that is a minute off drifts, and signs URLs that end early.
const CLOCK_SLACK_MS = 60_000;

// Faults behind which the rights can still be asked.
const PASSES = new Set<FindingName>(['clock', 'list']);

type Right = (typeof RIGHTS)[number];

/** Each answers what is worth knowing although it works. */
const TRIALS: Record<Right, (context: S3Context, key: string) => Promise<string | void>> = {
  async write(context, Key) {
    const kept = keepingInput(context.settings);
    const put = { input: { Key, ...kept }, bytes: Buffer.from(TEXT) };
    const output = await putInMemory(context, put);
    storedEtag(output);
  },
  async read(context, Key) {
    try {
      const { Body } = await context.send('GetObject', { Key });
      const { idleMs } = context.settings.timeouts;
      const bytes = await buffer(flowBody(asFlow(required(Body, 'a body')), idleMs));
      if (bytes.toString() !== TEXT) throw nonsense('Storage gave other bytes than were stored.');
    } catch (error) {
      // The write before may have been refused; that a missing file is said to be missing is a right too.
      if (refusalOf(error)?.kind !== 'missing') throw error;
    }
  },
  async delete(context, Key) {
    await context.send('DeleteObject', { Key });
    return (await removesInBatches(context, Key)) ? undefined : ONE_BY_ONE;
  },
  async multipart(context, Key) {
    const kept = keepingInput(context.settings);
    const { UploadId } = await context.send('CreateMultipartUpload', { Key, ...kept });
    const failure = await context.send('ListMultipartUploads', { Prefix: Key }).then(
      () => undefined,
      (error: unknown) => error,
    );
    await context.send('AbortMultipartUpload', { Key, UploadId });
    if (failure !== undefined) throw failure;
  },
  async 'conditional-writes'(context) {
    const answer = await probe(context);
    if (answer !== 'honoured') throw nonsense('Storage does not honour conditional writes.');
  },
};

// What a refusal says of the fault beyond its name.
function adviceOf(
  name: FindingName,
  refusal: Refusal,
  endpoint: string | undefined,
): string | undefined {
  if (name === 'connection') return connectionAdvice(refusal, endpoint);
  return name === 'region' ? regionAdvice(refusal) : undefined;
}

/** The first call; what it fails of, if it does. */
async function firstFault(context: S3Context): Promise<Finding | undefined> {
  try {
    await context.send('ListObjectsV2', { Prefix: context.container, MaxKeys: 1 });
  } catch (error) {
    const refusal = refusalOf(error);
    const name = refusal === undefined ? 'connection' : blame(refusal);
    const { endpoint } = context.settings;
    const advice = refusal && adviceOf(name, refusal, endpoint);
    const found = advice ? { ...failed(name, error), advice } : failed(name, error);
    const style = await styleAdvice(context);
    return style === undefined ? found : { ...found, advice: style };
  }
  // The clock is corrected when storage says how late it is: it works, and is worth saying.
  const offsetMs = context.connection.wire.clockOffsetMs();
  if (Math.abs(offsetMs) < CLOCK_SLACK_MS) return undefined;
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  return {
    name: 'clock',
    ok: false,
    reason: `The clock is ${seconds} s off.`,
    advice: ADVICE.clock,
  };
}

function blame(refusal: Refusal): FindingName {
  const known = refusalCode(refusal.code)?.blamed;
  if (known !== undefined) return known;
  if (OUTAGE.has(refusal.kind) || isNotS3(refusal)) return 'connection';
  if (refusal.kind === 'bucket-missing' || refusal.kind === 'missing') return 'bucket';
  if (refusal.status === 301 || refusal.status === 307 || refusal.status === 400) return 'region';
  return refusal.status === 401 ? 'credentials' : 'list';
}

function settle(name: (typeof SET_UP)[number], blamed: Finding | undefined): Finding {
  if (blamed === undefined) return fine(name);
  if (blamed.name === name) return blamed;
  const position = SET_UP.findIndex((other) => other === blamed.name);
  return SET_UP.indexOf(name) < position || PASSES.has(blamed.name) ? fine(name) : untried(name);
}

async function attempt(name: Right, trial: () => Promise<string | void>): Promise<Finding> {
  try {
    const advice = (await trial()) ?? null;
    return { ...fine(name), advice };
  } catch (error) {
    return failed(name, error);
  }
}

function failed(name: FindingName, error: unknown): Finding {
  const known = refusalCode(refusalOf(error)?.code ?? '')?.advice;
  return { name, ok: false, reason: sentenceOf(error), advice: known ?? ADVICE[name] };
}

const fine = (name: FindingName): Finding => ({ name, ok: true, reason: null, advice: null });

const untried = (name: FindingName): Finding => ({
  name,
  ok: false,
  reason: 'Not tried, for what is wrong before it.',
  advice: null,
});

function sentenceOf(error: unknown): string {
  if (!isFileServiceError(error)) return 'An unexpected fault.';
  return error.message.slice(phraseOf(error.reason).length + 2);
}
