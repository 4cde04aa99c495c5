// Work on many entries: moving, copying, deleting, restoring. Small batches, so that it can be watched and stopped.
import { computed, signal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { BatchResult, Entry, FileClient } from '../../src/client/file-client.js';
import { errorOf } from '../../src/client/call.js';
import { isFileServiceError } from '../../src/core/errors.js';
import type { Failure } from './sentences.js';
import { stillDeleted, undoDelete } from './trash.js';

/** One piece of work. */
export interface Job {
  readonly id: number;
  readonly title: string;
  readonly all: number;
  readonly done: Signal<number>;
  readonly isOver: Signal<boolean>;
  readonly failures: Signal<readonly { readonly entry: Entry; readonly failure: Failure }[]>;
  readonly stop: () => void;
  /** Tries those again that failed. */
  readonly retry: () => void;
}

/** What is done to each batch: what went wrong with each of its entries, nothing where all is well. */
type Work = (entries: readonly Entry[], signal: AbortSignal) => Promise<readonly unknown[]>;

/** What was done when the work was over. */
export interface Outcome {
  readonly done: readonly Entry[];
  readonly tookMs: number;
}

/** A piece of work before it begins. */
interface Task {
  readonly title: string;
  readonly entries: readonly Entry[];
  readonly work: Work;
  readonly onOver?: ((outcome: Outcome) => void) | undefined;
}

/** What the work needs of its surroundings. */
export interface JobHost {
  readonly client: FileClient;
  readonly explain: (error: unknown, name: string) => Failure;
  /** Hears that the work is over, however it went. */
  readonly onEnd: () => void;
}

const BATCH = 20;
// Requests of one entry each; two connections stay free for lists and previews.
const MOST_AT_ONCE = 4;

/** No work. */
export function jobModel(host: JobHost) {
  const list = signal<readonly Job[]>([]);
  /** Paths that are being worked on. */
  const busy = signal<ReadonlySet<string>>(new Set());
  const { client } = host;
  let nextId = 1;

  function start(task: Task): void {
    const stop = new AbortController();
    const job: Job = {
      id: nextId++,
      title: task.title,
      all: task.entries.length,
      done: signal(0),
      isOver: signal(false),
      failures: signal([]),
      stop: () => stop.abort(),
      retry: () => {
        list.value = list.value.filter(({ id }) => id !== job.id);
        start({ ...task, entries: job.failures.value.map(({ entry }) => entry) });
      },
    };
    list.value = [...list.value, job];
    void run(job, task, stop.signal);
  }

  async function run(job: Job, { entries, work, onOver }: Task, stop: AbortSignal) {
    const began = performance.now();
    const done: Entry[] = [];
    mark(entries, true);
    for (let at = 0; at < entries.length && !stop.aborted; at += BATCH) {
      const batch = entries.slice(at, at + BATCH);
      const errors = await attempt(batch, work, stop);
      // Of a batch that was stopped nobody knows what was done; reading the folder again shows it.
      if (stop.aborted) break;
      batch.forEach((entry, index) => {
        const error = errors[index];
        if (error === undefined) done.push(entry);
        else {
          const failure = host.explain(error, entry.name);
          job.failures.value = [...job.failures.value, { entry, failure }];
        }
      });
      job.done.value = done.length;
    }
    mark(entries, false);
    job.isOver.value = true;
    if (job.failures.value.length === 0) list.value = list.value.filter(({ id }) => id !== job.id);
    if (done.length > 0) onOver?.({ done, tookMs: performance.now() - began });
    host.onEnd();
  }

  async function attempt(batch: readonly Entry[], work: Work, stop: AbortSignal) {
    try {
      return await work(batch, stop);
    } catch (thrown) {
      return batch.map(() => thrown);
    }
  }

  function mark(entries: readonly Entry[], isBusy: boolean): void {
    const next = new Set(busy.value);
    for (const { path } of entries)
      if (isBusy) next.add(path);
      else next.delete(path);
    busy.value = next;
  }

  const transferInto =
    (folder: string, moves: boolean): Work =>
    async (batch, stop) =>
      errorsOf(await client.create(folder, transferItems(batch, moves), { signal: stop }));

  return {
    list,
    busy,
    isActive: computed(() => list.value.some(({ isOver }) => !isOver.value)),
    dismiss: (job: Job) => {
      list.value = list.value.filter(({ id }) => id !== job.id);
    },
    move: (title: string, entries: readonly Entry[], folder: string) =>
      start({ title, entries, work: transferInto(folder, true) }),
    copy: (title: string, entries: readonly Entry[], folder: string) =>
      start({ title, entries, work: transferInto(folder, false) }),
    remove: (title: string, entries: readonly Entry[], onOver?: (outcome: Outcome) => void) =>
      start({
        title,
        entries,
        onOver,
        work: async (batch, stop) => {
          const items = batch.map(({ path, type }) => ({ path, type }));
          return errorsOf(await client.removeMany(items, { force: true, signal: stop }));
        },
      }),
    /** Brings back what one deletion has taken. */
    undo: (title: string, { done, tookMs }: Outcome) =>
      start({
        title,
        entries: done,
        work: (batch, stop) => eachOf(batch, (entry) => undoDelete(client, entry, tookMs, stop)),
      }),
    /** Brings back what lies in the trash. */
    restore: (title: string, entries: readonly Entry[]) =>
      start({
        title,
        entries,
        work: (batch, stop) =>
          eachOf(batch, async ({ path }) => void (await client.restore(path, { signal: stop }))),
      }),
    /** Removes what lies in the trash of a folder for good. */
    purge: (title: string, folder: string, entries: readonly Entry[]) => {
      // Files first: a folder goes once nothing is left in it.
      const ordered = entries.toSorted((one, other) => depth(one) - depth(other));
      let left: Promise<ReadonlySet<string>> | undefined;
      start({
        title,
        entries: ordered,
        work: async (batch, stop) => {
          left ??= stillDeleted(client, folder, entries, stop).then(
            (found) => new Set(found.map(({ path }) => path)),
          );
          const deleted = await left;
          const act = async ({ path }: Entry) => {
            if (deleted.has(path)) await client.purge(path, { signal: stop }).catch(unlessGone);
          };
          return eachOf(batch, act, batch.some(({ type }) => type === 'folder') ? 1 : MOST_AT_ONCE);
        },
      });
    },
  };
}

function depth({ type, path }: Entry): number {
  return type === 'file' ? -Infinity : -path.split('/').length;
}

function unlessGone(error: unknown): void {
  if (!isFileServiceError(error) || error.reason !== 'not_found') throw error;
}

function errorsOf(results: readonly BatchResult[]): readonly unknown[] {
  return results.map(({ error }) =>
    error === undefined
      ? undefined
      : errorOf(error.status_code, new Headers(), JSON.stringify({ error })),
  );
}

/** One request an entry, a few at once; what each has thrown. */
async function eachOf(
  entries: readonly Entry[],
  act: (entry: Entry) => Promise<void>,
  atOnce = MOST_AT_ONCE,
): Promise<readonly unknown[]> {
  const errors: unknown[] = entries.map(() => undefined);
  const queue = entries.entries();
  const work = async () => {
    for (const [index, entry] of queue)
      try {
        await act(entry);
      } catch (error) {
        errors[index] = error;
      }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return errors;
}

function transferItems(entries: readonly Entry[], moves: boolean) {
  return entries.map(({ path, type, name }) => ({
    type,
    name: name.slice(name.lastIndexOf('/') + 1),
    source_path: path,
    ...(moves ? { delete_source: true } : {}),
  }));
}
