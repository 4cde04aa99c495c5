// The folder as a list: only the rows in sight are drawn, however many there are.
import { useEffect, useRef } from 'preact/hooks';
import { useApp } from '../app.js';
import { MAX_SORTED } from '../model/folder.js';
import type { SortKey } from '../model/order.js';
import { scrollToRow, usePhone, useWindow } from './hooks.js';
import { Icon } from './Icon.js';
import { useKeys } from './keys.js';
import { useScrollMemory } from './scroll.js';
import { Row } from './Row.js';

// The head, and the margin below it.
const HEAD_HEIGHT = 36 + 4;

export function List() {
  const app = useApp();
  const { folder, selection, texts, route } = app;
  const scroller = useRef<HTMLDivElement>(null);
  const isPhone = usePhone();
  const rowHeight = isPhone ? 56 : 40;
  const lead = isPhone ? 0 : HEAD_HEIGHT;
  const headRows = isPhone ? 0 : 1;
  const entries = folder.visible.value;
  const { first, end } = useWindow(scroller, entries.length, rowHeight, lead);
  const focusIndex = selection.indexOf(selection.focus.value);
  const onKeyDown = useKeys({ columns: 1, rows: pageRows(scroller.current, rowHeight) });

  useEffect(() => {
    scrollToRow(scroller.current, focusIndex, rowHeight, lead);
  }, [focusIndex, rowHeight]);
  useScrollMemory(scroller, entries.length > 0);
  // Near the end of what was read, more is asked for; so it is where a list broke off and is read again.
  useEffect(() => {
    if (end > entries.length - 50) void folder.readMore();
  }, [end, entries.length, folder.status.value]);

  return (
    <div
      ref={scroller}
      id="entries"
      class="list"
      role="grid"
      tabIndex={0}
      aria-label={texts.entriesOf(app.titleOf(route.value.folder))}
      aria-rowcount={folder.status.value === 'whole' ? entries.length + headRows : -1}
      aria-colcount={isPhone ? 2 : 6}
      aria-multiselectable="true"
      {...(focusIndex >= first && focusIndex < end
        ? { 'aria-activedescendant': `entry-${focusIndex}` }
        : {})}
      onKeyDown={onKeyDown}
      onFocus={() => {
        if (focusIndex < 0 && entries[0] !== undefined) selection.focus.value = entries[0].path;
      }}
    >
      {!isPhone && <Head />}
      <div class="rows" role="rowgroup" style={{ height: `${entries.length * rowHeight}px` }}>
        {entries.slice(first, end).map((entry, index) => (
          <Row
            key={entry.path}
            entry={entry}
            index={first + index}
            top={(first + index) * rowHeight}
            isPhone={isPhone}
          />
        ))}
      </div>
    </div>
  );
}

function pageRows(element: HTMLElement | null, rowHeight: number): number {
  return Math.max(1, Math.floor((element?.clientHeight ?? 400) / rowHeight) - 1);
}

function Head() {
  const { texts, folder, selection, route } = useApp();
  const isTrash = route.value.trash === true;
  const all = folder.visible.value.length;
  const chosen = selection.entries.value.length;
  return (
    <div class="list-head" role="row" aria-rowindex={1}>
      <span class="cell-check" role="columnheader">
        <input
          type="checkbox"
          aria-label={texts.selectAll}
          checked={chosen > 0 && chosen === all}
          indeterminate={chosen > 0 && chosen < all}
          onChange={(event) => (event.currentTarget.checked ? selection.all() : selection.clear())}
        />
      </span>
      <HeadCell name="name" label={texts.name} />
      <HeadCell name="size" label={texts.size} />
      <HeadCell name="kind" label={texts.kind} />
      <HeadCell name="modified" label={isTrash ? texts.deletedAt : texts.modified} />
      <span class="cell-menu" role="columnheader">
        <span class="hidden">{texts.more}</span>
      </span>
    </div>
  );
}

function HeadCell({ name, label }: { readonly name: SortKey; readonly label: string }) {
  const { settings, folder, texts } = useApp();
  const { key, descending } = settings.sort.value;
  const isTooLarge = folder.entries.value.length >= MAX_SORTED && folder.status.value !== 'whole';
  const isSorted = folder.status.value === 'whole' ? key === name : name === 'name';
  const isDescending = isSorted && folder.status.value === 'whole' && descending;
  return (
    <span
      class={`cell-${name}`}
      role="columnheader"
      aria-sort={isSorted ? (isDescending ? 'descending' : 'ascending') : 'none'}
    >
      <button
        type="button"
        class="sort"
        disabled={isTooLarge && name !== 'name'}
        {...(isTooLarge ? { title: texts.sortedByName } : {})}
        onClick={() => {
          // The first look at sizes and dates is for the largest and the newest.
          const falls = name === 'size' || name === 'modified';
          settings.sort.value = {
            key: name,
            descending: key === name ? !descending : falls,
          };
          void folder.readRest();
        }}
      >
        {label}
        {isSorted && <Icon name="arrow-up" size={13} />}
      </button>
    </span>
  );
}
