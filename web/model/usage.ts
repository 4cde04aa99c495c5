// How much of the quota is used, where the host has set one.
import { signal } from '@preact/signals';
import type { FileClient, FileUsage } from '../../src/client/file-client.js';

// Many files end within moments: one question answers for all of them.
const PAUSE_MS = 400;

/** The use of the quota; undefined where there is none, or where the caller may not know. */
export function usageModel(client: FileClient, isOffered: boolean) {
  const value = signal<FileUsage | undefined>(undefined);
  let timer: ReturnType<typeof setTimeout> | undefined;

  const read = () =>
    client.usage().then(
      (found) => {
        value.value = found;
      },
      // It helps, and nothing depends on it.
      () => undefined,
    );

  /** Asks again, soon. */
  function changed(): void {
    if (!isOffered) return;
    clearTimeout(timer);
    timer = setTimeout(() => void read(), PAUSE_MS);
  }

  if (isOffered) void read();
  return { value, changed };
}
