// Cursors: storage's own continuation, sealed so that it is opaque and bound to its folder and flags.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { FileServiceError } from '../../core/errors.js';
import type { OperationSettings } from '../../config/settings.js';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Where a listing goes on. */
export interface Position {
  /** Storage's own continuation; undefined is the beginning. */
  readonly next: string | undefined;
  /** The folder of a tree that the page before ended in. */
  readonly openFolder: string;
  /** Keys of the next call, whose first `skip` entries the page before has shown. */
  readonly rest?: { readonly keys: number; readonly skip: number };
}

/** Seals a position; only the same listing can open it. */
export function sealCursor(
  { cursorKey }: Pick<OperationSettings, 'cursorKey'>,
  position: Position,
  listing: string,
): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', cursorKey, iv).setAAD(Buffer.from(listing));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(position), 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/**
 * Opens a cursor of this very listing.
 *
 * @throws FileServiceError `invalid_parameter` for a foreign, altered or malformed one
 */
export function openCursor(
  { cursorKey }: Pick<OperationSettings, 'cursorKey'>,
  cursor: string,
  listing: string,
): Position {
  try {
    const bytes = Buffer.from(cursor, 'base64url');
    const iv = bytes.subarray(0, IV_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', cursorKey, iv, {
      authTagLength: TAG_BYTES,
    })
      .setAAD(Buffer.from(listing))
      .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const opened = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
    // Authentic, so it is what sealCursor wrote.
    return JSON.parse(Buffer.concat([opened, decipher.final()]).toString('utf8')) as Position;
  } catch (error) {
    throw new FileServiceError(
      'invalid_parameter',
      'The parameter "cursor" takes the "next_cursor" of a page of this same listing.',
      { cause: error },
    );
  }
}
