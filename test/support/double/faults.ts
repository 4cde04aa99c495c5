// Failure on demand: which call a fault meets, and how often.

/**
 * What goes wrong, and with which call. `after` skips that many matches, `times` (default 1) is how
 * often it happens. `bytes` counts the body of the request for PutObject and UploadPart, the body of
 * the answer for every other operation; without it, reset, fin and stall come before anything is
 * done. `delayMs` waits first, whatever the kind. A `delay` adds itself to the next fault.
 * `commit-then-silence` does what was asked and never answers; `body-on-success` adds a body to the answer;
 * `unasked-part` answers 206 with the first `bytes` (default 5); `unasked-304` says that nothing changed;
 * `informational` sends the 1xx `status` (default 103) before the answer.
 */
export interface Fault {
  operation?: string;
  key?: RegExp;
  after?: number;
  times?: number;
  kind:
    | 'status'
    | 'ok-then-error-body'
    | 'reset'
    | 'fin'
    | 'stall'
    | 'black-hole'
    | 'corrupt'
    | 'delay'
    | 'early'
    | 'commit-then-reset'
    | 'commit-then-silence'
    | 'body-on-success'
    | 'unasked-part'
    | 'unasked-304'
    | 'informational'
    | 'malformed';
  status?: number;
  code?: string;
  bytes?: number;
  delayMs?: number;
  body?: string;
}

/** The faults that are waiting for their call. */
export interface FaultList {
  inject(fault: Fault): void;
  clear(): void;
  /** Takes what this call meets: the delays in sum, and at most one other fault. */
  take(operation: string, key: string): { readonly delayMs: number; readonly fault?: Fault };
}

/** The operation that a fault names to fail single keys of a DeleteObjects. */
export const DELETE_IN_BATCH = 'DeleteObject:inBatch';

/** True when `bytes` of a fault counts the request, not the answer. */
export function countsRequest(operation: string): boolean {
  return operation === 'PutObject' || operation === 'UploadPart';
}

/** Makes an empty list. */
export function createFaultList(): FaultList {
  let armed: { readonly fault: Fault; skip: number; left: number }[] = [];

  const matches = (fault: Fault, operation: string, key: string) => {
    if (fault.operation === undefined && operation === DELETE_IN_BATCH) return false;
    if (fault.operation !== undefined && fault.operation !== operation) return false;
    // A global or sticky expression would remember where it last matched.
    return fault.key === undefined || key.search(fault.key) !== -1;
  };

  return {
    inject: (fault) => {
      armed.push({ fault, skip: fault.after ?? 0, left: fault.times ?? 1 });
    },
    clear: () => {
      armed = [];
    },
    take: (operation, key) => {
      let delayMs = 0;
      let found: Fault | undefined;
      for (const entry of armed) {
        const isDelay = entry.fault.kind === 'delay';
        if ((!isDelay && found !== undefined) || !matches(entry.fault, operation, key)) continue;
        if (entry.skip > 0) {
          entry.skip -= 1;
          continue;
        }
        entry.left -= 1;
        delayMs += entry.fault.delayMs ?? 0;
        if (!isDelay) found = entry.fault;
      }
      armed = armed.filter((entry) => entry.left > 0);
      return { delayMs, fault: found };
    },
  };
}
