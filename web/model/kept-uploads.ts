// Uploads that a reload has broken off: what is needed to go on with them once the file is chosen again.
import { signal } from '@preact/signals';
import type { UploadState } from '../../src/client/file-client.js';
import type { Store } from './settings.js';

/** An upload that the service holds a part of. */
export interface KeptUpload {
  /** Key that the file is to have. */
  readonly path: string;
  readonly name: string;
  readonly size: number;
  readonly lastModified: number;
  readonly create: 'new' | 'replace';
  readonly state: UploadState;
  /** Bytes that were sent when it was kept. */
  readonly sent: number;
}

const NAME = 's3files-uploads';
// What was sent is only shown: the service says where to go on.
const STEP_BYTES = 4_000_000;

/**
 * The uploads of this tab, kept in it: another tab must not take for broken off what still runs here.
 */
export function keptUploads(store: Store) {
  const running = new Map<string, KeptUpload>();
  /** Those of before the reload that nobody has gone on with. */
  const broken = signal<readonly KeptUpload[]>(read(store));

  function save(): void {
    try {
      store.setItem(NAME, JSON.stringify([...broken.value, ...running.values()]));
    } catch {
      // Private windows keep nothing.
    }
  }
  const without = (path: string) => broken.value.filter((kept) => kept.path !== path);

  return {
    broken,
    keep: (kept: KeptUpload) => {
      const known = running.get(kept.path);
      if (known?.state.url === kept.state.url && kept.sent - known.sent < STEP_BYTES) return;
      running.set(kept.path, kept);
      broken.value = without(kept.path);
      save();
    },
    forget: (path: string) => {
      if (!running.delete(path) && without(path).length === broken.value.length) return;
      broken.value = without(path);
      save();
    },
    /** The upload that this file is the rest of. */
    find: (path: string, file: File): KeptUpload | undefined =>
      broken.value.find((kept) => kept.path === path && isSame(kept, file)),
  };
}

/** Whether a file is the one that was being uploaded. */
export function isSame(kept: KeptUpload, file: Pick<File, 'name' | 'size' | 'lastModified'>) {
  return (
    kept.name === file.name && kept.size === file.size && kept.lastModified === file.lastModified
  );
}

function read(store: Store): readonly KeptUpload[] {
  try {
    // Written by ourselves; whatever else it may be is taken as nothing.
    const kept = JSON.parse(store.getItem(NAME) ?? '[]') as unknown;
    return Array.isArray(kept) ? (kept as readonly KeptUpload[]) : [];
  } catch {
    return [];
  }
}
