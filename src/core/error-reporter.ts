// What becomes of errors that no client may see: the host's `onError`, or lines on stderr, never too many.
import { debugHook } from './debug.js';
import { isFileServiceError } from './errors.js';
import { isPromise } from './hooks.js';
import type { ErrorPhase, HookRequest, OnError } from './hooks.js';

/** Tells the host of an error. Never throws, and nobody waits for it. */
export type ReportError<Req> = (
  error: unknown,
  phase: ErrorPhase,
  request: HookRequest<Req> | null,
) => void;

/** Between two lines about the same phase, in milliseconds. */
const PAUSE_MS = 10_000;
const MAX_LINE_LENGTH = 1000;

// An error may quote what a client sent: no line end and no terminal control of it reaches a log.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** The reporter of one service. Whatever `onError` throws or rejects with goes to the debug output only. */
export function errorReporter<Req>(onError: OnError<Req> = stderrLines()): ReportError<Req> {
  const failed = (error: unknown): void => debugHook('onError failed: %O', error);
  return (error, phase, request) => {
    debugHook('%s failed: %O', phase, error);
    try {
      const reported: unknown = onError(error, { phase, request });
      if (isPromise(reported)) Promise.resolve(reported).catch(failed);
    } catch (failure) {
      failed(failure);
    }
  };
}

/** Whether a hook threw to choose the answer, which is no failure. */
export function isChosenAnswer(error: unknown): boolean {
  return isFileServiceError(error) && error.status < 500;
}

function stderrLines(): OnError<unknown> {
  const seen = new Map<ErrorPhase, { untilMs: number; untold: number }>();
  return (error, { phase }) => {
    const now = performance.now();
    const last = seen.get(phase);
    if (last !== undefined && now < last.untilMs) {
      last.untold += 1;
      return;
    }
    seen.set(phase, { untilMs: now + PAUSE_MS, untold: 0 });
    const more = last === undefined || last.untold === 0 ? '' : ` (and ${last.untold} more before)`;
    process.stderr.write(`s3files: ${phase} failed: ${lineOf(error)}${more}\n`);
  };
}

function lineOf(error: unknown): string {
  const [, at = ''] = (error instanceof Error && error.stack?.split('\n    at ')) || [];
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const where = at === '' ? '' : ` at ${at.trim()}`;
  return `${text}${where}`.replace(CONTROLS, ' ').slice(0, MAX_LINE_LENGTH);
}
