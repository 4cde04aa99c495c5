// The ready-made audit hook: one JSON line a request into a stream, in order, and never too many.
import type { Writable } from 'node:stream';
import { FileServiceError } from '../core/errors.js';
import type { AuditEvent } from '../core/hooks.js';
import { AUDIT_FIELDS, auditLine, type AuditField } from './audit-line.js';
import { checkOptions } from './known-options.js';

/**
 * Options of {@link auditLog}.
 *
 * @example
 * const options: AuditLogOptions = { fields: ['time', 'id', 'verb', 'path', 'status'] };
 */
export interface AuditLogOptions {
  /** Which fields a line has. @default all; example: `['time', 'id', 'verb', 'path', 'status']` */
  readonly fields?: readonly AuditField[];
}

interface Waiting {
  readonly line: string;
  readonly done: (error?: Error | null) => void;
}

// 40 MiB at most, while a stream does not drain.
const MAX_WAITING = 10_000;

const unavailable = (cause: unknown): FileServiceError =>
  new FileServiceError('audit_unavailable', 'The audit record cannot be written.', { cause });

const checkFields = (fields: unknown): void => {
  if (!Array.isArray(fields) || fields.length === 0) {
    throw new TypeError('auditLog: "fields" must be a list of fields.');
  }
  const known: readonly unknown[] = AUDIT_FIELDS;
  const unknown = fields.find((field) => !known.includes(field));
  if (unknown === undefined) return;
  throw new TypeError(
    `auditLog: ${JSON.stringify(unknown)} is not a field; they are ${AUDIT_FIELDS.join(', ')}.`,
  );
};

const ignore = (): void => undefined;

// Shared by all audit logs, so that many of them on one stream leave one listener of each kind.
const unfinished = new WeakMap<Writable, Set<Waiting['done']>>();

/** What a stream has not confirmed yet; it fails when the stream closes before it does. */
const unfinishedOf = (stream: Writable): Set<Waiting['done']> => {
  const known = unfinished.get(stream);
  if (known !== undefined) return known;
  const begun = new Set<Waiting['done']>();
  unfinished.set(stream, begun);
  // A full disk fails the hook's promise; without a listener it would end the host's process.
  stream.on('error', ignore);
  // A destroyed stream need not call back for the chunk that it was writing.
  stream.on('close', () => begun.forEach((done) => done(closed(stream))));
  return begun;
};

const closed = (stream: Writable): Error => stream.errored ?? new Error('The stream is closed.');

const writeTo = (stream: Writable, { line, done }: Waiting): void => {
  if (!stream.writable) {
    done(closed(stream));
    return;
  }
  const begun = unfinishedOf(stream);
  const finish: Waiting['done'] = (error) => {
    begun.delete(finish);
    done(error);
  };
  begun.add(finish);
  stream.write(line, finish);
};

/** Calls back once, when the stream drains, or closes because another took its place. */
const whenFree = (stream: Writable, callBack: () => void): void => {
  const free = (): void => {
    stream.off('drain', free).off('close', free);
    callBack();
  };
  stream.on('drain', free).on('close', free);
};

/** Hands lines to the current stream while it takes them; the rest wait for it to drain. */
const queueOnto = (current: () => Writable) => {
  const waiting: Waiting[] = [];
  let blockedBy: Writable | null = null;

  const waitFor = (stream: Writable): void => {
    if (blockedBy === stream) return;
    blockedBy = stream;
    whenFree(stream, () => {
      if (blockedBy === stream) blockedBy = null;
      safeFlush();
    });
  };

  const flush = (): void => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const stream = current();
      if (stream.writable && stream.writableNeedDrain) return waitFor(stream);
      waiting.shift();
      writeTo(stream, next);
    }
  };

  const failAll = (error: unknown): void => {
    const reason = error instanceof Error ? error : new Error(String(error));
    for (const { done } of waiting.splice(0)) done(reason);
  };

  const safeFlush = (): void => {
    try {
      flush();
    } catch (error) {
      failAll(error);
    }
  };

  return (line: string): Promise<void> =>
    new Promise((resolve, reject) => {
      if (waiting.length >= MAX_WAITING) {
        reject(unavailable(new Error(`${MAX_WAITING} lines are waiting.`)));
        return;
      }
      waiting.push({
        line,
        done: (error) => (error ? reject(unavailable(error)) : resolve()),
      });
      safeFlush();
    });
};

/**
 * Writes one JSON line a request, at most 4 KiB, with control characters escaped and long values
 * cut: `auditLog(process.stdout)`. Give a function that returns the stream of the moment when files
 * rotate; it is asked for every line.
 *
 * The hook's promise fulfils when the stream has taken the line. While the stream is full, up to
 * 10,000 lines wait. It rejects with `audit_unavailable` when more would wait, or the stream is
 * closed or fails. The stream is never ended.
 *
 * Throws a TypeError for an unknown option or field, or when the target is no stream.
 *
 * @example
 * const audit = auditLog(process.stdout, { fields: ['time', 'id', 'verb', 'path', 'status'] });
 */
export function auditLog(
  target: Writable | (() => Writable),
  options: AuditLogOptions = {},
): (event: AuditEvent) => Promise<void> {
  checkOptions('auditLog', options, ['fields']);
  const { fields = AUDIT_FIELDS } = options;
  checkFields(fields);
  if (typeof target !== 'function' && typeof target?.write !== 'function') {
    throw new TypeError('auditLog takes a writable stream, or a function that returns one.');
  }
  const wanted = AUDIT_FIELDS.filter((field) => fields.includes(field));
  const write = queueOnto(typeof target === 'function' ? target : () => target);
  return async (event) => write(auditLine(event, wanted));
}
