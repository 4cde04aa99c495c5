// Questions about stores that differ from AWS, each a switch of the double.
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect } from 'vitest';
import type { Quirks } from '../../support/double/index.ts';
import { doubleStore } from '../../support/stores.ts';
import type { Given, KnownFaults, Questions } from './given.ts';
import { UPLOADS } from './upload-contract.ts';

// In pieces, as bytes come from a socket: one that holds everything is no stream to who reads it.
const randomStream = (size: number) => {
  const pieces = Array.from({ length: Math.ceil(size / PIECE_BYTES) }, (_, index) =>
    randomBytes(Math.min(PIECE_BYTES, size - index * PIECE_BYTES)),
  );
  return Readable.from(pieces, { objectMode: false });
};
const PIECE_BYTES = 16 * 1024;

const written =
  (size: number, length: number | undefined) =>
  async ({ bucket }: Given) => {
    const body = randomStream(size);
    expect((await bucket.write('new', body, { length })).kind).toBe('written');
  };

const createdOnce =
  (length: number): Questions[string] =>
  async ({ bucket }) => {
    const create = () => bucket.write('once', randomStream(length), { length, createOnly: true });
    expect((await create()).kind).toBe('written');
    expect((await create()).kind).toBe('exists');
  };

const removesMany: Questions[string] = async ({ bucket, seed }) => {
  for (const key of ['a', 'b', 'c']) await seed(key, 'x');
  expect(await bucket.removeMany(['a', 'b'])).toEqual({ failed: [], deleted: 2 });
  const { files } = await bucket.list({ prefix: '', recursive: true });
  expect(files.map(({ key }) => key)).toEqual(['c']);
};

const PART_BYTES = 5 * 2 ** 20;

const refusedAs =
  (reason: string): Questions[string] =>
  async ({ bucket }) => {
    for (const size of [10, 100_000, 20 * 2 ** 20]) {
      const writing = bucket.write('new', randomStream(size), { length: size });
      await expect(writing).rejects.toMatchObject({ reason });
    }
  };

const on = (quirks: Partial<Quirks>, questions: Questions, sdkFaults: KnownFaults = {}) => ({
  title: `a store with ${JSON.stringify(quirks)}`,
  open: () => doubleStore({ quirks }),
  questions,
  sdkFaults,
});

const GO_ON = 'uploads \u203a go on in another process, and become one object with its attributes';

const notAsked: Questions[string] = () => Promise.reject(new Error('there is no such question'));

/** By what the store does differently: questions for the double alone, both ways of travelling. */
export const ON_OTHER_STORES = [
  on(
    { oneWriteASecond: true },
    {
      'conditionalWrites \u203a learns without a race of writes': async ({ bucket }) =>
        expect(await bucket.conditionalWrites()).toBe(true),
      'write \u203a creates once': createdOnce(10),
    },
  ),
  on(
    { completeConditions: 'unsupported' },
    { 'write \u203a creates by parts once': createdOnce(20 * 2 ** 20) },
  ),
  ...(['missing-501', 'missing-400', 'no-checksum'] as const).map((batchDelete) =>
    on({ batchDelete }, { 'removeMany \u203a removes all the same': removesMany }),
  ),
  on(
    { writesNeedDigest: true },
    {
      'write \u203a asks for a stream once more, when nothing was asked before': async (given) => {
        const length = 1_000_000;
        const write = () => given.bucket.write('first', randomStream(length), { length });
        await expect(write()).rejects.toMatchObject({
          reason: 'storage_unavailable',
          headers: { 'Retry-After': '1' },
        });
        expect(await write()).toMatchObject({ kind: 'written', size: length });
      },
      [GO_ON]: UPLOADS[GO_ON] ?? notAsked,
      'write \u203a stores a small body': written(10, 10),
      'write \u203a stores a stream, once the store has been asked about writes': async (given) => {
        await given.bucket.conditionalWrites();
        await written(1_000_000, 1_000_000)(given);
      },
      'write \u203a stores parts': written(3 * PART_BYTES, undefined),
    },
  ),
  on(
    { headsFolders: true },
    {
      'stat \u203a takes no folder for a file': async ({ bucket, seed }) => {
        await seed('d/file', 'x');
        expect(await bucket.stat('d')).toEqual({ kind: 'missing' });
      },
    },
  ),
  on(
    { mergesPrefixes: true },
    {
      'list \u203a shows every folder': async ({ bucket, seed }) => {
        for (const key of ['a/x', 'b/x', 'c/x']) await seed(key, '');
        const { folders } = await bucket.list({ prefix: '', recursive: false });
        expect(folders).toEqual(['a/', 'b/', 'c/']);
      },
    },
    { 'list \u203a shows every folder': 'the parser of the SDK refuses the document' },
  ),
  // Ceph 16, answer by answer.
  on({ cephMultipart: true, completeConditions: 'ignored', bareIfMatch: true }, UPLOADS),
  on({ completeConditions: 'unsupported' }, UPLOADS),
  on(
    { full: 'quota' },
    { 'write \u203a says that the quota is used up': refusedAs('quota_exceeded') },
  ),
  on({ full: 'disk' }, { 'write \u203a says that storage is full': refusedAs('storage_full') }),
];
