// Audit events in batches, for a store that takes many at once: bounded, in order, and never silently lost.
import { within } from '../../core/deadline.js';
import { FileServiceError } from '../../core/errors.js';
import type { AuditEvent } from '../../core/hooks.js';
import { checkOptions, checkWhole } from '../known-options.js';

/**
 * Options of {@link auditBatches}.
 *
 * @example
 * const options: AuditBatchesOptions = { maxEvents: 500, maxDelayMs: 100 };
 */
export interface AuditBatchesOptions {
  /** Events of a batch. @default 100 */
  readonly maxEvents?: number;
  /** How long the first event of a batch waits for others, in milliseconds. @default 100 */
  readonly maxDelayMs?: number;
  /** Events that wait while the store is slow or fails; beyond them an event is refused. @default 10000 */
  readonly maxWaiting?: number;
}

interface Waiting {
  readonly event: AuditEvent;
  readonly done: (error?: unknown) => void;
}

/** What is waited for at most, in milliseconds: a store that is silent is one that fails. */
const SILENT_MS = 10_000;
/** Between two attempts of a batch that failed, in milliseconds. */
const RETRY_MS = 1000;

const unavailable = (cause: unknown): FileServiceError =>
  new FileServiceError('audit_unavailable', 'The audit record cannot be written.', { cause });

/**
 * An audit hook that hands events on in batches, in order, one batch at a time: `auditBatches((events) => insert(events))`.
 *
 * The hook's promise fulfils when `send` has taken the batch; it rejects with `audit_unavailable` as soon as `send` fails,
 * or when too many wait. What failed stays in the queue and is sent again each second, so that `send` may see an event
 * twice (its `id` tells). With `auditRequired` the service then refuses until a batch goes through.
 *
 * Throws a TypeError for a wrong option.
 *
 * @example
 * const audit = auditBatches(async (events) => {
 *   process.stdout.write(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
 * });
 */
export function auditBatches(
  send: (events: readonly AuditEvent[]) => unknown,
  options: AuditBatchesOptions = {},
): (event: AuditEvent) => Promise<void> {
  checkOptions('auditBatches', options, ['maxEvents', 'maxDelayMs', 'maxWaiting']);
  const { maxEvents = 100, maxDelayMs = 100, maxWaiting = 10_000 } = options;
  checkWhole('auditBatches: "maxEvents"', maxEvents, 1);
  checkWhole('auditBatches: "maxDelayMs"', maxDelayMs, 1);
  checkWhole('auditBatches: "maxWaiting"', maxWaiting, 1);
  if (typeof send !== 'function') throw new TypeError('auditBatches takes a function.');

  const waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isSending = false;

  const later = (ms: number): void => {
    timer ??= setTimeout(() => void flush(), ms);
  };
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (isSending) return;
    isSending = true;
    const batch = waiting.slice(0, maxEvents);
    try {
      const late = (): Error => new Error(`no answer in ${SILENT_MS} ms`);
      const sent = Promise.resolve(send(batch.map(({ event }) => event)));
      await within(sent, SILENT_MS, late);
      waiting.splice(0, batch.length);
      for (const { done } of batch) done();
      if (waiting.length > 0) later(waiting.length >= maxEvents ? 0 : maxDelayMs);
    } catch (error) {
      // Whoever waits hears of it at once; the events stay.
      for (const { done } of waiting) done(unavailable(error));
      later(RETRY_MS);
    } finally {
      isSending = false;
    }
  };

  return (event) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= maxWaiting) {
        reject(unavailable(new Error(`${maxWaiting} events are waiting.`)));
        return;
      }
      // An event that has failed once may still be told of what became of it: nobody listens then.
      waiting.push({ event, done: (error) => (error === undefined ? resolve() : reject(error)) });
      if (waiting.length === maxEvents) void flush();
      else later(maxDelayMs);
    });
}
