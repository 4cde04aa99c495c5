// What one request has written so far: it neither replaces nor copies that again, and copies only so much.
import { FileServiceError } from '../../core/errors.js';
import { tooLarge } from '../../core/too-large.js';
import { alreadyExists } from './missing.js';

/** The writes of one request with several items. */
export interface RequestWrites {
  /** @throws FileServiceError `already_exists` when this request has written the key */
  readonly refuseTwice: (key: string) => void;
  /** @throws FileServiceError `conflict` when this request has written the key, which is about to be copied */
  readonly refuseAsSource: (key: string) => void;
  readonly add: (key: string) => void;
  /**
   * Counts objects that are about to be copied.
   *
   * @throws FileServiceError `too_large` when the request would copy more than it may
   */
  readonly countCopies: (objects: number) => void;
}

/** The writes of a request that has written nothing yet. */
export function startWrites(maxCopies: number): RequestWrites {
  const keys = new Set<string>();
  let copies = 0;
  return {
    refuseTwice: (key) => {
      if (keys.has(key)) throw alreadyExists(key);
    },
    refuseAsSource: (key) => {
      if (!keys.has(key)) return;
      throw new FileServiceError(
        'conflict',
        `'${key}' was written by this very request, which cannot copy it as well.`,
        { context: { path: key } },
      );
    },
    add: (key) => {
      keys.add(key);
    },
    countCopies: (objects) => {
      if (copies + objects > maxCopies)
        throw tooLarge(`One request copies at most ${maxCopies} objects.`, maxCopies);
      copies += objects;
    },
  };
}
