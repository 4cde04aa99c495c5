// The refusal of a list where the URL alone says what is meant.
import { readSmallBody } from '../../http/body/json.js';
import { declaredLength } from '../../http/request.js';
import type { Ask } from '../operation.js';
import { invalidBody } from '../shared/invalid-body.js';
import { MAX_JSON_BYTES } from '../shared/items.js';

/**
 * Refuses a body that could be a list. No bytes, and an empty object, are none.
 *
 * @throws FileServiceError `invalid_body`
 */
export async function refuseList({ request, settings }: Ask, sentence: string): Promise<void> {
  if (!request.hasBody) return;
  const bytes = await readSmallBody(request.body, {
    maxBytes: MAX_JSON_BYTES,
    idleMs: settings.timeouts.idleMs,
    signal: request.signal,
    length: declaredLength(request.headers),
  });
  if (!/^\s*(?:\{\s*\}\s*)?$/.test(bytes.toString())) throw invalidBody(sentence);
}
