// Work on many entries: moving, copying, deleting. Small batches, so that it can be watched and stopped.
import { computed, signal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { BatchResult, Entry, FileClient } from '../../src/client/file-client.js';
import { errorOf } from '../../src/client/call.js';
import type { Failure } from './sentences.js';

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

/** What is done to each batch. */
type Work = (entries: readonly Entry[], signal: AbortSignal) => Promise<readonly BatchResult[]>;

/** What the work needs of its surroundings. */
export interface JobHost {
  readonly client: FileClient;
  readonly explain: (error: unknown, name: string) => Failure;
  /** Hears that the work is over, however it went. */
  readonly onEnd: () => void;
}

const BATCH = 20;

/** No work. */
export function jobModel(host: JobHost) {
  const list = signal<readonly Job[]>([]);
  /** Paths that are being worked on. */
  const busy = signal<ReadonlySet<string>>(new Set());
  let nextId = 1;

  function start(title: string, entries: readonly Entry[], work: Work): void {
    const stop = new AbortController();
    const job: Job = {
      id: nextId++,
      title,
      all: entries.length,
      done: signal(0),
      isOver: signal(false),
      failures: signal([]),
      stop: () => stop.abort(),
      retry: () => {
        list.value = list.value.filter(({ id }) => id !== job.id);
        start(
          title,
          job.failures.value.map(({ entry }) => entry),
          work,
        );
      },
    };
    list.value = [...list.value, job];
    void run(job, entries, work, stop.signal);
  }

  async function run(job: Job, entries: readonly Entry[], work: Work, stop: AbortSignal) {
    mark(entries, true);
    for (let at = 0; at < entries.length && !stop.aborted; at += BATCH) {
      const batch = entries.slice(at, at + BATCH);
      const failed = await attempt(batch, work, stop);
      if (stop.aborted) break;
      job.failures.value = [...job.failures.value, ...failed];
      job.done.value += batch.length - failed.length;
    }
    mark(entries, false);
    job.isOver.value = true;
    if (job.failures.value.length === 0) list.value = list.value.filter(({ id }) => id !== job.id);
    host.onEnd();
  }

  async function attempt(batch: readonly Entry[], work: Work, stop: AbortSignal) {
    try {
      const results = await work(batch, stop);
      return batch.flatMap((entry, index) => {
        const error = results[index]?.error;
        if (error === undefined) return [];
        const thrown = errorOf(error.status_code, new Headers(), JSON.stringify({ error }));
        return [{ entry, failure: host.explain(thrown, entry.name) }];
      });
    } catch (thrown) {
      return batch.map((entry) => ({ entry, failure: host.explain(thrown, entry.name) }));
    }
  }

  function mark(entries: readonly Entry[], isBusy: boolean): void {
    const next = new Set(busy.value);
    for (const { path } of entries)
      if (isBusy) next.add(path);
      else next.delete(path);
    busy.value = next;
  }

  return {
    list,
    busy,
    isActive: computed(() => list.value.some(({ isOver }) => !isOver.value)),
    dismiss: (job: Job) => {
      list.value = list.value.filter(({ id }) => id !== job.id);
    },
    move: (title: string, entries: readonly Entry[], folder: string) =>
      start(title, entries, (batch, signal) =>
        host.client.create(folder, transferItems(batch, true), { signal }),
      ),
    copy: (title: string, entries: readonly Entry[], folder: string) =>
      start(title, entries, (batch, signal) =>
        host.client.create(folder, transferItems(batch, false), { signal }),
      ),
    remove: (title: string, entries: readonly Entry[]) =>
      start(title, entries, (batch, signal) =>
        host.client.removeMany(
          batch.map(({ path, type }) => ({ path, type })),
          { force: true, signal },
        ),
      ),
  };
}

function transferItems(entries: readonly Entry[], moves: boolean) {
  return entries.map(({ path, type, name }) => ({
    type,
    name: name.slice(name.lastIndexOf('/') + 1),
    source_path: path,
    ...(moves ? { delete_source: true } : {}),
  }));
}
