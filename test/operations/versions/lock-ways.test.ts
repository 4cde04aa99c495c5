// Every way to delete, move or replace a locked file where the store's locks refuse it: 409 with its date, and the file
// stays as it is.
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { craftZip } from '../../support/crafted-zip.ts';
import { formOf } from '../../support/form.ts';
import { startService, type Question, type RunningService } from '../../support/service.ts';
import { client, doubleStore, type Store } from '../../support/stores.ts';
import { postTus, metadataOf } from '../../support/tus.ts';

// Compliance mode: nobody may pass it.
const UNTIL = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000);
const DATE = `${UNTIL.toISOString().slice(0, 19)}Z`;

const json = (value: unknown): Pick<Question, 'headers' | 'body'> => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});
const items = (...resource: readonly object[]) => json({ resource });
const ZIP = craftZip([{ name: 'kept.txt', data: 'new' }]);

interface Way {
  readonly what: string;
  readonly question: Question;
  /** What else stands in `f/` afterwards: free files that went, or came, with it. @default as before */
  readonly left?: readonly string[];
}

const WAYS: readonly Way[] = [
  { what: 'DELETE', question: { method: 'DELETE', path: '/f/kept.txt' } },
  { what: 'DELETE unseen', question: { method: 'DELETE', path: '/f/kept.txt?no_check=true' } },
  {
    what: 'DELETE of a list',
    question: { method: 'DELETE', path: '/f/', ...items({ name: 'kept.txt' }) },
  },
  {
    what: 'DELETE of its folder by force',
    question: { method: 'DELETE', path: '/f/?force=true' },
    left: [],
  },
  {
    what: 'DELETE of what its folder holds',
    question: { method: 'DELETE', path: '/f/?force=true&content_only=true' },
    left: ['f/'],
  },
  {
    what: 'DELETE of a list with its folder',
    question: { method: 'DELETE', path: '/?force=true', ...items({ path: 'f/', type: 'folder' }) },
    left: [],
  },
  { what: 'PUT', question: { method: 'PUT', path: '/f/kept.txt', body: 'new' } },
  {
    what: 'PUT of unknown length',
    question: {
      method: 'PUT',
      path: '/f/kept.txt',
      body: 'new',
      headers: { 'Transfer-Encoding': 'chunked' },
    },
  },
  {
    what: 'a form',
    question: {
      method: 'PUT',
      path: '/f/',
      ...formOf([{ name: 'f', filename: 'kept.txt', body: 'new' }]),
    },
  },
  {
    what: 'a JSON item',
    question: {
      method: 'PUT',
      path: '/f/',
      ...items({ type: 'file', name: 'kept.txt', content: 'new' }),
    },
  },
  {
    what: 'a copy onto it',
    question: {
      method: 'PUT',
      path: '/f/',
      ...items({ type: 'file', source_path: 'f/free.txt', name: 'kept.txt' }),
    },
  },
  {
    what: 'a move onto it',
    question: {
      method: 'PUT',
      path: '/f/',
      ...items({ type: 'file', source_path: 'f/free.txt', name: 'kept.txt', delete_source: true }),
    },
  },
  {
    what: 'a move of it',
    question: {
      method: 'PUT',
      path: '/',
      ...items({ type: 'file', source_path: 'f/kept.txt', name: 'moved.txt', delete_source: true }),
    },
  },
  {
    what: 'an archive',
    question: {
      method: 'PUT',
      path: '/f/new.zip?extract=true',
      headers: { 'Content-Type': 'application/zip' },
      body: ZIP,
    },
  },
  {
    what: 'changed properties',
    question: { method: 'PATCH', path: '/f/kept.txt', ...json({ content_type: 'text/html' }) },
  },
];

describe.each([true, false])('a locked file (lean: %s)', (leanCalls) => {
  let store: Store & Pick<Awaited<ReturnType<typeof doubleStore>>, 'double'>;
  let bucket: string;
  let s3: S3Client;
  let service: RunningService;

  beforeAll(async () => {
    store = await doubleStore();
    bucket = `worm-${store.bucket.slice(5)}`;
    s3 = client(store);
    await s3.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: 'f/kept.txt',
        Body: 'kept',
        ContentType: 'text/plain',
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: UNTIL,
      }),
    );
    service = await startService({ ...store, bucket }, { leanCalls, resumable: true });
  });
  afterAll(async () => {
    s3.destroy();
    await service.close();
    await store.close();
  });

  const others = (): string[] =>
    [...store.double.objects(bucket).keys()].filter(
      (key) => key.startsWith('f/') && key !== 'f/kept.txt',
    );
  const plant = async (): Promise<void> => {
    for (const Key of others()) await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    store.double.seed(bucket, 'f/', '');
    store.double.seed(bucket, 'f/free.txt', 'free');
  };
  const expectKept = async (): Promise<void> => {
    const { text, headers } = await service.ask({ path: '/f/kept.txt' });
    expect([text, headers['content-type']]).toEqual(['kept', 'text/plain']);
  };

  it.each(WAYS)('is 409 with its date for $what', async ({ question, left }) => {
    await plant();
    const answer = await service.ask(question);
    expect([answer.status, answer.json()]).toMatchObject([
      409,
      { error: { reason: 'locked', context: expect.anything() as unknown } },
    ]);
    expect(answer.text).toContain(DATE);
    expect(answer.text).toContain('f/kept.txt');
    await expectKept();
    expect(others().toSorted()).toEqual(left ?? ['f/', 'f/free.txt']);
  });

  it('is 409 with its date in the entry of a list that did the rest', async () => {
    await plant();
    const list = items({ name: 'kept.txt' }, { name: 'free.txt' });
    const answer = await service.ask({ method: 'DELETE', path: '/f/', ...list });
    expect([answer.status, answer.json()]).toMatchObject([
      207,
      {
        resource: [
          {
            error: {
              code: 409,
              reason: 'locked',
              message: expect.stringContaining(DATE) as string,
            },
          },
          { name: 'free.txt' },
        ],
      },
    ]);
    await expectKept();
  });

  it('is 409 with its date for an upload of several requests', async () => {
    const headers = {
      'Upload-Length': '3',
      'Upload-Metadata': metadataOf({ filename: 'kept.txt' }),
    };
    const answer = await postTus(service, '/f/?check_exist=false', headers, Buffer.from('new'));
    expect([answer.status, answer.text.includes(DATE)]).toEqual([409, true]);
    await expectKept();
  });
});
