// What stores say in words of their own, as clients read it: one status and one reason, whoever was asked and how.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Question } from '../support/exchange.ts';
import { startService, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const put = (body: string): Question => ({ method: 'PUT', path: '/new.txt', body });
const SMALL = put('x');
const LARGE = put('x'.repeat(200_000));
const CHUNKED = { ...LARGE, headers: { 'Transfer-Encoding': 'chunked' } };
const MOVE: Question = {
  method: 'POST',
  path: '/',
  body: JSON.stringify({
    resource: [{ type: 'file', source_path: 'there.txt', name: 'new.txt', delete_source: true }],
  }),
};
const CHANGE: Question = {
  method: 'PATCH',
  path: '/there.txt',
  body: '{"content_type":"text/x-other"}',
};
const READ: Question = { path: '/there.txt' };
const PART: Question = { path: '/there.txt', headers: { Range: 'bytes=1-2' } };
const CONTENT: Question = { path: '/there.txt?include_properties=true&content=true' };

type Case = readonly [
  code: string,
  theirs: number,
  operations: readonly string[],
  questions: readonly Question[],
  status: number,
  reason: string,
];
const WRITES = ['PutObject', 'CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'];
const CASES: readonly Case[] = [
  ['InvalidObjectState', 403, ['GetObject'], [READ, PART, CONTENT], 409, 'archived'],
  ['InvalidObjectState', 403, ['CopyObject'], [CHANGE, MOVE], 409, 'archived'],
  ['ObjectNotInActiveTierError', 403, ['CopyObject'], [CHANGE, MOVE], 409, 'archived'],
  ['QuotaExceeded', 403, WRITES, [SMALL, LARGE, CHUNKED], 403, 'quota_exceeded'],
  ['XMinioAdminBucketQuotaExceeded', 400, WRITES, [SMALL, LARGE, CHUNKED], 403, 'quota_exceeded'],
  ['XMinioStorageFull', 507, WRITES, [SMALL, LARGE, CHUNKED], 507, 'storage_full'],
  ['XMinioParentIsObject', 400, WRITES, [SMALL, LARGE, CHUNKED], 409, 'conflict'],
  ['XMinioObjectExistsAsDirectory', 409, WRITES, [SMALL, LARGE, CHUNKED], 409, 'conflict'],
  [
    'XMinioInvalidObjectName',
    400,
    [...WRITES, 'GetObject'],
    [SMALL, LARGE, READ],
    400,
    'invalid_path',
  ],
  [
    'KMS.DisabledException',
    400,
    [...WRITES, 'GetObject'],
    [SMALL, LARGE, READ],
    403,
    'storage_access_denied',
  ],
];

describe.each([
  ['directly', true],
  ['by the SDK', false],
])('storage that is called %s', (_, leanCalls) => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let service: RunningService;
  beforeAll(async () => {
    store = await doubleStore();
    service = await startService(store, { leanCalls });
  });
  beforeEach(() => {
    store.double.clearFaults();
    store.double.seed(store.bucket, 'there.txt', 'there', { contentType: 'text/plain' });
  });
  afterAll(async () => {
    await service.close();
    await store.close();
  });

  it.each(CASES)(
    'says %s (%i) as its clients understand it',
    async (code, theirs, operations, questions, status, reason) => {
      for (const operation of operations)
        store.double.inject({ operation, kind: 'status', status: theirs, code, times: 100 });
      for (const question of questions) {
        const answer = await service.ask(question);
        const { error } = answer.json() as { error: { reason: string; message: string } };
        expect([question.method, answer.status, error.reason]).toEqual([
          question.method,
          status,
          reason,
        ]);
        expect(answer.text).not.toContain(code);
        if (reason === 'archived') expect(error.message).toMatch(/RestoreObject/);
      }
    },
  );
});
