// Uploads by tus over several processes behind a balancer, cut at random bytes, while processes are killed: what is sent
// twice, and what is left.
import { createHash, randomFillSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { uploadName } from '../../src/storage/s3/writing/upload-marks.ts';
import { startBalancer } from './balancer.ts';
import { startChild, type Child } from './child.ts';
import type { Double } from './double/index.ts';
import { seededRandom } from './random.ts';
import { ask, MOUNT, startService } from './service.ts';
import type { Store } from './stores.ts';
import { beginTus, tusUpload } from './tus.ts';
import { until } from './until.ts';

const ENTRY = fileURLToPath(new URL('entries/resumable.ts', import.meta.url));

/** How much is uploaded, and how roughly. */
export interface CutUploads {
  readonly uploads: number;
  /** Bytes of a file. */
  readonly smallest: number;
  readonly largest: number;
  /** Most cuts of one upload. */
  readonly cuts: number;
  /** How many times a process is killed, and another started in its place, spread over the uploads. */
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
  /** Bytes that were sent, of all files together. */
  readonly sent: number;
  /** Bytes that the files have. */
  readonly size: number;
  /** Bytes that had left the client when it was cut, and that no answer acknowledged then. */
  readonly unacknowledged: number;
  /** Requests beside the appends that each cut cost, in the median. */
  readonly requestsACut: number;
  /** Appends that were answered with 409, since an earlier one had landed after the question how far it came. */
  readonly conflicts: number;
  /** Offsets that fell below one that was told before. */
  readonly fallen: number;
  readonly openUploads: number;
  /** Uploads of which nobody can tell that they are ours: their process was killed before it had marked them. */
  readonly unmarked: number;
  /** Keys that are left below `.s3files/`. */
  readonly left: readonly string[];
  /** Rejections and errors that nobody handled, in the processes that were not killed. */
  readonly unhandled: readonly string[];
  /** Connections that each place of the balancer has got. */
  readonly shares: readonly number[];
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

/** The processes of a run behind their balancer. */
async function startCluster(store: Store, processes: number) {
  const { close: _close, ...plain } = store;
  const environment = { STORE: JSON.stringify({ ...plain, double: undefined }) };
  const start = (): Promise<Child> => startChild(ENTRY, environment);
  const instances = await Promise.all(Array.from({ length: processes }, start));
  const balancer = await startBalancer(instances.map(({ port }) => port));
  return {
    balancer,
    unhandled: () => instances.flatMap((instance) => instance.unhandled),
    async kill(at: number): Promise<void> {
      await (instances[at] as Child).kill('SIGKILL');
      const next = await start();
      instances[at] = next;
      balancer.replace(at, next.port);
    },
    async close(): Promise<void> {
      await balancer.close();
      await Promise.all(instances.map((instance) => instance.kill('SIGTERM')));
    },
  };
}

// A process that is killed while it is asked answers nothing: the next one is.
async function persistently<T>(work: () => Promise<T>): Promise<T> {
  let answer: { readonly value: T } | undefined;
  await until(
    async () => {
      answer = await work().then(
        (value) => ({ value }),
        () => undefined,
      );
      return answer !== undefined;
    },
    { what: 'a process that answers', deadlineMs: 120_000, everyMs: 100 },
  );
  return (answer as { readonly value: T }).value;
}

/** Uploads, cuts and kills. */
export async function cutUploads(
  store: Store & { readonly double: Double },
  asked: CutUploads,
): Promise<CutResult> {
  const cluster = await startCluster(store, asked.processes);
  const { balancer } = cluster;
  const random = seededRandom(42);
  const result = { identical: 0, cuts: 0, kills: 0, sent: 0, size: 0, unacknowledged: 0 };
  const trouble = { conflicts: 0, fallen: 0 };
  const perCut: number[] = [];

  async function upload(n: number): Promise<void> {
    const length = Math.floor(asked.smallest + random() * (asked.largest - asked.smallest));
    const bytes = randomFillSync(Buffer.allocUnsafe(length));
    const path = `/cut-${n}.bin`;
    const headers = { 'Upload-Length': String(length) };
    const { url } = await persistently(() =>
      beginTus(balancer, `${path}?check_exist=false`, headers),
    );
    const behind = tusUpload(balancer, url);
    result.size += length;
    let offset = 0;
    let requests = 0;
    const see = (told: number): void => {
      trouble.fallen += told < offset ? 1 : 0;
      offset = told;
    };
    const look = async (): Promise<void> => {
      requests += 1;
      see(await persistently(behind.offset));
    };
    for (let cut = Math.ceil(random() * asked.cuts); cut > 0 && offset < length; cut -= 1) {
      requests = 0;
      const part = Math.ceil((length - offset) * random());
      const from = offset;
      await behind.cut(offset, bytes.subarray(offset), part);
      await look();
      result.cuts += 1;
      result.sent += part;
      // Another process may still have been storing what an earlier cut had sent.
      result.unacknowledged += Math.max(0, from + part - offset);
      perCut.push(requests);
    }
    while (offset < length) {
      const answer = await behind.patch(offset, bytes.subarray(offset)).catch(() => undefined);
      if (answer?.status === 204) result.sent += length - offset;
      if (answer?.status === 204) break;
      if (answer?.status === 409) {
        trouble.conflicts += 1;
        see(Number(answer.headers['upload-offset']));
      } else await look();
    }
    const stored = store.double.objects(store.bucket).get(path.slice(1));
    if (stored !== undefined && digestOf(stored.bytes()) === digestOf(bytes)) result.identical += 1;
    // All of them together have more bytes than this machine.
    await persistently(() => ask(balancer.port, { method: 'DELETE', path: MOUNT + path }));
  }

  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < asked.uploads) await upload((begun += 1));
  };
  async function killAll(): Promise<void> {
    for (let kill = 1; kill <= asked.kills; kill += 1) {
      const from = Math.floor((kill * asked.uploads) / (asked.kills + 1));
      await until(() => begun >= from, { what: `upload ${from}`, deadlineMs: 3_600_000 });
      await cluster.kill(Math.floor(random() * asked.processes));
      result.kills += 1;
    }
  }

  try {
    const lanes = Array.from({ length: Math.min(asked.atOnce, asked.uploads) }, lane);
    await Promise.all([...lanes, killAll()]);
    const unmarked = unmarkedOf(store);
    if (asked.kills > 0) await sweepAway(store);
    const left = [...store.double.objects(store.bucket).keys()];
    return {
      ...result,
      ...trouble,
      requestsACut: median(perCut),
      openUploads: store.double.uploads(store.bucket).length - unmarked,
      unmarked,
      left: left.filter((key) => key.startsWith('.s3files/') && !key.includes('/probe/')),
      unhandled: cluster.unhandled(),
      shares: balancer.shares(),
    };
  } finally {
    await cluster.close();
  }
}

function unmarkedOf(store: Store & { readonly double: Double }): number {
  const open = store.double.uploads(store.bucket);
  const keys = new Set(open.map(({ key }) => key));
  const isMarked = (key: string, id: string): boolean =>
    keys.has(`.s3files/sessions/${uploadName(key, id)}`);
  return open.filter(
    ({ key, uploadId }) => !key.startsWith('.s3files/') && !isMarked(key, uploadId),
  ).length;
}

// What a killed process could not clear away any more is swept once it is old enough.
async function sweepAway(store: Store & { readonly double: Double }): Promise<void> {
  const service = await startService(store, { resumable: true });
  store.double.age(store.bucket, 2 * 86_400_000);
  await service.files.sweep();
  await service.close();
}
