// The queue of uploads: a few at once, each with its own state; nothing is ever overwritten unasked.
import { computed, signal } from '@preact/signals';
import type { FileClient, StoredFile } from '../../src/client/file-client.js';
import { nameOf, parentOf } from '../../src/client/path.js';
import { nameBeside } from './names.js';
import { Rate } from './rate.js';
import type { keptUploads, KeptUpload } from './kept-uploads.js';
import type { Failure } from './sentences.js';
import { isOver, newTransfer, summarize } from './transfer.js';
import type { Running, Transfer } from './transfer.js';

/** What to do about a name that is taken. */
export type ConflictChoice = 'replace' | 'keepBoth' | 'skip';

/** What the queue needs of its surroundings. */
export interface TransferHost {
  readonly client: FileClient;
  readonly isOnline: () => boolean;
  readonly explain: (error: unknown, name: string) => Failure;
  readonly onStored: (file: StoredFile) => void;
  readonly kept: ReturnType<typeof keptUploads>;
}

/** Files with the key each is to have. */
export type Wanted = readonly { readonly path: string; readonly file: File }[];

// Browsers open six connections to a server: two stay free for lists and previews.
const MOST_AT_ONCE = 4;
const PAUSES_SECONDS = [1, 2, 4, 8, 16];

/** An empty queue. */
export function transferModel(host: TransferHost) {
  const list = signal<readonly Running[]>([]);
  const conflicts = computed(() => list.value.filter(({ state }) => state.value === 'conflict'));
  const summary = computed(() => summarize(list.value));
  const rate = new Rate();
  let nextId = 1;
  let policy: ConflictChoice | undefined;

  function add(wanted: Wanted): void {
    if (list.value.every(({ state }) => isOver(state.value))) {
      policy = undefined;
      rate.reset();
      list.value = [];
    }
    list.value = [...list.value, ...wanted.map(({ path, file }) => prepared(path, file))];
    pump();
  }

  // The rest of an upload that a reload has broken off, or a new one.
  function prepared(path: string, file: File): Running {
    const transfer = newTransfer(nextId++, path, file);
    const kept = host.kept.find(path, file);
    if (kept === undefined) return transfer;
    return Object.assign(transfer, { resume: kept.state, create: kept.create });
  }

  function keep({ path, file, create, upload }: Running, sent: number): void {
    const state = upload?.toJSON();
    if (state === undefined) return;
    const { name, size, lastModified } = file;
    host.kept.keep({ path: path.value, name, size, lastModified, create, state, sent });
  }

  function pump(): void {
    let running = list.value.filter(({ state }) =>
      ['running', 'finishing'].includes(state.value),
    ).length;
    for (const transfer of list.value) {
      if (running >= MOST_AT_ONCE) return;
      if (transfer.state.value !== 'waiting') continue;
      running += 1;
      void run(transfer);
    }
  }

  async function run(transfer: Running): Promise<void> {
    const { path, file, state, sent, stop } = transfer;
    state.value = 'running';
    transfer.failure.value = undefined;
    transfer.isLive = true;
    const resume = transfer.upload?.toJSON() ?? transfer.resume;
    transfer.upload = host.client.upload(path.value, file, {
      create: transfer.create,
      signal: stop.signal,
      ...(resume === undefined ? {} : { resume }),
      onProgress: (progress) => {
        // Getting further ends a row of failures: a long upload may meet many.
        if (progress.sent > transfer.furthest) transfer.attempts = 0;
        transfer.furthest = Math.max(transfer.furthest, progress.sent);
        rate.add(progress.sent - sent.value);
        sent.value = progress.sent;
        keep(transfer, progress.sent);
        if (progress.sent === progress.total && state.value === 'running')
          state.value = 'finishing';
      },
    });
    try {
      const stored = await transfer.upload;
      transfer.isLive = false;
      sent.value = file.size;
      state.value = 'done';
      host.kept.forget(path.value);
      host.onStored(stored);
    } catch (error) {
      transfer.isLive = false;
      settle(transfer, error);
    }
    pump();
  }

  function settle(transfer: Running, error: unknown): void {
    const { state, failure } = transfer;
    if (state.value === 'cancelled') return;
    const found = host.explain(error, nameOf(transfer.path.value));
    failure.value = found;
    if (found.reason === 'already_exists') return meetConflict(transfer);
    if (found.reason === 'upload_gone' && transfer.attempts < PAUSES_SECONDS.length) {
      transfer.attempts += 1;
      beginAnew(transfer);
      return again(transfer);
    }
    if (found.reason === 'network' && !host.isOnline()) {
      state.value = 'offline';
      return;
    }
    const pause = PAUSES_SECONDS[transfer.attempts];
    if (!found.isTransient || pause === undefined) {
      state.value = 'failed';
      return;
    }
    transfer.attempts += 1;
    state.value = 'retrying';
    countDown(transfer, Math.max(pause, found.retryAfter ?? 0));
  }

  function countDown(transfer: Running, seconds: number): void {
    transfer.retryIn.value = seconds;
    if (seconds <= 0) return again(transfer);
    transfer.timer = setTimeout(() => countDown(transfer, seconds - 1), 1000);
  }

  function again(transfer: Running): void {
    clearTimeout(transfer.timer);
    transfer.state.value = 'waiting';
    pump();
  }

  function meetConflict(transfer: Running): void {
    const choice = transfer.keepsBoth ? 'keepBoth' : policy;
    if (choice === undefined) transfer.state.value = 'conflict';
    else apply(transfer, choice);
  }

  function apply(transfer: Running, choice: ConflictChoice): void {
    if (choice === 'skip') {
      transfer.state.value = 'skipped';
      return pump();
    }
    if (choice === 'replace') transfer.create = 'replace';
    else {
      const { path, tried } = transfer;
      transfer.keepsBoth = true;
      tried.add(nameOf(path.value));
      path.value = parentOf(path.value) + nameBeside(nameOf(path.value), (name) => tried.has(name));
    }
    beginAnew(transfer);
    again(transfer);
  }

  function beginAnew(transfer: Running): void {
    host.kept.forget(transfer.path.value);
    transfer.upload = undefined;
    transfer.resume = undefined;
    transfer.sent.value = 0;
  }

  function cancel(transfer: Transfer): void {
    const found = list.value.find(({ id }) => id === transfer.id);
    if (found === undefined || isOver(found.state.value)) return;
    found.state.value = 'cancelled';
    clearTimeout(found.timer);
    found.stop.abort();
    host.kept.forget(found.path.value);
    pump();
  }

  /** Gives an upload up that a reload has broken off: the service need not keep what it has. */
  function discard({ path, state }: KeptUpload): void {
    host.kept.forget(path);
    // An upload that is stopped before it begins ends its session.
    const stopped = { resume: state, signal: AbortSignal.abort() };
    host.client.upload(path, new Blob(), stopped).catch(() => undefined);
  }

  const find = ({ id }: Transfer) => list.value.find((transfer) => transfer.id === id);

  return {
    list: list as { readonly value: readonly Transfer[] },
    conflicts: conflicts as { readonly value: readonly Transfer[] },
    summary,
    /** Bytes a second, of the last few seconds. */
    speed: () => rate.perSecond(),
    add,
    broken: host.kept.broken as { readonly value: readonly KeptUpload[] },
    discard,
    cancel,
    cancelAll: () => list.value.forEach(cancel),
    pause: (transfer: Transfer) => {
      const found = find(transfer);
      if (found === undefined) return;
      clearTimeout(found.timer);
      found.upload?.pause();
      found.state.value = 'paused';
      pump();
    },
    resume: (transfer: Transfer) => {
      const found = find(transfer);
      if (found === undefined) return;
      // A request that was paused goes on by itself; without one the upload waits for its turn.
      if (!found.isLive) return again(found);
      found.upload?.resume();
      found.state.value = 'running';
    },
    retry: (transfer: Transfer) => {
      const found = find(transfer);
      if (found === undefined) return;
      found.attempts = 0;
      found.stop = new AbortController();
      again(found);
    },
    /** Goes on with what waits for the network. */
    online: () => {
      for (const transfer of list.value) if (transfer.state.value === 'offline') again(transfer);
    },
    resolve: (transfer: Transfer, choice: ConflictChoice, forAll: boolean) => {
      if (forAll) policy = choice;
      const asked = forAll ? conflicts.value : list.value.filter(({ id }) => id === transfer.id);
      for (const one of asked) apply(one, choice);
    },
    clear: () => {
      list.value = list.value.filter(({ state }) => !isOver(state.value));
    },
  };
}
