// The client's uploads against the service itself: announced, cut, resumed and cancelled over one storage.
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileClient } from '../../src/client/file-client.ts';
import { bypass, type Bypass } from '../support/fixture.ts';
import { startService, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

const MIB = 2 ** 20;
let store: Awaited<ReturnType<typeof doubleStore>>;
let around: Bypass;
let service: RunningService;
let baseUrl: string;

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
  const resumable = { maxAppendBytes: 6 * MIB };
  service = await startService(store, { resumable, partSize: 5 * MIB });
  baseUrl = `http://127.0.0.1:${service.port}${service.mount}`;
});
afterAll(async () => {
  await service.close();
  around.close();
  await store.close();
});

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const stored = async (key: string): Promise<string> =>
  digestOf((await around.bytes(key)) ?? Buffer.from('nothing'));
const operations = (): (string | null)[] => service.audit.map(({ operation }) => operation);
const nothingIsLeft = async (): Promise<void> => {
  await until(() => store.double.uploads(store.bucket).length === 0, { what: 'no open upload' });
  expect((await around.keys()).filter((key) => key.startsWith('.s3files/tails'))).toEqual([]);
};

describe('an upload by the client', () => {
  it('goes in appends of the size that the service names, and ends as a stored file', async () => {
    const film = randomBytes(13 * MIB);
    service.audit.splice(0);
    const file = await fileClient({ baseUrl }).upload('in/film.mp4', film, {
      contentType: 'video/mp4',
    });
    expect(file).toMatchObject({ path: 'in/film.mp4', content_type: 'video/mp4', type: 'file' });
    expect(operations().filter((name) => name?.endsWith('_upload'))).toEqual([
      'begin_upload',
      'append_upload',
      'append_upload',
      'append_upload',
    ]);
    expect(await stored('in/film.mp4')).toBe(digestOf(film));
    await nothingIsLeft();
  });

  it('goes on after a pause, from what the service has, in another client', async () => {
    service.audit.splice(0);
    const film = randomBytes(14 * MIB);
    const files = fileClient({ baseUrl });
    let isPaused = false;
    const upload = files.upload('paused.mp4', film, {
      onProgress: ({ sent }) => {
        if (sent < 6 * MIB) return;
        upload.pause();
        isPaused = true;
      },
    });
    upload.catch(() => undefined);
    await until(() => isPaused, { what: 'a pause' });
    // As a page keeps it over a reload.
    const resume = JSON.parse(JSON.stringify(upload)) as NonNullable<
      ReturnType<typeof upload.toJSON>
    >;
    const sent: number[] = [];
    await fileClient({ baseUrl }).upload('paused.mp4', film, {
      resume,
      onProgress: (progress) => sent.push(progress.sent),
    });
    expect(sent[0]).toBeGreaterThanOrEqual(6 * MIB);
    expect(await stored('paused.mp4')).toBe(digestOf(film));
    expect(operations()).toContain('read_upload');
    await nothingIsLeft();
  });

  it('leaves nothing when it is cancelled', async () => {
    const stop = new AbortController();
    const upload = fileClient({ baseUrl }).upload('cancelled.mp4', randomBytes(14 * MIB), {
      signal: stop.signal,
      onProgress: ({ sent }) => {
        if (sent >= 6 * MIB) stop.abort();
      },
    });
    await expect(upload).rejects.toMatchObject({ name: 'AbortError' });
    expect(await around.bytes('cancelled.mp4')).toBeUndefined();
    await until(() => operations().includes('cancel_upload'), { what: 'a cancelled upload' });
    await nothingIsLeft();
  });

  it('replaces nothing that is there, before it has sent anything', async () => {
    await around.plant({ 'there.mp4': { body: 'there' } });
    service.audit.splice(0);
    const upload = fileClient({ baseUrl }).upload('there.mp4', randomBytes(14 * MIB));
    await expect(upload).rejects.toMatchObject({ status: 409, reason: 'already_exists' });
    expect(operations()).not.toContain('append_upload');
  });
});
