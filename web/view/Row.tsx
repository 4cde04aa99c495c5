// One entry of the list.
import { useRef } from 'preact/hooks';
import type { Entry } from '../../src/client/file-client.js';
import { parentOf } from '../../src/client/path.js';
import { useApp } from '../app.js';
import { kindOf } from '../model/kinds.js';
import { splitForDisplay } from '../model/names.js';
import { hashOf } from '../model/route.js';
import { IconButton } from './Icon.js';
import { useEntryEvents } from './entry-events.js';
import { actionsFor } from '../actions.js';
import { openMenuBelow } from './Menu.js';
import { Thumbnail } from './Thumbnail.js';
import type { Texts } from '../texts.js';

interface RowProps {
  readonly entry: Entry;
  readonly index: number;
  readonly top: number;
  readonly isPhone: boolean;
}

export function Row({ entry, index, top, isPhone }: RowProps) {
  const app = useApp();
  const { selection, texts, format, jobs } = app;
  const isSelected = selection.paths.value.has(entry.path);
  const { classes, ...events } = useEntryEvents(entry);
  const row = useRef<HTMLDivElement>(null);
  return (
    <div
      ref={row}
      id={`entry-${index}`}
      class={`row ${classes}`}
      role="row"
      // The head is the first row; a phone has none.
      aria-rowindex={index + (isPhone ? 1 : 2)}
      aria-label={labelOf(app, entry)}
      aria-selected={isSelected}
      aria-busy={jobs.busy.value.has(entry.path)}
      style={{ transform: `translateY(${top}px)` }}
      {...(entry.type === 'folder' ? { 'data-folder': entry.path } : {})}
      {...events}
    >
      <span class="cell-check" role="gridcell">
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={texts.select(entry.name)}
          checked={isSelected}
          onClick={(event) => {
            event.stopPropagation();
            if (event.shiftKey) selection.extendTo(entry.path);
            else selection.toggle(entry.path);
          }}
        />
      </span>
      <span class="cell-name" role="gridcell">
        <span class="entry-icon">
          <Thumbnail entry={entry} size={isPhone ? 26 : 20} />
        </span>
        <span class="name-lines">
          <Name entry={entry} />
          {isPhone && <span class="muted second-line">{secondLine(entry, app)}</span>}
        </span>
      </span>
      {!isPhone && (
        <>
          <span class="cell-size" role="gridcell">
            {entry.type === 'file' ? format.size(entry.content_length) : ''}
          </span>
          <span class="cell-kind" role="gridcell">
            {kindText(entry, texts)}
          </span>
          <span class="cell-modified" role="gridcell" title={format.dateTime(entry.last_modified)}>
            {format.date(entry.last_modified)}
          </span>
        </>
      )}
      <span class="cell-menu" role="gridcell">
        {entry.addressable !== false && (
          <IconButton
            icon="ellipsis"
            label={texts.actionsFor(entry.name)}
            tabIndex={-1}
            onClick={(event) => {
              event.stopPropagation();
              selection.only(entry.path);
              openMenuBelow(app, event, entry.name, [actionsFor(app, [entry])]);
            }}
          />
        )}
      </span>
    </div>
  );
}

/** An entry in words: a row read cell by cell would begin with its box and end with its menu. */
export function labelOf({ texts, format }: ReturnType<typeof useApp>, entry: Entry): string {
  const { type, name, addressable } = entry;
  return [
    name === '' ? '/' : name,
    addressable === false ? texts.notAddressable : kindText(entry, texts),
    type === 'file' ? format.size(entry.content_length) : '',
    format.date(entry.last_modified),
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** A name as a link, cut in its middle when there is no room. */
export function Name({ entry }: { readonly entry: Entry }) {
  const { texts, route } = useApp();
  // A key such as `a//b` lies in a folder without a name.
  const shown = entry.name === '' ? '/' : entry.name;
  // What a search finds is named with the way to it.
  const at = shown.slice(0, -1).lastIndexOf('/') + 1;
  const [head, tail] = splitForDisplay(shown.slice(at));
  const label = (
    <bdi class="name" title={shown}>
      {at > 0 && <span class="name-lead muted">{shown.slice(0, at)}</span>}
      <span class="name-head">{head}</span>
      {tail !== '' && <span class="name-tail">{tail}</span>}
    </bdi>
  );
  if (route.value.trash === true) return <span class="name-link">{label}</span>;
  if (entry.addressable === false)
    return (
      <span class="name-link unreachable" title={`${shown} ${texts.notAddressable}`}>
        {label}
        <span class="hidden">{texts.notAddressable}</span>
      </span>
    );
  const to =
    entry.type === 'folder'
      ? { folder: entry.path }
      : {
          folder: route.value.search === undefined ? route.value.folder : parentOf(entry.path),
          preview: entry.path,
        };
  return (
    <a
      class="name-link"
      href={hashOf(to)}
      // The name in one piece: its parts would be read as words.
      aria-label={shown}
      tabIndex={-1}
      draggable={false}
    >
      {label}
    </a>
  );
}

function secondLine(entry: Entry, { format, texts }: ReturnType<typeof useApp>): string {
  if (entry.type === 'folder') return texts.kindFolder;
  return `${format.size(entry.content_length)} · ${format.date(entry.last_modified)}`;
}

/** What kind of file something is, for people. */
export function kindText(entry: Entry, texts: Texts): string {
  const kind = kindOf(entry);
  const names = {
    folder: texts.kindFolder,
    image: texts.kindImage,
    video: texts.kindVideo,
    audio: texts.kindAudio,
    pdf: texts.kindPdf,
    text: texts.kindText,
    code: texts.kindCode,
    sheet: texts.kindSheet,
    archive: texts.kindArchive,
    file: texts.kindFile,
  };
  return names[kind];
}
