// Uploads by tus over several processes, cut at random bytes, while processes are killed: what is resent, and what is left.
import { createHash, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { startChild, type Child } from './child.ts';
import type { Double } from './double/index.ts';
import type { Store } from './stores.ts';
import { beginTus, tusUpload } from './tus.ts';

const ENTRY = fileURLToPath(new URL('entries/resumable.ts', import.meta.url));

/** How much is uploaded, and how roughly. */
export interface CutUploads {
  readonly uploads: number;
  /** Bytes of a file. */
  readonly smallest: number;
  readonly largest: number;
  /** Most cuts of one upload. */
  readonly cuts: number;
  /** How many times a process is killed, and another started in its place. */
  readonly kills: number;
  /** Uploads at a time. */
  readonly atOnce: number;
  readonly processes: number;
}

/** What came of it. */
export interface CutResult {
  readonly identical: number;
  readonly cuts: number;
  readonly kills: number;
  /** Bytes that were sent again although storage had them: none. */
  readonly resent: number;
  /** Offsets that fell below one that was told before. */
  readonly fallen: number;
  readonly openUploads: number;
  /** Keys that are left below `.s3files/`. */
  readonly left: readonly string[];
}

/** Repeats its numbers for a seed, so that a failure can be seen again. */
const seeded = (seed: number) => (): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
  return seed / 2 ** 31;
};

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Uploads, cuts and kills. */
export async function cutUploads(
  store: Store & { readonly double: Double },
  asked: CutUploads,
): Promise<CutResult> {
  const { double: _double, close: _close, ...plain } = store;
  const start = (): Promise<Child> => startChild(ENTRY, { STORE: JSON.stringify(plain) });
  const instances = await Promise.all(Array.from({ length: asked.processes }, start));
  const random = seeded(42);
  const result = { identical: 0, cuts: 0, kills: 0, resent: 0, fallen: 0 };
  let turn = 0;
  // The one that is being replaced has no port: its turn goes to the next.
  const next = (): Child => instances[(turn += 1) % instances.length] as Child;

  // A process that was killed while it was asked answers nothing: another one is.
  async function persistently<T>(work: (instance: Child) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work(next());
      } catch (error) {
        if (attempt === 40) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  async function upload(n: number): Promise<void> {
    const bytes = randomBytes(
      Math.floor(asked.smallest + random() * (asked.largest - asked.smallest)),
    );
    const path = `/cut-${n}.bin`;
    const headers = { 'Upload-Length': String(bytes.length) };
    const { url } = await persistently((one) =>
      beginTus(one, `${path}?check_exist=false`, headers),
    );
    const ask = (): Promise<number> => persistently((one) => tusUpload(one, url).offset());
    let offset = 0;
    const see = (told: number): void => {
      result.fallen += told < offset ? 1 : 0;
      offset = told;
    };
    for (let cut = Math.ceil(random() * asked.cuts); cut > 0; cut -= 1) {
      const sent = Math.ceil((bytes.length - offset) * random());
      await tusUpload(next(), url).cut(offset, bytes.subarray(offset), sent);
      result.cuts += 1;
      see(await ask());
    }
    while (offset < bytes.length) {
      const answer = await persistently((one) =>
        tusUpload(one, url).patch(offset, bytes.subarray(offset)),
      ).catch(() => undefined);
      if (answer?.status === 204) break;
      see(answer?.status === 409 ? Number(answer.headers['upload-offset']) : await ask());
    }
    const stored = store.double.objects(store.bucket).get(path.slice(1));
    if (stored !== undefined && digestOf(stored.bytes()) === digestOf(bytes)) result.identical += 1;
  }

  async function killOne(): Promise<void> {
    const at = Math.floor(random() * instances.length);
    await (instances[at] as Child).kill('SIGKILL');
    result.kills += 1;
    instances[at] = await start();
  }

  try {
    let begun = 0;
    const lane = async (): Promise<void> => {
      while (begun < asked.uploads) await upload((begun += 1));
    };
    const lanes = Promise.all(Array.from({ length: asked.atOnce }, lane));
    for (let kills = 0; kills < asked.kills; kills += 1) await killOne();
    await lanes;
    const keys = [...store.double.objects(store.bucket).keys()];
    return {
      ...result,
      openUploads: store.double.uploads(store.bucket).length,
      left: keys.filter((key) => key.startsWith('.s3files/') && !key.includes('/probe/')),
    };
  } finally {
    await Promise.all(instances.map((instance) => instance.kill('SIGTERM')));
  }
}
