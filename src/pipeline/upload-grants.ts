// What the tokens in the path of a request give, before anybody is asked who sends it.
import type { Settings } from '../config/settings.js';
import { directPath } from '../core/upload-path.js';
import { uploadGone } from '../operations/uploads/refusals.js';
import { openGrant, type TicketGrant, type UploadGrant } from '../operations/uploads/token.js';

/** The grants of one request. */
export interface UploadGrants {
  /** Of the upload, the link or the part in the path; null where there is none. */
  readonly grant: UploadGrant | null;
  /** Of the ticket before it. */
  readonly ticket: TicketGrant | null;
}

/**
 * What stands `below` the folder of uploads, opened.
 *
 * @throws FileServiceError `upload_gone` for a token that does not open, or is of another kind
 */
export function grantsIn(
  { uploadSecrets, direct }: Pick<Settings, 'uploadSecrets' | 'direct'>,
  below: string,
): UploadGrants {
  const named = direct === undefined ? null : directPath(below);
  if (named === null) return { grant: openGrant(uploadSecrets, below), ticket: null };
  const ticket = named.ticket === null ? null : openGrant(uploadSecrets, named.ticket);
  const grant = named.token === null ? null : openGrant(uploadSecrets, named.token);
  if (ticket !== null && ticket.kind !== 'ticket') throw uploadGone();
  return { grant, ticket };
}

/** In whose name whoever holds a token asks: its maker's, where the token is a credential of its own. */
export function makerOf({ grant, ticket }: UploadGrants): Pick<TicketGrant, 'principal'> | null {
  if (ticket !== null) return ticket;
  return grant?.kind === 'link' || grant?.kind === 'part' ? grant : null;
}
