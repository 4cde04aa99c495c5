// What a person has chosen, kept in the browser.
import { effect, signal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { Sort } from './order.js';

/** The choices. */
export interface Settings {
  readonly view: Signal<'list' | 'grid'>;
  readonly theme: Signal<'auto' | 'light' | 'dark'>;
  readonly sort: Signal<Sort>;
  readonly hasPanel: Signal<boolean>;
  readonly singleKeys: Signal<boolean>;
}

/** Keeps texts by name; a browser may refuse to. */
export interface Store {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
}

const NAME = 's3files';

/** The choices, as they were kept and from now on kept. */
export function settingsIn(store: Store): Settings {
  const kept = readKept(store);
  const settings: Settings = {
    view: signal(kept.view === 'grid' ? 'grid' : 'list'),
    theme: signal(kept.theme === 'light' || kept.theme === 'dark' ? kept.theme : 'auto'),
    sort: signal(kept.sort ?? { key: 'name', descending: false }),
    hasPanel: signal(kept.hasPanel === true),
    singleKeys: signal(kept.singleKeys !== false),
  };
  effect(() => {
    const values = Object.fromEntries(
      Object.entries(settings).map(([name, held]) => [name, (held as Signal<unknown>).value]),
    );
    try {
      store.setItem(NAME, JSON.stringify(values));
    } catch {
      // Private windows keep nothing.
    }
  });
  return settings;
}

interface Kept {
  readonly view?: string;
  readonly theme?: string;
  readonly sort?: Sort;
  readonly hasPanel?: boolean;
  readonly singleKeys?: boolean;
}

function readKept(store: Store): Kept {
  try {
    // Written by ourselves; whatever else it may be is taken as nothing.
    return (JSON.parse(store.getItem(NAME) ?? '{}') as Kept | null) ?? {};
  } catch {
    return {};
  }
}
