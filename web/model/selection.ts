// Which entries are selected, and which one has the focus.
import { computed, effect, signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import type { Entry } from '../../src/client/file-client.js';

/** The selection among the visible entries; while `isReading` says so, what is missing may still come. */
export function selectionModel(
  visible: ReadonlySignal<readonly Entry[]>,
  isReading: () => boolean = () => false,
) {
  const paths = signal<ReadonlySet<string>>(new Set());
  const focus = signal<string | undefined>(undefined);
  const anchor = signal<string | undefined>(undefined);

  const indexes = computed(
    () => new Map(visible.value.map(({ path }, index) => [path, index] as const)),
  );
  const indexOf = (path: string | undefined): number =>
    path === undefined ? -1 : (indexes.value.get(path) ?? -1);
  const entries = computed(() => visible.value.filter(({ path }) => paths.value.has(path)));
  const focused = computed(() => visible.value[indexOf(focus.value)]);

  // Where the focus was: when its entry goes, the next one has it.
  let lastIndex = -1;
  effect(() => {
    const { length } = visible.value;
    const index = indexOf(focus.value);
    if (focus.value === undefined) lastIndex = -1;
    if (index >= 0) lastIndex = index;
    else if (lastIndex >= 0 && length > 0 && (lastIndex < length || !isReading()))
      focus.value = visible.value[Math.min(lastIndex, length - 1)]?.path;
  });

  const only = (path: string) => {
    paths.value = new Set([path]);
    anchor.value = path;
    focus.value = path;
  };
  const toggle = (path: string) => {
    const next = new Set(paths.value);
    if (!next.delete(path)) next.add(path);
    paths.value = next;
    anchor.value = path;
    focus.value = path;
  };
  const extendTo = (path: string) => {
    const [from, to] = [Math.max(0, indexOf(anchor.value)), indexOf(path)];
    const range = visible.value.slice(Math.min(from, to), Math.max(from, to) + 1);
    paths.value = new Set(range.map((entry) => entry.path));
    focus.value = path;
  };
  const clear = () => {
    paths.value = new Set();
  };

  return {
    paths,
    focus,
    entries,
    focused,
    only,
    toggle,
    extendTo,
    clear,
    indexOf,
    all: () => {
      paths.value = new Set(visible.value.map(({ path }) => path));
    },
    /** Moves the focus to an index; with `extend` the selection follows. */
    moveTo: (index: number, extend = false) => {
      const last = visible.value.length - 1;
      const entry = visible.value[Math.max(0, Math.min(last, index))];
      if (entry === undefined) return;
      if (extend) {
        anchor.value ??= focus.value ?? entry.path;
        extendTo(entry.path);
      } else {
        anchor.value = entry.path;
        focus.value = entry.path;
      }
    },
    /** What an action is about: the selection, else what has the focus. */
    targets: (): readonly Entry[] => {
      if (entries.value.length > 0) return entries.value;
      return focused.value === undefined ? [] : [focused.value];
    },
    reset: () => {
      clear();
      focus.value = undefined;
      anchor.value = undefined;
    },
  };
}
