// Whether a store honours `If-None-Match: *`, asked of the store itself: names and versions lie.
import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { keepingInput } from '../attributes.js';
import type { Connection, S3Context } from '../call.js';
import { refusalOf } from '../errors.js';

// Swift 2.38 answers 412 to the second of two writes, and lets several of a race win: so race.
const RACERS = 4;
const KNOWN = new WeakMap<Connection, Promise<boolean>>();

/** True when create-only writes are atomic here: AWS is known to, other stores are asked once. */
export function conditionalWrites(context: S3Context): Promise<boolean> {
  const { connection } = context;
  if (connection.settings.endpoint === undefined) return Promise.resolve(true);
  const known = KNOWN.get(connection);
  if (known !== undefined) return known;
  const answer = probe(context);
  KNOWN.set(connection, answer);
  answer.then(
    (honoured) => honoured || warn(),
    () => KNOWN.delete(connection),
  );
  return answer;
}

/**
 * Races create-only writes for one fresh key, and removes it. False when not exactly one won, or when
 * the store refuses the condition or the write; throws when the store is unavailable.
 */
export async function probe(context: S3Context): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await race(context);
    } catch (error) {
      // Nobody waits for an answer twice: a timeout has used up the caller's patience.
      const isLate = refusalOf(error)?.kind === 'timeout';
      if (attempt === 3 || isLate || context.connection.breaker.isOpen()) throw error;
    }
  }
}

async function race(context: S3Context): Promise<boolean> {
  const { bucket: Bucket } = context.settings;
  const Key = context.keyOf(`.s3files-probe-${randomUUID()}`);
  const put = () =>
    new PutObjectCommand({
      Bucket,
      Key,
      Body: new Uint8Array(0),
      IfNoneMatch: '*',
      ...keepingInput(context.settings),
    });
  const racers = Array.from({ length: RACERS }, () =>
    context.send('meta', 'PutObject', put(), { attempts: 1 }),
  );
  const results = await Promise.allSettled(racers);
  const removed = context
    .send('meta', 'DeleteObject', new DeleteObjectCommand({ Bucket, Key }))
    .catch(() => undefined);
  const lost = results
    .filter((result) => result.status === 'rejected')
    .map(({ reason }) => reason as unknown);
  const outage = lost.find((error) => OUTAGE.has(refusalOf(error)?.kind ?? 'unavailable'));
  if (outage !== undefined) throw outage;
  await removed;
  return (
    results.length - lost.length === 1 &&
    lost.every((error) => LOST.has(refusalOf(error)?.kind ?? ''))
  );
}

const OUTAGE = new Set<string>(['unavailable', 'unreachable', 'timeout']);
const LOST = new Set<string>(['precondition-failed', 'conflict']);

let warned = false;

function warn(): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    'The storage of a file service does not honour conditional writes (If-None-Match): ' +
      'two uploads that race for one new file may both succeed.',
    { code: 'S3FILES_CONDITIONAL_WRITES' },
  );
}
