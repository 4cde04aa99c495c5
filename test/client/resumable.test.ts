// Uploads by the session protocol: what was received is never sent again, and nothing is left behind.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileClient, type FileClient } from '../../src/client/file-client.ts';
import { startUploadServer, type UploadServer } from './upload-server.ts';

const MIB = 2 ** 20;
let server: UploadServer;
let files: FileClient;

beforeEach(async () => {
  server = await startUploadServer();
  files = fileClient({ baseUrl: server.baseUrl });
});
afterEach(() => server.close());

const held = () => server.uploads.get('1');
const film = randomBytes(10 * MIB);

describe('a resumable upload', () => {
  it('is sent in appends of the size that the service names', async () => {
    const progress: number[] = [];
    const stored = await files.upload('film.mp4', film, {
      onProgress: ({ sent }) => progress.push(sent),
    });
    expect(stored.path).toBe('film.mp4');
    expect(held()?.bytes.equals(film)).toBe(true);
    expect(server.requests).toEqual([
      'OPTIONS /mount/film.mp4',
      'POST /mount/film.mp4?check_exist=true',
      'PATCH /mount/_uploads/1 0',
      `PATCH /mount/_uploads/1 ${4 * MIB}`,
      `PATCH /mount/_uploads/1 ${8 * MIB}`,
    ]);
    expect(progress.at(-1)).toBe(film.length);
    expect([...progress].sort((a, b) => a - b)).toEqual(progress);
  });

  it('asks once what the service takes', async () => {
    await files.upload('a', film);
    await files.upload('b', film);
    expect(server.requests.filter((line) => line.startsWith('OPTIONS'))).toHaveLength(1);
  });

  it('goes on after a broken connection from what arrived, in another client too', async () => {
    server.breakAfter = 5_000_000 - 4 * MIB;
    const first = files.upload('film.mp4', film.subarray(0, 9 * MIB));
    server.breakAfter = 1_000_000;
    await expect(first).rejects.toBeInstanceOf(TypeError);
    expect(held()?.bytes.length).toBe(1_000_000);
    // As a page keeps it over a reload.
    const resume = JSON.parse(JSON.stringify(first)) as NonNullable<
      ReturnType<typeof first.toJSON>
    >;
    const again = fileClient({ baseUrl: server.baseUrl });
    await again.upload('film.mp4', film.subarray(0, 9 * MIB), { resume });
    expect(held()?.bytes.equals(film.subarray(0, 9 * MIB))).toBe(true);
    expect(server.requests).toContain('PATCH /mount/_uploads/1 1000000');
  });

  it('takes the offset that a conflict names', async () => {
    const upload = files.upload('film.mp4', film);
    await upload;
    const entry = held();
    if (entry === undefined) throw new Error('nothing was held');
    // Another tab has sent more than the look before the append could see.
    entry.bytes = film.subarray(0, 3);
    const told = startsAt(entry, 2 * MIB);
    await files.upload('film.mp4', film, { resume: told(upload.toJSON()) });
    expect(entry.bytes.equals(film)).toBe(true);
    expect(server.requests).toContain(`PATCH /mount/_uploads/1 ${2 * MIB}`);
  });

  it('pauses and goes on', async () => {
    let paused = false;
    const upload = files.upload('film.mp4', film, {
      onProgress: ({ sent }) => {
        if (sent < 4 * MIB || paused) return;
        paused = true;
        upload.pause();
        setImmediate(() => upload.resume());
      },
    });
    await upload;
    expect(held()?.bytes.equals(film)).toBe(true);
    expect(server.requests).toContain('HEAD /mount/_uploads/1');
  });

  it('leaves nothing behind when it is cancelled', async () => {
    const stop = new AbortController();
    const upload = files.upload('film.mp4', film, {
      signal: stop.signal,
      onProgress: ({ sent }) => {
        if (sent >= 4 * MIB) stop.abort();
      },
    });
    await expect(upload).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.uploads.size).toBe(0);
  });

  it.each([
    ['a small file', 100, {}],
    ['a file that is to go in one request', 9 * MIB, { resumable: false }],
  ])('is not begun for %s', async (_, size, options) => {
    await files.upload('small', film.subarray(0, size), options).catch(() => undefined);
    expect(server.requests).toEqual(['POST /mount/small?check_exist=true']);
  });
});

/** Lets the look see fewer bytes than the append then finds. */
function startsAt(entry: { bytes: Buffer }, offset: number) {
  return <T>(state: T): T => {
    let looks = 0;
    Object.defineProperty(entry, 'bytes', {
      configurable: true,
      get: () => ((looks += 1) === 1 ? film.subarray(0, 3) : swap()),
      set: (bytes: Buffer) => {
        Object.defineProperty(entry, 'bytes', { value: bytes, writable: true });
      },
    });
    const swap = (): Buffer => {
      Object.defineProperty(entry, 'bytes', { value: film.subarray(0, offset), writable: true });
      return film.subarray(0, offset);
    };
    return state;
  };
}
