// The ready-made `onUploaded`: tells another server of each file, signed, and again until it has heard.
import { setTimeout as pause } from 'node:timers/promises';
import type { OnUploaded, UploadDetails, UploadedFile } from '../../core/on-uploaded.js';
import { checkOptions, checkWhole } from '../known-options.js';
import { webhookHeaders, webhookKey } from './signature.js';

/**
 * Options of {@link webhook}.
 *
 * @example
 * const options: WebhookOptions = { secret: process.env.WEBHOOK_SECRET!, attempts: 5 };
 */
export interface WebhookOptions {
  /**
   * `whsec_` and the base64 of 24 to 64 random bytes, as Standard Webhooks has it. A list signs with each of them,
   * while receivers change from one to the other.
   */
  readonly secret: string | readonly string[];
  /** How often a message is sent at most, the first time included. @default 3 */
  readonly attempts?: number;
  /** For one attempt, in milliseconds; all of them together end with `timeouts.hookMs`. @default 2000 */
  readonly attemptMs?: number;
}

interface Sender {
  readonly url: URL;
  readonly keys: readonly Buffer[];
  readonly attempts: number;
  readonly attemptMs: number;
}

/** Between attempts, doubled each time, in milliseconds. */
const FIRST_PAUSE_MS = 200;
/** A receiver may answer this much JSON, which becomes the `data` of the answer to the upload. */
const MAX_ANSWER_BYTES = 64 * 1024;
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i;

/**
 * An `onUploaded` that sends `{"type":"file.uploaded","timestamp","data":{"file","principal","upload"}}` to a URL by
 * POST, with `webhook-id`, `webhook-timestamp` and `webhook-signature` (Standard Webhooks, `v1`: HMAC-SHA-256). The id
 * is that of the upload and stays the same however often it is sent. Of the principal only `id` and `roles` are told.
 *
 * Any 2xx is heard; JSON of 64 KiB at most in it becomes the `data` of the answer to the upload. No connection, silence
 * for `attemptMs`, 408, 429 and 5xx are tried again, after a pause or the receiver's `Retry-After`; other answers,
 * redirects among them, are not. Then the hook throws: the upload is answered 502 `hook_failed`.
 *
 * Throws a TypeError for a URL that is neither http nor https or holds credentials, for a secret of another form, and
 * for an unknown option. Source: https://github.com/standard-webhooks/standard-webhooks
 *
 * @example
 * const onUploaded = webhook('https://app.example/hooks/files', { secret: process.env.WEBHOOK_SECRET! });
 */
export function webhook(url: string | URL, options: WebhookOptions): OnUploaded {
  const sender = senderOf(url, options);
  return async (file, details) => {
    const body = bodyOf(file, details);
    let failure: unknown;
    for (let attempt = 1; attempt <= sender.attempts; attempt += 1) {
      const outcome = await sendOnce(sender, details, body);
      if (outcome.kind === 'heard') return outcome.data;
      failure = outcome.error;
      const isLast = attempt === sender.attempts || outcome.kind === 'refused';
      if (isLast || details.signal.aborted) break;
      await pauseBefore(outcome.retryAfterMs ?? FIRST_PAUSE_MS * 2 ** (attempt - 1), details);
    }
    throw failure;
  };
}

function senderOf(url: string | URL, options: WebhookOptions): Sender {
  checkOptions('webhook', options, ['secret', 'attempts', 'attemptMs']);
  const { secret, attempts = 3, attemptMs = 2000 } = options;
  checkWhole('webhook: "attempts"', attempts, 1);
  checkWhole('webhook: "attemptMs"', attemptMs, 1);
  const target = URL.canParse(String(url)) ? new URL(url) : undefined;
  const isHttp = target?.protocol === 'https:' || target?.protocol === 'http:';
  if (target === undefined || !isHttp || target.username !== '' || target.password !== '')
    throw new TypeError('webhook takes an http or https URL without credentials.');
  const keys = [secret].flat().map(webhookKey);
  if (keys.length === 0 || keys.includes(undefined))
    throw new TypeError(
      'webhook: "secret" takes "whsec_" and the base64 of 24 to 64 random bytes, or a list of such texts.',
    );
  return { url: target, keys: keys as readonly Buffer[], attempts, attemptMs };
}

function bodyOf(file: UploadedFile, { principal, upload }: UploadDetails): string {
  const { id, roles } = principal ?? {};
  return JSON.stringify({
    type: 'file.uploaded',
    timestamp: new Date().toISOString(),
    data: {
      file: {
        name: file.name,
        path: file.path,
        content_type: file.contentType,
        content_length: file.contentLength,
        etag: file.etag,
      },
      principal: principal === null ? null : { id, roles },
      upload,
    },
  });
}

type Outcome =
  | { readonly kind: 'heard'; readonly data: unknown }
  | { readonly kind: 'refused'; readonly error: Error; readonly retryAfterMs?: undefined }
  | { readonly kind: 'failed'; readonly error: unknown; readonly retryAfterMs?: number };

async function sendOnce(
  { url, keys, attemptMs }: Sender,
  { upload, signal }: UploadDetails,
  body: string,
): Promise<Outcome> {
  const message = { id: upload.id, timestamp: Math.floor(Date.now() / 1000), body };
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...webhookHeaders(keys, message) },
      body,
      // A signed message is for this receiver and no other.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(attemptMs)]),
    });
    if (answer.ok) return { kind: 'heard', data: await dataOf(answer) };
    await answer.body?.cancel();
    return refusedBy(answer);
  } catch (error) {
    return { kind: 'failed', error };
  }
}

function refusedBy({ status, headers }: Response): Outcome {
  const error = new Error(`the receiver of the webhook answered ${status}`);
  if (status < 500 && status !== 408 && status !== 429) return { kind: 'refused', error };
  // RFC 9110 section 10.2.3: seconds, or a date, which is not worth waiting for here.
  const seconds = headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(seconds)
    ? { kind: 'failed', error, retryAfterMs: Number(seconds) * 1000 }
    : { kind: 'failed', error };
}

async function dataOf(answer: Response): Promise<unknown> {
  if (answer.body === null || !JSON_TYPE.test(answer.headers.get('content-type') ?? '')) {
    await answer.body?.cancel();
    return undefined;
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    // The iterator's return cancels the rest.
    if (bytes > MAX_ANSWER_BYTES) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    // It has heard, whatever it says.
    return undefined;
  }
}

async function pauseBefore(milliseconds: number, { signal }: UploadDetails): Promise<void> {
  // An end of the wait shows at the next attempt, which then fails at once.
  await pause(milliseconds, undefined, { signal }).catch(() => undefined);
}
