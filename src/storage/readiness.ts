// Whether storage answers, for health checks: one cheap call, asked seldom, shared by all who ask meanwhile.
import { ClientAbort, type ClientSignal } from '../core/client-signal.js';
import { within } from '../core/deadline.js';
import { isFileServiceError } from '../core/errors.js';
import { OWN_FOLDER } from '../core/key.js';
import type { Bucket } from './bucket.js';

/** How long an answer is good for, in milliseconds. */
const GOOD_MS = 5000;
/** Health checks give up soon themselves. */
const PATIENCE_MS = 3000;
// A name that no client can use, so that nothing is ever there.
const NOTHING = `${OWN_FOLDER}check/ready`;

type Open = (
  container: string,
  call: { readonly signal: ClientSignal; readonly onCall: () => void },
) => Bucket;

/** A question to storage: one HeadObject of a file that does not exist. It never rejects. */
export function readinessOf(open: Open): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined;
  let askAgainAtMs = 0;
  return () => {
    if (answer !== undefined && performance.now() < askAgainAtMs) return answer;
    askAgainAtMs = performance.now() + GOOD_MS;
    answer = answers(open);
    return answer;
  };
}

async function answers(open: Open): Promise<boolean> {
  const signal = new ClientAbort();
  const late = (): Error => new Error(`storage did not answer within ${PATIENCE_MS} ms`);
  try {
    const bucket = open('', { signal, onCall: () => undefined });
    await within(bucket.stat(NOTHING), PATIENCE_MS, late);
    return true;
  } catch (error) {
    signal.abort(error);
    // Without the right to list, S3 hides with 403 that a file is missing (AWS: HeadObject, permissions): it answers.
    return isFileServiceError(error) && error.reason === 'storage_access_denied';
  }
}
