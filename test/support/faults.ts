// What can go wrong between the service and its storage, as values; the fault proxy acts on them.
import type { WholeAnswer } from './whole-answer.ts';

/** The stream that a fault cuts: what the service sends, or what it is sent. */
export type Side = 'request' | 'response';

/** One thing that goes wrong. Byte counts are of the body. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly code: string }
  | { readonly kind: 'ok-then-error-body'; readonly code: string }
  | { readonly kind: 'reset' | 'fin' | 'stall'; readonly afterBytes: number; readonly side: Side }
  | { readonly kind: 'black-hole' }
  | { readonly kind: 'corrupt'; readonly offset: number }
  | { readonly kind: 'drip'; readonly bytesPerSecond: number; readonly side: Side }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | {
      readonly kind: 'early';
      readonly status: number;
      readonly code: string;
      readonly close: boolean;
    }
  | { readonly kind: 'commit-then-reset' | 'commit-then-silence' }
  | { readonly kind: 'answer'; readonly answer: WholeAnswer }
  | { readonly kind: 'rewrite'; readonly rewrite: (answer: WholeAnswer) => WholeAnswer }
  | { readonly kind: 'skew'; readonly seconds: number };

/** Answers with an S3 error after it has read the whole request; storage never sees it. */
export const status = (code: number, s3Code: string): Fault => ({
  kind: 'status',
  status: code,
  code: s3Code,
});

/** Answers 200 whose body is an error, as Complete and Copy can; storage never sees it. */
export const okThenErrorBody = (code: string): Fault => ({ kind: 'ok-then-error-body', code });

/** Cuts the connection with a TCP reset after so many bytes of the body. */
export const reset = (afterBytes = 0, side: Side = 'response'): Fault => ({
  kind: 'reset',
  afterBytes,
  side,
});

/** Ends the connection in an orderly way, but too early. */
export const fin = (afterBytes = 0, side: Side = 'response'): Fault => ({
  kind: 'fin',
  afterBytes,
  side,
});

/** Stops after so many bytes of the body and keeps the connection open. */
export const stall = (afterBytes = 0, side: Side = 'response'): Fault => ({
  kind: 'stall',
  afterBytes,
  side,
});

/** Accepts the request and never answers; its body is read. */
export const blackHole = (): Fault => ({ kind: 'black-hole' });

/** Flips one byte of the response's body. */
export const corrupt = (offset: number): Fault => ({ kind: 'corrupt', offset });

/** Passes the body slowly. */
export const drip = (bytesPerSecond: number, side: Side = 'response'): Fault => ({
  kind: 'drip',
  bytesPerSecond,
  side,
});

/** Waits before it forwards the request. */
export const delay = (delayMs: number): Fault => ({ kind: 'delay', delayMs });

/**
 * Answers before the body was read. What still comes is thrown away, or with `close` the
 * connection ends at once.
 */
export const early = (code: number, s3Code: string, { close = false } = {}): Fault => ({
  kind: 'early',
  status: code,
  code: s3Code,
  close,
});

/** Lets storage do the work, then resets the connection instead of answering. */
export const commitThenReset = (): Fault => ({ kind: 'commit-then-reset' });

/** Lets storage do the work, and never answers. */
export const commitThenSilence = (): Fault => ({ kind: 'commit-then-silence' });

/** What a console port or a captive portal says to everything; storage never sees the call. */
export const webPage = (): Fault => ({
  kind: 'answer',
  answer: {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: Buffer.from('<!doctype html><title>Console</title>'),
  },
});

/** Adds a body to the answer of storage. */
export const withBody = (body: string): Fault => ({
  kind: 'rewrite',
  rewrite: (answer) => ({ ...answer, body: Buffer.from(body) }),
});

/** Answers with the first bytes of the body as if a range had been asked for. */
export const unaskedPart = (bytes: number): Fault => ({
  kind: 'rewrite',
  rewrite: ({ headers, body }) => ({
    status: 206,
    headers: { ...headers, 'content-range': `bytes 0-${bytes - 1}/${body.length}` },
    body: body.subarray(0, bytes),
  }),
});

/** Says that nothing changed, whatever was asked. */
export const unasked304 = (): Fault => ({
  kind: 'rewrite',
  rewrite: ({ headers }) => ({ status: 304, headers, body: Buffer.alloc(0) }),
});

/**
 * A storage whose clock runs ahead: a request signed more than 15 minutes from that clock gets 403
 * RequestTimeTooSkewed with that clock's Date, another is forwarded (to a store with the same clock).
 */
export const skew = (seconds: number): Fault => ({ kind: 'skew', seconds });

/** When a fault happens: the calls that match, from the `nth`, so many `times`. */
export interface Rule {
  /** AWS's name of the call, or several. @default any */
  readonly operation?: string | readonly string[];
  /** Asked of the decoded key, or of the prefix of a listing. @default any */
  readonly key?: RegExp;
  /** The first matching call that fails, counted from 1 since the rule was set. @default 1 */
  readonly nth?: number;
  /** How many calls fail. @default 1 when `nth` is given, else all */
  readonly times?: number;
  /** The share of the calls that fail, by the proxy's seed. @default 1 */
  readonly probability?: number;
  readonly fault: Fault;
}

/** Rules in order; the first that applies decides. */
export interface Rules {
  add(rule: Rule): void;
  clear(): void;
  /** The fault of a call, if any; counts the call for every rule that matches it. */
  next(operation: string, key: string): Fault | undefined;
}

const matches = (rule: Rule, operation: string, key: string): boolean =>
  (rule.operation === undefined || [rule.operation].flat().includes(operation)) &&
  (rule.key === undefined || key.search(rule.key) >= 0);

/** An empty list of rules; `random` decides where a rule has a probability. */
export const faultRules = (random: () => number): Rules => {
  let entries: { readonly rule: Rule; seen: number }[] = [];
  return {
    add: (rule) => {
      entries.push({ rule, seen: 0 });
    },
    clear: () => {
      entries = [];
    },
    next: (operation, key) => {
      let found: Fault | undefined;
      for (const entry of entries) {
        const { nth = 1, times = entry.rule.nth === undefined ? Infinity : 1 } = entry.rule;
        if (!matches(entry.rule, operation, key)) continue;
        entry.seen += 1;
        const due = entry.seen >= nth && entry.seen < nth + times;
        if (due && random() < (entry.rule.probability ?? 1)) found ??= entry.rule.fault;
      }
      return found;
    },
  };
};
