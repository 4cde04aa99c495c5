// A hundred uploads that end for one name that must be new: exactly one becomes the file.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beginDraft } from '../../support/draft.ts';
import { bypass, type Bypass } from '../../support/fixture.ts';
import { startService, type RunningService } from '../../support/service.ts';
import { availableStores, client, type Store } from '../../support/stores.ts';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { until } from '../../support/until.ts';

const RACERS = 100;

describe.each(availableStores())('a hundred uploads for one name over $name', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;
  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    service = await startService(store, { resumable: true });
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  // Of a length that is known they are one PutObject each; else each completes a multipart upload.
  it.each([
    ['of one part', { 'Upload-Length': '5' }],
    ['by parts', {}],
  ])('%s make one file, and 99 conflicts', { timeout: 120_000 }, async (kind, headers) => {
    const path = `/${kind.replaceAll(' ', '-')}.txt`;
    const racers = await Promise.all(
      Array.from({ length: RACERS }, () => beginDraft(service, path, headers)),
    );
    const textOf = (n: number) => String(n).padStart(5, '0');
    const answers = await Promise.all(
      racers.map((upload, n) => upload.append(0, Buffer.from(textOf(n)), true)),
    );
    const won = answers.flatMap(({ status }, n) => (status === 201 ? [n] : []));
    expect(won).toHaveLength(1);
    const lost = answers.filter(({ status }) => status === 409);
    expect(lost).toHaveLength(RACERS - 1);
    for (const { headers: told } of lost) expect(told['upload-complete']).toBe('?1');
    expect((await around.bytes(path.slice(1)))?.toString()).toBe(textOf(won[0] ?? -1));
    const s3 = client(store);
    await until(
      async () => {
        const listed = await s3.send(new ListMultipartUploadsCommand({ Bucket: store.bucket }));
        return (listed.Uploads ?? []).length === 0;
      },
      { what: 'no open upload', deadlineMs: 20_000, everyMs: 200 },
    );
    s3.destroy();
  });
});
