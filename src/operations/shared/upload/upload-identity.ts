// Which upload a file comes by: the same again when its client repeats the request and says so.
import { createHash, randomUUID } from 'node:crypto';
import { FileServiceError } from '../../../core/errors.js';
import { ownerOf } from '../../uploads/upload-session.js';
import type { Ask, RunContext } from '../../operation.js';

/** One file of a request. */
export interface UploadIdentity {
  /** What the client sent, or is told to send when it repeats the request. */
  readonly repetition: string;
  /** Whether the client has sent it. */
  readonly isRepeatable: boolean;
  /** Of this file by this caller in this container: it stands with the object, and gives nothing to whoever reads it. */
  readonly id: string;
}

// draft-ietf-httpapi-idempotency-key-header section 2.1: a structured string; clients send the bare text as well.
const KEY = /^"?([\x21\x23-\x5b\x5d-\x7e]{1,255})"?$/;

/**
 * The identity of the upload to `key`.
 *
 * @throws FileServiceError `invalid_header`
 */
export function uploadIdentity(
  { request, tenant }: Pick<Ask, 'request' | 'tenant'>,
  { principal }: Pick<RunContext, 'principal'>,
  key: string,
): UploadIdentity {
  const { 'idempotency-key': given } = request.headers;
  const sent = given === undefined ? undefined : KEY.exec(given.trim())?.[1];
  if (given !== undefined && sent === undefined)
    throw new FileServiceError(
      'invalid_header',
      'The header "Idempotency-Key" takes a text of 1 to 255 visible characters.',
    );
  return new Identity(sent, (repetition) => [repetition, tenant(), ownerOf(principal), key]);
}

// Most uploads replace a file and nobody is told of them: theirs is never asked for.
class Identity implements UploadIdentity {
  readonly isRepeatable: boolean;
  readonly #named: (repetition: string) => readonly unknown[];
  #repetition: string | undefined;
  #id: string | undefined;

  constructor(sent: string | undefined, named: (repetition: string) => readonly unknown[]) {
    this.isRepeatable = sent !== undefined;
    this.#repetition = sent;
    this.#named = named;
  }

  get repetition(): string {
    return (this.#repetition ??= randomUUID());
  }

  get id(): string {
    return (this.#id ??= createHash('sha256')
      .update(JSON.stringify(this.#named(this.repetition)))
      .digest('hex')
      .slice(0, 32));
  }
}
