// The parameter that names one version of a file.
import type { OperationSettings } from '../../config/settings.js';
import { FileServiceError } from '../../core/errors.js';
import { text } from '../../http/parameters.js';

/** `version_id`, declared. */
export const versionIdParameter = text(
  'One version of the file instead of the newest, by the `version_id` that `versions` lists.',
);

// AWS "Working with version IDs": "no more than 1,024 bytes long".
const VERSION_ID = /^[\x21-\x7e]{1,1024}$/;

/**
 * The version that a parameter names, as storage is asked for it; nothing when it is not given.
 *
 * @throws FileServiceError `invalid_parameter`, also where the host has not turned `versions` on
 */
export function versionOf(
  settings: Pick<OperationSettings, 'versions'>,
  versionId: string | undefined,
): { readonly versionId?: string } {
  if (versionId === undefined) return {};
  requireVersions(settings, 'version_id');
  if (VERSION_ID.test(versionId)) return { versionId };
  throw new FileServiceError(
    'invalid_parameter',
    'The parameter "version_id" takes a "version_id" of the file\'s versions.',
  );
}

/**
 * Refuses a parameter that must not be ignored where the host has not turned its option on.
 *
 * @throws FileServiceError `invalid_parameter`
 */
export function requireVersions(
  settings: Pick<OperationSettings, 'versions' | 'trash'> | Pick<OperationSettings, 'versions'>,
  parameter: string,
  option: 'versions' | 'trash' = 'versions',
): void {
  if ((settings as Readonly<Record<string, unknown>>)[option] === true) return;
  throw new FileServiceError(
    'invalid_parameter',
    `The parameter "${parameter}" needs the option "${option}" of this service, which is off.`,
  );
}
