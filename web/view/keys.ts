// The keyboard: what each key does while the list has the focus, and the few that work everywhere.
import { useEffect, useRef } from 'preact/hooks';
import { parentOf } from '../../src/client/path.js';
import { actionsFor, paste, runAction } from '../actions.js';
import { useApp } from '../app.js';
import type { App } from '../app.js';
import { filesOf, uploadAll } from './choose.js';
import { focusEntries } from './focus.js';
import { letter } from './letters.js';
import type { Typed } from './letters.js';
import { openMenuAt } from './Menu.js';

/** The shape of what is on screen. */
export interface Layout {
  readonly columns: number;
  /** Rows that PageUp and PageDown pass. */
  readonly rows: number;
}

/** A listener for the keys of a list. */
export function useKeys(layout: Layout): (event: KeyboardEvent) => void {
  const app = useApp();
  const typed = useRef<Typed>({ text: '', at: 0 });
  return (event) => {
    if (!isOfList(event)) return;
    const isOther =
      moveFocus(app, event, layout) ||
      select(app, event) ||
      withModifier(app, event) ||
      act(app, event);
    // B, Delete, G and G are no name that begins with "bgg".
    if (isOther) typed.current.text = '';
    if (isOther || letter(app, event, typed.current)) event.preventDefault();
  };
}

// A key on a button inside the list is that button's. Name, box and menu of a row, which Tab passes by, have the
// focus when they were clicked: the list goes on from there.
function isOfList({ key, target, currentTarget }: KeyboardEvent): boolean {
  if (target === currentTarget || ['ArrowUp', 'ArrowDown'].includes(key)) return true;
  const isBox = target instanceof HTMLInputElement && key === ' ';
  return target instanceof HTMLElement && target.tabIndex === -1 && !isBox;
}

function moveFocus({ selection, folder }: App, event: KeyboardEvent, layout: Layout): boolean {
  if (event.altKey || event.ctrlKey || event.metaKey) return false;
  const { columns, rows } = layout;
  const at = selection.indexOf(selection.focus.value);
  const last = folder.visible.value.length - 1;
  const down = (by: number) => {
    const to = at + by * columns;
    if (to < 0) return Math.max(0, at % columns);
    // Below the last full row there may be one with fewer tiles.
    const isLastRow = Math.floor(at / columns) === Math.floor(last / columns);
    return to > last && isLastRow ? at : to;
  };
  const places: Readonly<Record<string, () => number>> = {
    ArrowDown: () => (at < 0 ? 0 : down(1)),
    ArrowUp: () => down(-1),
    PageDown: () => (columns === 1 ? at + rows : down(rows)),
    PageUp: () => down(-rows),
    Home: () => 0,
    End: () => last,
    ...(columns > 1 ? { ArrowRight: () => at + 1, ArrowLeft: () => at - 1 } : {}),
  };
  const place = places[event.key];
  if (place === undefined) return false;
  selection.moveTo(place(), event.shiftKey);
  if (!event.shiftKey) selection.clear();
  return true;
}

function select({ selection, folder, menu }: App, event: KeyboardEvent): boolean {
  const isModified = event.ctrlKey || event.metaKey;
  if (event.key === 'Escape') {
    selection.clear();
    menu.value = undefined;
    if (folder.filter.value !== '') folder.filter.value = '';
    return true;
  }
  if (isModified && event.key.toLowerCase() === 'a') {
    selection.all();
    return true;
  }
  if (isModified && event.key === ' ' && selection.focus.value !== undefined) {
    selection.toggle(selection.focus.value);
    return true;
  }
  return false;
}

function withModifier(app: App, event: KeyboardEvent): boolean {
  const { may } = app;
  if (event.altKey && event.key === 'ArrowUp') return goUp(app);
  if (!(event.ctrlKey || event.metaKey)) return false;
  switch (event.key.toLowerCase()) {
    case 'c':
      if (may.value.copy) hold(app, false);
      return true;
    case 'x':
      if (may.value.move) hold(app, true);
      return true;
    default:
      // Ctrl+V comes as an event of its own, with what the system's clipboard holds.
      return false;
  }
}

function hold({ selection, clipboard, route }: App, moves: boolean): void {
  const entries = selection.targets();
  if (entries.length === 0 || route.value.trash === true) return;
  clipboard.value = { moves, entries };
  // Files that were copied elsewhere before would be pasted instead of these.
  const names = entries.map(({ name }) => name).join('\n');
  navigator.clipboard?.writeText(names).catch(() => undefined);
}

function act(app: App, event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const { selection } = app;
  const entries = selection.targets();
  const focused = selection.focused.value;
  switch (event.key) {
    case 'Enter':
      if (app.route.value.trash === true) runAction(app, 'restore', entries);
      else if (focused !== undefined) app.openEntry(focused);
      return true;
    case ' ':
      return runAction(app, 'preview', focused === undefined ? [] : [focused]) || true;
    case 'Backspace':
      return goUp(app);
    case 'F2':
      return runAction(app, 'rename', entries) || true;
    case 'Delete':
      return runAction(app, 'delete', entries) || runAction(app, 'purge', entries) || true;
    case 'ContextMenu':
      return openMenu(app);
    case 'F10':
      return event.shiftKey && openMenu(app);
    default:
      return false;
  }
}

/** The menu of the row that has the focus, for everything that is selected. */
function openMenu(app: App): boolean {
  const { selection } = app;
  const row = document.getElementById(`entry-${selection.indexOf(selection.focus.value)}`);
  const actions = actionsFor(app, selection.targets());
  if (row === null || actions.length === 0) return true;
  const { left, bottom } = row.getBoundingClientRect();
  const at = { clientX: left + 48, clientY: bottom };
  openMenuAt(app, at, selection.focused.value?.name ?? '', [actions]);
  return true;
}

function goUp(app: App): boolean {
  const { folder, search, trash } = app.route.value;
  if (search !== undefined || trash === true) app.go({ folder });
  else if (folder !== '') app.go({ folder: parentOf(folder) });
  return true;
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type !== 'checkbox';
}

/** Keys that work wherever the focus is, and pasting. */
export function useGlobalKeys(): void {
  const app = useApp();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (document.querySelector('dialog[open]') !== null) return;
      if (isDoneEverywhere(app, event)) event.preventDefault();
    };
    const onPaste = (event: ClipboardEvent) => {
      if (isField(event.target) || document.querySelector('dialog[open]') !== null) return;
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) paste(app);
      else if (app.may.value.upload)
        uploadAll(app, app.route.value.folder, { files: filesOf(files), emptyFolders: [] });
    };
    addEventListener('keydown', onKeyDown);
    addEventListener('paste', onPaste);
    return () => {
      removeEventListener('keydown', onKeyDown);
      removeEventListener('paste', onPaste);
    };
  }, [app]);
}

function isDoneEverywhere(app: App, event: KeyboardEvent): boolean {
  // Before anything has the focus, the arrows lead into the list.
  if (event.target === document.body && ['ArrowUp', 'ArrowDown'].includes(event.key)) {
    focusEntries();
    return true;
  }
  if (!(event.ctrlKey || event.metaKey)) return false;
  switch (event.key.toLowerCase()) {
    case 'z':
      // In a field it takes back what was typed.
      if (app.undo.value === undefined || isField(event.target)) return false;
      app.undo.value();
      return true;
    case 'f':
      document.getElementById('filter')?.focus();
      return true;
    case 'l':
      app.isEditingPath.value = true;
      return true;
    default:
      return false;
  }
}
