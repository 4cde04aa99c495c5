// One upload of the queue, and the queue in a few numbers.
import { signal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { Upload, UploadState } from '../../src/client/file-client.js';
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

/** What the queue itself knows of an upload. */
export interface Running extends Transfer {
  attempts: number;
  /** The most bytes that were ever sent. */
  furthest: number;
  create: 'new' | 'replace';
  keepsBoth: boolean;
  readonly tried: Set<string>;
  upload: Upload | undefined;
  /** What it goes on with. */
  resume: UploadState | undefined;
  /** True while its request is under way or paused. */
  isLive: boolean;
  stop: AbortController;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const OVER: ReadonlySet<TransferState> = new Set(['done', 'skipped', 'cancelled', 'failed']);
const HELD: ReadonlySet<TransferState> = new Set(['paused', 'conflict']);

/** True for uploads that nothing more will happen to. */
export const isOver = (state: TransferState): boolean => OVER.has(state);

/** An upload that waits for its turn. */
export function newTransfer(id: number, path: string, file: File): Running {
  return {
    id,
    file,
    path: signal(path),
    state: signal<TransferState>('waiting'),
    sent: signal(0),
    failure: signal<Failure | undefined>(undefined),
    retryIn: signal(0),
    attempts: 0,
    furthest: 0,
    create: 'new',
    keepsBoth: false,
    tried: new Set(),
    upload: undefined,
    resume: undefined,
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

/** The queue in numbers; what was left out or cancelled does not count. */
export function summarize(list: readonly Transfer[]): Summary {
  let [all, done, failed, sent, size] = [0, 0, 0, 0, 0];
  let isActive = false;
  for (const transfer of list) {
    const { value: state } = transfer.state;
    if (state === 'skipped' || state === 'cancelled') continue;
    all += 1;
    if (state === 'done') done += 1;
    if (state === 'failed') failed += 1;
    isActive ||= !OVER.has(state) && !HELD.has(state);
    // What was sent of a file that was refused is stored nowhere.
    if (state !== 'conflict' && state !== 'failed')
      sent += Math.min(transfer.sent.value, transfer.file.size);
    size += transfer.file.size;
  }
  return { all, done, failed, isActive, sent, size };
}
