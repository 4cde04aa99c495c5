// The SDK, loaded with the first command that travels by it: it takes as long to load as all the rest, and as much memory.
import type { StorageSettings } from '../../settings.js';
import type { Sdk } from './sdk.js';

/** The SDK as a way for commands. A command that finds it cannot be loaded fails with why. */
export function lazySdk(settings: StorageSettings): Sdk {
  let loaded: Sdk | undefined;
  let loading: Promise<Sdk> | undefined;
  let clockOffsetMs = 0;
  let isClosed = false;

  const load = (): Promise<Sdk> => {
    loading ??= import('./sdk.js').then(({ sdk }) => {
      const opened = sdk(settings);
      opened.setClockOffset(clockOffsetMs);
      if (isClosed) opened.close();
      return (loaded = opened);
    });
    return loading;
  };

  return {
    send: (name, input, terms) =>
      loaded === undefined
        ? load().then((sdk) => sdk.send(name, input, terms))
        : loaded.send(name, input, terms),
    setClockOffset(ms) {
      clockOffsetMs = ms;
      loaded?.setClockOffset(ms);
    },
    busySockets: () => loaded?.busySockets() ?? 0,
    waiting: () => loaded?.waiting() ?? 0,
    close() {
      isClosed = true;
      loaded?.close();
    },
  };
}
