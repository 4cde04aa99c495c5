// Two requests of one upload in two processes, of which one was given up by its client and wakes later (the rows of
// design/resumable.md, section 4.7): whichever comes when, the file is the one that was sent, or nothing is there.
import { createHash, randomFillSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { startChild, type Child } from './child.ts';
import type { Double } from './double/index.ts';
import type { Store } from './stores.ts';
import { beginTus, tusUpload, type TusUpload } from './tus.ts';

const ENTRY = fileURLToPath(new URL('entries/resumable.ts', import.meta.url));
const PART = 5 * 2 ** 20;
const SIZE = 2 * PART + 100;

/** What the second request is, where it comes, and when the first one wakes. */
export const ROWS = [
  { b: 'PATCH', at: 'the same process', wakes: 'never' },
  { b: 'DELETE', at: 'the same process', wakes: 'never' },
  { b: 'PATCH', at: 'another process', wakes: 'before' },
  { b: 'PATCH', at: 'another process', wakes: 'during' },
  { b: 'PATCH', at: 'another process', wakes: 'after' },
  { b: 'DELETE', at: 'another process', wakes: 'during' },
  { b: 'DELETE', at: 'another process', wakes: 'after' },
  { b: 'the same completion', at: 'another process', wakes: 'during' },
] as const;

type Row = (typeof ROWS)[number];

/** What came of it. */
export interface ZombieResult {
  /** Trials that ended as they must. */
  readonly right: number;
  /** What was wrong with the others. */
  readonly wrong: readonly string[];
  readonly heads: number;
  /** Offsets that fell below one that the same client had been told. */
  readonly fallen: number;
  readonly openUploads: number;
  readonly left: readonly string[];
  readonly unhandled: readonly string[];
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Every row so many times. */
export async function zombies(
  store: Store & { readonly double: Double },
  { times, heads: wanted }: { readonly times: number; readonly heads: number },
): Promise<ZombieResult> {
  const { double, close: _close, ...plain } = store;
  const start = (): Promise<Child> => startChild(ENTRY, { STORE: JSON.stringify(plain) });
  const [a, b] = await Promise.all([start(), start()]);
  const count = { right: 0, heads: 0, fallen: 0 };
  const wrong: string[] = [];

  /** A client that sees offsets of one upload. */
  const watcher = () => {
    let seen = 0;
    return async (upload: TusUpload): Promise<number> => {
      const answer = await upload.head();
      count.heads += 1;
      if (answer.status !== 200) return seen;
      const told = Number(answer.headers['upload-offset']);
      count.fallen += told < seen ? 1 : 0;
      return (seen = told);
    };
  };

  async function trial(row: Row, n: number): Promise<void> {
    const bytes = randomFillSync(Buffer.allocUnsafe(SIZE));
    const path = `/${row.b}-${row.at}-${row.wakes}-${n}.bin`.replaceAll(' ', '-');
    const { url } = await beginTus(a, path, { 'Upload-Length': String(SIZE) });
    const first = tusUpload(a, url);
    const second = tusUpload(row.at === 'the same process' ? a : b, url);
    const look = watcher();
    const sent = row.b === 'the same completion' ? SIZE - 10 : PART + Math.ceil((n % 10) * 50_000);
    const zombie = first.stall(0, bytes, sent);
    await zombie.isStalled;
    let offset = await look(second);
    if (row.wakes === 'before') zombie.wake();
    let isRemoved = false;
    if (row.b === 'DELETE') {
      const removing = second.remove();
      if (row.wakes === 'during') zombie.wake();
      isRemoved = (await removing).status === 204;
    } else {
      for (;;) {
        const sending = second.patch(offset, bytes.subarray(offset));
        if (row.wakes === 'during') zombie.wake();
        const answer = await sending;
        if (answer.status === 204) break;
        if (answer.status !== 409) {
          wrong.push(`${path}: PATCH was answered with ${answer.status}`);
          break;
        }
        offset = Number(answer.headers['upload-offset']);
      }
    }
    zombie.wake();
    const late = await zombie.answer;
    if (![204, 404, 409].includes(late.status)) wrong.push(`${path}: A ended with ${late.status}`);
    const stored = double.objects(store.bucket).get(path.slice(1));
    const isRight = isRemoved
      ? stored === undefined
      : stored !== undefined && digestOf(stored.bytes()) === digestOf(bytes);
    if (isRight) count.right += 1;
    else wrong.push(`${path}: ${stored === undefined ? 'nothing' : 'other bytes'}`);
    await fetch(`http://127.0.0.1:${b.port}/api/v2/s3files${path}`, { method: 'DELETE' });
  }

  /** HEADs by one client, on both processes in turn, while the file is sent and cut and sent again. */
  async function watch(n: number): Promise<void> {
    const bytes = randomFillSync(Buffer.allocUnsafe(SIZE));
    const path = `/watched-${n}.bin`;
    const { url } = await beginTus(a, path, { 'Upload-Length': String(SIZE) });
    const look = watcher();
    let isSent = false;
    const sending = (async () => {
      let offset = 0;
      for (let turn = 0; !isSent; turn += 1) {
        const upload = tusUpload(turn % 2 === 0 ? a : b, url);
        // Most are ended by the HEADs of the watcher, as their client had given them up.
        const answer = await upload
          .patch(offset, bytes.subarray(offset, offset + 700_000))
          .catch(() => undefined);
        if (answer?.status === 204 || answer?.status === 409)
          offset = Number(answer.headers['upload-offset']);
        isSent = offset === SIZE || count.heads >= wanted;
      }
    })();
    for (let turn = 0; !isSent; turn += 1) await look(tusUpload(turn % 2 === 0 ? b : a, url));
    await sending;
    await tusUpload(a, url).remove();
    await fetch(`http://127.0.0.1:${b.port}/api/v2/s3files${path}`, { method: 'DELETE' });
  }

  try {
    for (const row of ROWS)
      for (let n = 0; n < times; n += 4)
        await Promise.all(
          Array.from({ length: Math.min(4, times - n) }, (_, one) => trial(row, n + one)),
        );
    for (let n = 0; count.heads < wanted; n += 1) await watch(n);
    const keys = [...double.objects(store.bucket).keys()];
    return {
      ...count,
      wrong,
      openUploads: double.uploads(store.bucket).length,
      left: keys.filter((key) => key.startsWith('.s3files/') && !key.includes('/probe/')),
      unhandled: [...a.unhandled, ...b.unhandled],
    };
  } finally {
    await Promise.all([a.kill(), b.kill()]);
  }
}
