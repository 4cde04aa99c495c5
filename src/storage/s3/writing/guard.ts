// What a write may replace: nothing (`createOnly`), or one version (`ifMatch`). Storage decides where it
// can, atomically; where it cannot, we look just before.
import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { keepingInput } from '../attributes.js';
import { detached, type Connection, type S3Context } from '../call.js';
import { conditionalWrites } from '../probes/conditional-writes.js';
import { refusalOf } from '../errors.js';
import { stat } from '../stat.js';

/** What a write may replace; neither is anything. */
export interface Guard {
  readonly createOnly?: boolean;
  readonly ifMatch?: string;
}

/** The answer of a write that may not happen. */
export type Refused = { readonly kind: 'exists' } | { readonly kind: 'precondition-failed' };

/** The conditions as S3 takes them; none where the store would ignore or refuse them. */
export interface GuardInput {
  readonly IfNoneMatch?: '*';
  readonly IfMatch?: string;
}

/** How to write under a guard: what to send, and an early answer when looking already tells. */
export async function guardInput(
  context: S3Context,
  key: string,
  guard: Guard,
): Promise<GuardInput | Refused> {
  if (guard.createOnly === true) {
    if (await conditionalWrites(detached(context))) return { IfNoneMatch: '*' };
    return (await look(context, key, guard)) ?? {};
  }
  if (guard.ifMatch === undefined) return {};
  if (context.settings.endpoint === undefined && guard.ifMatch !== '*') {
    return { IfMatch: guard.ifMatch };
  }
  const refused = await look(context, key, guard);
  if (refused !== undefined) return refused;
  return guard.ifMatch === '*' ? {} : ifMatchInput(context, guard.ifMatch);
}

/** Looks at what is there now; undefined when the write may go on. */
export async function look(
  context: S3Context,
  key: string,
  { createOnly, ifMatch }: Guard,
): Promise<Refused | undefined> {
  if (createOnly !== true && ifMatch === undefined) return undefined;
  const there = await stat(context, key);
  if (createOnly === true) return there.kind === 'found' ? { kind: 'exists' } : undefined;
  const same = there.kind === 'found' && (ifMatch === '*' || there.stat.etag === ifMatch);
  return same ? undefined : { kind: 'precondition-failed' };
}

/** The answer behind a failed write, when storage said that the guard does not hold. */
export function refusedBy(error: unknown, guard: Guard): Refused | undefined {
  const kind = refusalOf(error)?.kind;
  if (guard.createOnly === true) {
    return kind === 'precondition-failed' || kind === 'conflict' ? { kind: 'exists' } : undefined;
  }
  if (guard.ifMatch === undefined) return undefined;
  return kind === 'precondition-failed' || kind === 'missing'
    ? { kind: 'precondition-failed' }
    : undefined;
}

const RUNNING = new Map<string, Promise<unknown>>();

/**
 * Runs what looks and then writes, one after the other for each key in this process. Ceph 16 ignores
 * conditions when it completes a multipart upload or copies, so that looking has to do.
 */
export async function inTurn<T>(
  { settings, keyOf }: S3Context,
  key: string,
  run: () => Promise<T>,
): Promise<T> {
  const name = [settings.endpoint ?? settings.region, settings.bucket, keyOf(key)].join('\n');
  const before = RUNNING.get(name) ?? Promise.resolve();
  const mine = before.then(run, run);
  RUNNING.set(name, mine);
  try {
    return await mine;
  } finally {
    if (RUNNING.get(name) === mine) RUNNING.delete(name);
  }
}

type Spelling = 'quoted' | 'bare' | 'none';
const SPELLINGS = new WeakMap<Connection, Promise<Spelling>>();

// Ceph 16 compares If-Match of a write with the ETag without its quotes, and so never finds them equal;
// others take the quoted one of RFC 9110 section 13.1.1, or ignore the header. Asked once of each store.
async function ifMatchInput(context: S3Context, etag: string): Promise<GuardInput> {
  const { connection } = context;
  const known = SPELLINGS.get(connection) ?? spellingOf(detached(context));
  SPELLINGS.set(connection, known);
  known.catch(() => SPELLINGS.delete(connection));
  const spelling = await known;
  if (spelling === 'none') return {};
  return { IfMatch: spelling === 'quoted' ? etag : bare(etag) };
}

async function spellingOf(context: S3Context): Promise<Spelling> {
  const { bucket: Bucket } = context.settings;
  const Key = context.keyOf(`.s3files-probe-${randomUUID()}`);
  const Body = new Uint8Array(0);
  const put = (guard: GuardInput) =>
    context.send(
      'meta',
      'PutObject',
      new PutObjectCommand({ Bucket, Key, Body, ...guard, ...keepingInput(context.settings) }),
    );
  const takes = (IfMatch: string) =>
    put({ IfMatch }).then(
      () => true,
      (error: unknown) => {
        if (NOT_TAKEN.has(refusalOf(error)?.kind ?? '')) return false;
        throw error;
      },
    );
  const { ETag = '' } = await put({});
  try {
    if (await takes(ETag)) return 'quoted';
    return (await takes(bare(ETag))) ? 'bare' : 'none';
  } finally {
    await context
      .send('meta', 'DeleteObject', new DeleteObjectCommand({ Bucket, Key }))
      .catch(() => undefined);
  }
}

const NOT_TAKEN = new Set<string>(['precondition-failed', 'unsupported', 'missing', 'nonsense']);

function bare(etag: string): string {
  return etag.replaceAll('"', '');
}
