// What the service keeps for itself and has removed: in a bucket with versions its bytes would stay, and go on costing.
import { debugStorage } from '../../../core/debug.js';
import type { RemoveManyResult, VersionRemoval } from '../../bucket.js';
import type { S3Context } from '../call.js';
import { listVersions } from './list-versions.js';

type RemoveVersions = (
  context: S3Context,
  versions: readonly VersionRemoval[],
) => Promise<RemoveManyResult>;

/**
 * Removes every version of keys that were just deleted. Never throws: the keys are gone for everybody, and where the
 * service may not list or remove versions, a lifecycle rule has to.
 */
export async function forgetVersions(
  context: S3Context,
  keys: readonly string[],
  removeVersions: RemoveVersions,
): Promise<void> {
  const gone = new Set(keys);
  const prefix = commonStart(keys);
  let after: string | undefined;
  try {
    do {
      const page = await listVersions(context, { prefix, ...(after && { after }) });
      const versions = page.versions.filter(({ key }) => gone.has(key));
      // At most one page of storage, which is no more than one call removes.
      if (versions.length > 0) await removeVersions(context, versions);
      after = page.next;
    } while (after !== undefined);
  } catch (error) {
    debugStorage('versions of removed objects stay: %O', error);
  }
}

function commonStart([first = '', ...others]: readonly string[]): string {
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}
