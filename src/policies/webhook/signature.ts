// How a webhook is signed: Standard Webhooks, so that receivers in any language verify it with a library.
import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
// Standard Webhooks, "Signature scheme": 24 to 64 random bytes, base64-encoded behind `whsec_`.
const LEAST_BYTES = 24;
const MOST_BYTES = 64;

/** The bytes of a secret; undefined when it is not `whsec_` and the base64 of 24 to 64 bytes. */
export function webhookKey(secret: unknown): Buffer | undefined {
  if (typeof secret !== 'string' || !secret.startsWith(PREFIX)) return undefined;
  const text = secret.slice(PREFIX.length);
  const key = Buffer.from(text, 'base64');
  const bare = (base64: string): string => base64.replace(/=+$/, '');
  // Node's decoder skips what is no base64.
  if (bare(key.toString('base64')) !== bare(text)) return undefined;
  return key.length < LEAST_BYTES || key.length > MOST_BYTES ? undefined : key;
}

/** One message, as it is sent. */
export interface WebhookMessage {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/** The headers that identify and sign a message; a signature for each key, so that a secret can be replaced. */
export function webhookHeaders(
  keys: readonly Uint8Array[],
  { id, timestamp, body }: WebhookMessage,
): Readonly<Record<string, string>> {
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
}
