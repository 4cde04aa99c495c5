// Who may go on with an upload: whoever began it, while it lasts, and while the right to write is there, to the end.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openGrant } from '../../../src/operations/uploads/token.ts';
import { isFileServiceError } from '../../../src/core/errors.ts';
import { bypass, type Bypass } from '../../support/fixture.ts';
import { mutations } from '../../support/mutations.ts';
import { ask, startService, type RunningService } from '../../support/service.ts';
import { doubleStore } from '../../support/stores.ts';
import { beginTus, postTus, tusUpload } from '../../support/tus.ts';
import { UPLOAD_SECRET, sessionPath } from '../../support/upload-link.ts';
import { until } from '../../support/until.ts';

const PART = 5 * 2 ** 20;
let store: Awaited<ReturnType<typeof doubleStore>>;
let around: Bypass;
let service: RunningService;
let mayWrite: () => boolean;

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
  service = await startService(store, {
    resumable: { maxOpenPerPrincipal: 2 },
    uploadSecret: UPLOAD_SECRET,
    partSize: PART,
    container: ({ headers }) => headers['x-tenant'] ?? 'home',
    authenticate: ({ headers }) => {
      const id = headers['x-user'];
      return id === undefined ? null : { id };
    },
    authorize: () => mayWrite(),
  });
});
beforeEach(() => {
  mayWrite = () => true;
});
afterAll(async () => {
  await service.close();
  around.close();
  await store.close();
});

const alice = { 'x-user': 'alice' };
const begun = (path: string, bytes: number) =>
  beginTus(service, path, { ...alice, 'Upload-Length': String(bytes) });
const storageIsNotAsked = async <T>(work: () => Promise<T>): Promise<T> => {
  store.double.clearCalls();
  const result = await work();
  expect(store.double.calls).toEqual([]);
  return result;
};

describe('the URL of an upload', () => {
  it.each([
    ['another caller', { 'x-user': 'bob' }, 403],
    ['nobody', {}, 401],
    ['another tenant', { ...alice, 'x-tenant': 'other' }, 404],
  ])('gives nothing to %s', async (_, headers, status) => {
    const upload = await begun(`/owned-${status}.bin`, 3 * PART);
    const theirs = tusUpload(service, upload.url, headers);
    await storageIsNotAsked(async () => {
      expect((await theirs.head()).status).toBe(status);
      expect((await theirs.patch(0, Buffer.from('x'))).status).toBe(status);
      expect((await theirs.remove()).status).toBe(status);
    });
    expect((await tusUpload(service, upload.url, alice).remove()).status).toBe(204);
  });

  it('ends with its time', async () => {
    const expiresAt = Math.floor(Date.now() / 1000) - 1;
    const path = sessionPath('home/', 'alice', { key: 'late.txt', expiresAt });
    const answer = await storageIsNotAsked(() =>
      ask(service.port, { method: 'HEAD', path: service.mount + path, headers: alice }),
    );
    expect(answer.status).toBe(404);
  });

  it('opens to nobody who alters it', () => {
    const token = sessionPath('home/', 'alice', { key: 'a.txt' }).slice('/_uploads/'.length);
    expect(openGrant([UPLOAD_SECRET], token)).toMatchObject({ kind: 'session', key: 'a.txt' });
    let opened = 0;
    for (const altered of mutations(token, 20_000))
      try {
        openGrant([UPLOAD_SECRET], altered);
        opened += 1;
      } catch (error) {
        if (!isFileServiceError(error) || error.reason !== 'upload_gone') throw error;
      }
    expect(opened).toBe(0);
  });

  it('stands in no record', async () => {
    const upload = await begun('/record.txt', 4);
    const token = upload.url.split('/').at(-1) ?? '';
    const answer = await tusUpload(service, upload.url, alice).patch(0, Buffer.from('four'));
    const event = await service.audited(answer.headers['x-request-id'] ?? '');
    expect([event.path, event.operation]).toEqual(['record.txt', 'append_upload']);
    expect(JSON.stringify(service.audit)).not.toContain(token);
  });
});

describe('the right to write', () => {
  it('is asked at each request, and a refusal reaches no storage', async () => {
    const upload = await begun('/asked.bin', 3 * PART);
    const ours = tusUpload(service, upload.url, alice);
    mayWrite = () => false;
    await storageIsNotAsked(async () => {
      const refused = [
        await postTus(service, '/n.bin', { ...alice, 'Upload-Length': '1' }),
        await ours.head(),
        await ours.patch(0, Buffer.from('x')),
        await ours.remove(),
      ];
      expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    });
    mayWrite = () => true;
    expect((await ours.remove()).status).toBe(204);
  });

  it.each([1000, 2 * PART])(
    'is asked again when the last of %d bytes has come: withdrawn by then, nothing is visible',
    async (size) => {
      const path = `/withdrawn-${size}.bin`;
      const upload = await begun(path, size);
      let asked = 0;
      mayWrite = () => (asked += 1) === 1;
      const ours = tusUpload(service, upload.url, alice);
      const answer = await ours.patch(0, randomBytes(size));
      expect([answer.status, asked]).toEqual([403, 2]);
      expect(await around.bytes(`home${path}`)).toBeUndefined();
      await until(() => store.double.uploads(store.bucket).length === 0, {
        what: 'no open upload',
      });
      mayWrite = () => true;
      expect((await around.keys()).filter((key) => key.includes('/tails/'))).toEqual([]);
    },
  );
});

describe('a name that many want', () => {
  it('becomes the file of exactly one of them', async () => {
    const racers = await Promise.all(Array.from({ length: 20 }, () => begun('/race.txt', 5)));
    const answers = await Promise.all(
      racers.map(({ url }, n) =>
        tusUpload(service, url, alice).patch(0, Buffer.from(`${n}`.padStart(5, '0'))),
      ),
    );
    const won = answers.flatMap(({ status }, n) => (status === 204 ? [n] : []));
    // Of one caller only so many may send at once: the others are told to come back.
    const others = answers.filter(({ status }) => status !== 204).map(({ status }) => status);
    expect(won).toHaveLength(1);
    for (const status of others) expect([409, 429]).toContain(status);
    expect((await around.bytes('home/race.txt'))?.toString()).toBe(`${won[0]}`.padStart(5, '0'));
  });
});
