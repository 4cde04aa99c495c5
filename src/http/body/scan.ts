// Shows an upload to the host's scanner while it streams, at the scanner's pace, and gets its verdict.
import { isChosenAnswer } from '../../core/error-reporter.js';
import { FileServiceError, isFileServiceError } from '../../core/errors.js';
import type { Scan, ScanInfo, ScanVerdict } from '../../core/hooks.js';

/** What to tell the scanner, and how long it may be silent. */
export interface ScanOptions {
  readonly info: ScanInfo;
  /** Silence while bytes or the verdict are due; then the upload is refused. */
  readonly timeoutMs: number;
  /** Told what the scanner threw, and of its silence; not of an answer that it chose. */
  readonly onFailure: (error: unknown) => void;
}

/** What the scanner's doings mean for the upload. */
export interface ScanEvents {
  /** It can be shown another chunk. */
  readonly onWant: () => void;
  /** It has refused, failed or fallen silent. */
  readonly onRefuse: (error: FileServiceError) => void;
}

/** A scanner at work on one upload. */
export interface Scanner {
  /** Shows a chunk; false asks to wait for `onWant` before the next. */
  readonly write: (chunk: Uint8Array) => boolean;
  /**
   * There are no more bytes; settles with the verdict.
   *
   * @throws FileServiceError `rejected_by_scan`; `authorization_unavailable` when the scanner failed or
   * fell silent; or what the scanner threw, when that is a FileServiceError
   */
  readonly end: () => Promise<void>;
  /** The upload has failed: the scanner's reading throws this error. */
  readonly abort: (error: Error) => void;
}

interface Waiter {
  readonly resolve: (result: IteratorResult<Uint8Array, undefined>) => void;
  readonly reject: (error: Error) => void;
}

interface State {
  /** Shown, not yet taken. */
  offered: Uint8Array | null;
  readonly waiters: Waiter[];
  ended: boolean;
  /** The scanner does not want to read on, or has answered. */
  indifferent: boolean;
  aborted: Error | null;
  silence: NodeJS.Timeout | undefined;
}

const DONE = { done: true, value: undefined } as const;

/** Starts the host's scanner on an upload. */
export function startScan(
  scan: Scan,
  { info, timeoutMs, onFailure }: ScanOptions,
  events: ScanEvents,
): Scanner {
  const state: State = {
    offered: null,
    waiters: [],
    ended: false,
    indifferent: false,
    aborted: null,
    silence: undefined,
  };
  let settle: (refusal: FileServiceError | null) => void = () => undefined;
  const outcome = new Promise<FileServiceError | null>((resolve) => (settle = resolve));
  const onSilence = (): void => {
    const late = new Error(`scan did not answer within ${timeoutMs} ms`);
    onFailure(late);
    settle(unavailable(late));
  };
  const listen = (): void => {
    clearTimeout(state.silence);
    state.silence = setTimeout(onSilence, timeoutMs);
    state.silence.unref();
  };
  const stream = iterable(state, events.onWant, listen);
  void judge(() => scan(stream, info), onFailure).then(settle);
  void outcome.then((refusal) => {
    ignoreRest(state);
    if (refusal === null) events.onWant();
    else events.onRefuse(refusal);
  });
  return {
    write: (chunk) => {
      if (state.indifferent) return true;
      const waiter = state.waiters.shift();
      if (waiter !== undefined) {
        waiter.resolve({ done: false, value: chunk });
        return true;
      }
      state.offered = chunk;
      listen();
      return false;
    },
    end: async () => {
      state.ended = true;
      for (const waiter of state.waiters.splice(0)) waiter.resolve(DONE);
      listen();
      const refusal = await outcome;
      clearTimeout(state.silence);
      if (refusal !== null) throw refusal;
    },
    abort: (error) => {
      state.aborted = error;
      ignoreRest(state);
      for (const waiter of state.waiters.splice(0)) waiter.reject(error);
    },
  };
}

function ignoreRest(state: State): void {
  state.indifferent = true;
  state.offered = null;
  clearTimeout(state.silence);
}

// One chunk is on offer at a time: the scanner's pace is the upload's.
function iterable(state: State, onWant: () => void, listen: () => void): AsyncIterable<Uint8Array> {
  const next = (): Promise<IteratorResult<Uint8Array, undefined>> => {
    if (state.aborted !== null) return Promise.reject(state.aborted);
    const { offered } = state;
    if (offered !== null) {
      state.offered = null;
      if (state.ended) listen();
      else clearTimeout(state.silence);
      onWant();
      return Promise.resolve({ done: false, value: offered });
    }
    if (state.ended || state.indifferent) return Promise.resolve(DONE);
    const coming = new Promise<IteratorResult<Uint8Array, undefined>>((resolve, reject) => {
      state.waiters.push({ resolve, reject });
    });
    // A scanner that has stopped waiting need not hear that the upload failed.
    coming.catch(() => undefined);
    return coming;
  };
  const stop = (): Promise<IteratorResult<Uint8Array, undefined>> => {
    ignoreRest(state);
    // It has read enough; its verdict is still due.
    if (state.ended) listen();
    onWant();
    return Promise.resolve(DONE);
  };
  const iterator = { next, return: stop };
  return { [Symbol.asyncIterator]: () => iterator };
}

// Null allows. Anything but a clear yes refuses.
async function judge(
  scan: () => ReturnType<Scan>,
  onFailure: ScanOptions['onFailure'],
): Promise<FileServiceError | null> {
  try {
    const verdict: ScanVerdict = await scan();
    if (verdict === true) return null;
    if (typeof verdict === 'object' && verdict?.allowed === true) return null;
    const reason = typeof verdict === 'object' ? verdict?.message : undefined;
    return new FileServiceError('rejected_by_scan', reason ?? 'The file was rejected by the scan.');
  } catch (error) {
    if (!isChosenAnswer(error)) onFailure(error);
    return isFileServiceError(error) ? error : unavailable(error);
  }
}

function unavailable(cause: unknown): FileServiceError {
  return new FileServiceError(
    'authorization_unavailable',
    'The scan of the file came to no verdict.',
    { cause },
  );
}
