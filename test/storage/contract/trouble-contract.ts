// What a bucket does when storage fails, lies or is silent; for every store and both ways of travelling.
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import {
  commitThenSilence,
  delay,
  status,
  unasked304,
  unaskedPart,
  webPage,
  withBody,
} from '../../support/faults.ts';
import { until } from '../../support/until.ts';
import { firstWrite } from './fault-contract.ts';
import { questionsBehindFaults, type Faulty } from './faulty.ts';
import type { Questions } from './given.ts';

const isStored = ({ given: { truth, store, container } }: Faulty, key: string): Promise<number> =>
  truth
    .send(new HeadObjectCommand({ Bucket: store.bucket, Key: container + key }))
    .then(({ ContentLength }) => ContentLength ?? -1);

const bytesOf = (size: number) => randomBytes(size);
const streamOf = (bytes: Uint8Array) => Readable.from([bytes], { objectMode: false });

const createdInSilence = (size: number, body: 'bytes' | 'stream') => async (faulty: Faulty) => {
  const { bucket, proxy } = faulty;
  await bucket.conditionalWrites();
  proxy.fail({ operation: 'PutObject', key: /silent$/, nth: 1, fault: commitThenSilence() });
  const bytes = bytesOf(size);
  const sent = body === 'bytes' ? bytes : streamOf(bytes);
  const said = await bucket.write('silent', sent, { createOnly: true, length: size }).then(
    ({ kind }) => kind,
    ({ reason }: { reason: string }) => reason,
  );
  expect(['written', 'storage_outcome_unknown']).toContain(said);
  expect(await isStored(faulty, 'silent')).toBe(size);
};

/** A write whose answer is lost. */
const LOST_ANSWERS: Questions = questionsBehindFaults({
  'write \u203a recognises a create of 10 bytes that was stored in silence': createdInSilence(
    10,
    'bytes',
  ),
  'write \u203a recognises a create of a stream of 10 bytes that was stored in silence':
    createdInSilence(10, 'stream'),
  'write \u203a recognises a create of 100 kB that was stored in silence': createdInSilence(
    100_000,
    'bytes',
  ),
  'write \u203a recognises a create of a stream of 100 kB that was stored in silence':
    createdInSilence(100_000, 'stream'),
  'write \u203a takes a 200 with a body for a write that was stored': async (faulty) => {
    const { bucket, proxy } = faulty;
    for (const size of [10, 100_000]) {
      const key = `chatty-${size}`;
      proxy.fail({ operation: 'PutObject', key: /chatty/, fault: withBody('<Stored/>') });
      const result = await bucket.write(key, streamOf(bytesOf(size)), { length: size });
      expect([result.kind, await isStored(faulty, key)]).toEqual(['written', size]);
    }
  },
});

/** The first write into a bucket that is not there. */
const LARGE_FIRST_WRITES: Questions = {
  'createBucket \u203a comes before a first write of 100 kB': firstWrite(100_000),
};

const RIGHT_OF_EIGHT = { firstWrong: 2, wrong: 7 };

/** What a store that is busy is asked. */
const BUSY_STORES: Questions = questionsBehindFaults({
  'retry \u203a sends at most 1.1 calls a request once its budget is spent': async (faulty) => {
    const { bucket, proxy, given } = faulty;
    await given.seed('busy', 'x');
    for (let turn = 0; turn < 200; turn += 1) {
      const nth = turn * 8 + RIGHT_OF_EIGHT.firstWrong;
      proxy.fail({ nth, times: RIGHT_OF_EIGHT.wrong, fault: status(503, 'SlowDown') });
    }
    const ask = () => bucket.stat('busy').catch(() => undefined);
    for (let request = 0; request < 100; request += 10)
      await Promise.all(Array.from({ length: 10 }, ask));
    proxy.forget();
    for (let request = 0; request < 300; request += 10)
      await Promise.all(Array.from({ length: 10 }, ask));
    expect(proxy.calls.length / 300).toBeLessThanOrEqual(1.1);
    expect(proxy.calls.length).toBeGreaterThan(0);
  },
});

/** Callers who wait for one call. */
const JOINED_CALLS: Questions = questionsBehindFaults({
  'stat \u203a does not fail when another who asked for the bucket has left': async (faulty) => {
    const { openAs, proxy, bucket, calls } = faulty;
    proxy.fail({ operation: 'HeadBucket', fault: delay(500) });
    const leaving = new AbortController();
    const first = openAs(leaving.signal)
      .stat('none')
      .catch((error: Error) => error.message);
    await until(() => calls().includes('HeadBucket'), { what: 'the look at the bucket' });
    const before = proxy.calls.length;
    const second = bucket.stat('none');
    const isAnswered = () =>
      proxy.calls.length > before &&
      proxy.calls.every(
        ({ operation, durationMs }) => operation === 'HeadBucket' || durationMs !== undefined,
      );
    // Several looks in a row: a call may follow the one that was answered.
    let looks = 0;
    await until(() => (looks = isAnswered() ? looks + 1 : 0) === 10, {
      what: 'the answer that the second file is missing',
    });
    leaving.abort(new Error('left'));
    expect(await first).toBe('left');
    expect(await second).toEqual({ kind: 'missing' });
  },
});

const failureOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    (result) => `gave ${JSON.stringify(result)?.slice(0, 80)}`,
    ({ reason, message }: { reason?: string; message: string }) => reason ?? message,
  );

/** A store that is none, or that says what was not asked. */
const NONSENSE: Questions = questionsBehindFaults({
  'a web page \u203a is storage_failed for every verb, and nothing is taken for done': async (
    faulty,
  ) => {
    const { bucket, proxy, given } = faulty;
    await given.seed('there', 'text');
    proxy.fail({ fault: webPage() });
    const verbs = {
      read: () => bucket.read('there'),
      stat: () => bucket.stat('there'),
      list: () => bucket.list({ prefix: '', recursive: false }),
      'write of bytes': () => bucket.write('new', Buffer.from('x'), { length: 1 }),
      'write of a stream': () =>
        bucket.write('new', streamOf(bytesOf(100_000)), { length: 100_000 }),
      copy: () => bucket.copy({ from: 'there', to: 'copy' }),
      remove: () => bucket.remove('there'),
      removeMany: () => bucket.removeMany(['there']),
    };
    const said: Record<string, string> = {};
    for (const [verb, ask] of Object.entries(verbs)) said[verb] = await failureOf(ask());
    expect(said).toEqual(
      Object.fromEntries(Object.keys(verbs).map((verb) => [verb, 'storage_failed'])),
    );
  },
  'read \u203a does not take a part that was not asked for as the whole': async (faulty) => {
    const { bucket, proxy, given } = faulty;
    await given.seed('whole', 'x'.repeat(100));
    proxy.fail({ operation: 'GetObject', fault: unaskedPart(5) });
    const result = await bucket.read('whole').catch((error: { reason: string }) => error);
    if (!('kind' in result) || result.kind !== 'found') {
      expect(result).toMatchObject({ reason: 'storage_failed' });
      return;
    }
    const { body } = result;
    const bytes = body instanceof Readable ? await buffer(body) : body;
    expect(Buffer.from(bytes).toString()).toBe('x'.repeat(100));
  },
  'read \u203a does not pass on a 304 that was not asked for': async (faulty) => {
    const { bucket, proxy, given } = faulty;
    await given.seed('whole', 'text');
    proxy.fail({ operation: ['GetObject', 'HeadObject'], fault: unasked304() });
    expect(await failureOf(bucket.read('whole'))).toBe('storage_failed');
    expect(await failureOf(bucket.stat('whole'))).toBe('storage_failed');
  },
});

const healthyReads = async ({ bucket, given }: Faulty, trouble: () => Promise<unknown>) => {
  await given.seed('healthy', 'text');
  let healthy = 0;
  for (let turn = 0; turn < 50; turn += 1) {
    await Promise.all(Array.from({ length: 4 }, () => trouble().catch(() => undefined)));
    const { kind } = await bucket.read('healthy').catch(() => ({ kind: 'failed' }));
    if (kind === 'found') healthy += 1;
  }
  return healthy;
};

/** What fails for some keeps working for the others. */
const SOME_FAIL: Questions = questionsBehindFaults({
  'breaker \u203a lets healthy reads through beside a key that always fails': async (faulty) => {
    faulty.proxy.fail({ key: /poisoned$/, fault: status(500, 'InternalError') });
    expect(await healthyReads(faulty, () => faulty.bucket.read('poisoned'))).toBe(50);
  },
  'breaker \u203a lets healthy reads through beside a folder that cannot be listed': async (
    faulty,
  ) => {
    faulty.proxy.fail({ operation: 'ListObjectsV2', fault: status(500, 'InternalError') });
    const trouble = () => faulty.bucket.list({ prefix: 'bad/', recursive: false });
    expect(await healthyReads(faulty, trouble)).toBe(50);
  },
  'breaker \u203a lets healthy reads through beside a disk that is full': async (faulty) => {
    faulty.proxy.fail({ operation: 'PutObject', fault: status(507, 'XMinioStorageFull') });
    const trouble = () => faulty.bucket.write('new', Buffer.from('x'), { length: 1 });
    expect(await healthyReads(faulty, trouble)).toBe(50);
  },
});

/** By subject, for every store and both ways of travelling. */
export const TROUBLE_CONTRACT = {
  LOST_ANSWERS,
  LARGE_FIRST_WRITES,
  BUSY_STORES,
  JOINED_CALLS,
  NONSENSE,
  SOME_FAIL,
};
