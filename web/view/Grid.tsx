// The folder as tiles: pictures show themselves.
import { useEffect, useRef } from 'preact/hooks';
import type { Entry } from '../../src/client/file-client.js';
import { useApp } from '../app.js';
import { useEntryEvents } from './entry-events.js';
import { scrollToRow, useWindow } from './hooks.js';
import { useKeys } from './keys.js';
import { labelOf, Name } from './Row.js';
import { useScrollMemory } from './scroll.js';
import { Thumbnail } from './Thumbnail.js';

const TILE = { width: 168, height: 188 };

export function Grid() {
  const app = useApp();
  const { folder, selection, texts, route } = app;
  const scroller = useRef<HTMLDivElement>(null);
  const entries = folder.visible.value;
  const width = (scroller.current?.clientWidth ?? innerWidth) - 24;
  const columns = Math.max(2, Math.floor(width / TILE.width));
  const rows = Math.ceil(entries.length / columns);
  const { first, end } = useWindow(scroller, rows, TILE.height, 12);
  const focusIndex = selection.indexOf(selection.focus.value);
  const height = scroller.current?.clientHeight ?? innerHeight;
  const onKeyDown = useKeys({ columns, rows: Math.max(1, Math.floor(height / TILE.height)) });

  useEffect(() => {
    if (focusIndex >= 0)
      scrollToRow(scroller.current, Math.floor(focusIndex / columns), TILE.height, 24);
  }, [focusIndex, columns]);
  useScrollMemory(scroller, entries.length > 0);
  useEffect(() => {
    if (end > rows - 8) void folder.readMore();
  }, [end, rows, folder.status.value]);

  return (
    <div
      ref={scroller}
      id="entries"
      class="grid"
      role="grid"
      tabIndex={0}
      aria-label={texts.entriesOf(app.titleOf(route.value.folder))}
      aria-rowcount={folder.status.value === 'whole' ? rows : -1}
      aria-colcount={columns}
      aria-multiselectable="true"
      {...(focusIndex >= first * columns && focusIndex < end * columns
        ? { 'aria-activedescendant': `entry-${focusIndex}` }
        : {})}
      onKeyDown={onKeyDown}
      onFocus={() => {
        if (focusIndex < 0 && entries[0] !== undefined) selection.focus.value = entries[0].path;
      }}
    >
      <div class="tiles" role="rowgroup" style={{ height: `${rows * TILE.height}px` }}>
        {Array.from({ length: Math.max(0, end - first) }, (_, offset) => {
          const row = first + offset;
          return (
            <div
              key={row}
              class="tile-row"
              role="row"
              aria-rowindex={row + 1}
              style={{
                transform: `translateY(${row * TILE.height}px)`,
                gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
              }}
            >
              {entries.slice(row * columns, (row + 1) * columns).map((entry, column) => (
                <Tile key={entry.path} entry={entry} index={row * columns + column} />
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Tile({ entry, index }: { readonly entry: Entry; readonly index: number }) {
  const app = useApp();
  const { selection, texts, jobs } = app;
  const isSelected = selection.paths.value.has(entry.path);
  const { classes, ...events } = useEntryEvents(entry);
  return (
    <div
      id={`entry-${index}`}
      class={`tile ${classes}`}
      role="gridcell"
      aria-label={labelOf(app, entry)}
      aria-selected={isSelected}
      aria-busy={jobs.busy.value.has(entry.path)}
      {...(entry.type === 'folder' ? { 'data-folder': entry.path } : {})}
      {...events}
    >
      <span class="tile-picture">
        <span class="entry-icon">
          <Thumbnail entry={entry} size={52} />
        </span>
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={texts.select(entry.name)}
          checked={isSelected}
          onClick={(event) => {
            event.stopPropagation();
            selection.toggle(entry.path);
          }}
        />
      </span>
      <span class="tile-name">
        <Name entry={entry} />
      </span>
    </div>
  );
}
