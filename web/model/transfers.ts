// The queue of uploads: a few at once, each with its own state; nothing is ever overwritten unasked.
import { computed, signal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { FileClient, StoredFile, Upload } from '../../src/client/file-client.js';
import { nameOf, parentOf } from '../../src/client/path.js';
import { nameBeside } from './names.js';
import { Rate } from './rate.js';
import type { Failure } from './sentences.js';

/** What an upload is doing. */
export type TransferState =
  | 'waiting'
  | 'running'
  | 'finishing'
  | 'paused'
  | 'offline'
  | 'retrying'
  | 'conflict'
  | 'done'
  | 'skipped'
  | 'cancelled'
  | 'failed';

/** What to do about a name that is taken. */
export type ConflictChoice = 'replace' | 'keepBoth' | 'skip';

/** One upload. */
export interface Transfer {
  readonly id: number;
  readonly file: File;
  /** Where it goes; another name than the file's when both are kept. */
  readonly path: Signal<string>;
  readonly state: Signal<TransferState>;
  readonly sent: Signal<number>;
  readonly failure: Signal<Failure | undefined>;
  /** Seconds until the next attempt. */
  readonly retryIn: Signal<number>;
}

interface Running extends Transfer {
  attempts: number;
  create: 'new' | 'replace';
  keepsBoth: boolean;
  readonly tried: Set<string>;
  upload: Upload | undefined;
  /** True while its request is under way or paused. */
  isLive: boolean;
  stop: AbortController;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What the queue needs of its surroundings. */
export interface TransferHost {
  readonly client: FileClient;
  readonly isOnline: () => boolean;
  readonly explain: (error: unknown, name: string) => Failure;
  readonly onStored: (file: StoredFile) => void;
}

/** Files with the key each is to have. */
export type Wanted = readonly { readonly path: string; readonly file: File }[];

// Browsers open six connections to a server: two stay free for lists and previews.
const MOST_AT_ONCE = 4;
const PAUSES_SECONDS = [1, 2, 4, 8, 16];
const OVER: ReadonlySet<TransferState> = new Set(['done', 'skipped', 'cancelled', 'failed']);
const HELD: ReadonlySet<TransferState> = new Set(['paused', 'conflict']);

/** True for uploads that nothing more will happen to. */
export const isOver = (state: TransferState): boolean => OVER.has(state);

/** An empty queue. */
export function transferModel(host: TransferHost) {
  const list = signal<readonly Running[]>([]);
  const conflicts = computed(() => list.value.filter(({ state }) => state.value === 'conflict'));
  const summary = computed(() => summarize(list.value));
  const rate = new Rate();
  let nextId = 1;
  let policy: ConflictChoice | undefined;

  function add(wanted: Wanted): void {
    if (list.value.every(({ state }) => OVER.has(state.value))) {
      policy = undefined;
      rate.reset();
      list.value = [];
    }
    list.value = [...list.value, ...wanted.map(({ path, file }) => made(nextId++, path, file))];
    pump();
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
    const resume = transfer.upload?.toJSON();
    transfer.upload = host.client.upload(path.value, file, {
      create: transfer.create,
      signal: stop.signal,
      ...(resume === undefined ? {} : { resume }),
      onProgress: (progress) => {
        rate.add(progress.sent - sent.value);
        sent.value = progress.sent;
        if (progress.sent === progress.total && state.value === 'running')
          state.value = 'finishing';
      },
    });
    try {
      const stored = await transfer.upload;
      transfer.isLive = false;
      sent.value = file.size;
      state.value = 'done';
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
    transfer.upload = undefined;
    transfer.sent.value = 0;
    again(transfer);
  }

  function cancel(transfer: Transfer): void {
    const found = list.value.find(({ id }) => id === transfer.id);
    if (found === undefined || OVER.has(found.state.value)) return;
    found.state.value = 'cancelled';
    clearTimeout(found.timer);
    found.stop.abort();
    pump();
  }

  const find = ({ id }: Transfer) => list.value.find((transfer) => transfer.id === id);

  return {
    list: list as { readonly value: readonly Transfer[] },
    conflicts: conflicts as { readonly value: readonly Transfer[] },
    summary,
    /** Bytes a second, of the last few seconds. */
    speed: () => rate.perSecond(),
    add,
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
      list.value = list.value.filter(({ state }) => !OVER.has(state.value));
    },
  };
}

function made(id: number, path: string, file: File): Running {
  return {
    id,
    file,
    path: signal(path),
    state: signal<TransferState>('waiting'),
    sent: signal(0),
    failure: signal<Failure | undefined>(undefined),
    retryIn: signal(0),
    attempts: 0,
    create: 'new',
    keepsBoth: false,
    tried: new Set(),
    upload: undefined,
    isLive: false,
    stop: new AbortController(),
    timer: undefined,
  };
}

/** The whole queue in a few numbers. */
export interface Summary {
  readonly all: number;
  readonly done: number;
  readonly failed: number;
  readonly isActive: boolean;
  readonly sent: number;
  readonly size: number;
}

function summarize(list: readonly Transfer[]): Summary {
  const counted = list.filter(({ state }) => !['skipped', 'cancelled'].includes(state.value));
  const sum = (of: (transfer: Transfer) => number) =>
    counted.reduce((total, transfer) => total + of(transfer), 0);
  return {
    all: counted.length,
    done: counted.filter(({ state }) => state.value === 'done').length,
    failed: counted.filter(({ state }) => state.value === 'failed').length,
    isActive: counted.some(({ state }) => !OVER.has(state.value) && !HELD.has(state.value)),
    sent: sum(({ sent, file }) => Math.min(sent.value, file.size)),
    size: sum(({ file }) => file.size),
  };
}
