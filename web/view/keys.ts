// The keyboard: what each key does while the list has the focus, and the few that work everywhere.
import { useEffect, useRef } from 'preact/hooks';
import { parentOf } from '../../src/client/path.js';
import { paste, runAction } from '../actions.js';
import { useApp } from '../app.js';
import type { App } from '../app.js';
import { chooseFiles, filesOf, uploadAll } from './choose.js';

/** The shape of what is on screen. */
export interface Layout {
  readonly columns: number;
  /** Rows that PageUp and PageDown pass. */
  readonly rows: number;
}

// What is typed within this time belongs together.
const TYPING_MS = 1000;

/** What was typed last. */
interface Typed {
  text: string;
  at: number;
  /** A second letter is waited for. */
  afterG: boolean;
}

/** A listener for the keys of a list. */
export function useKeys(layout: Layout): (event: KeyboardEvent) => void {
  const app = useApp();
  const typed = useRef<Typed>({ text: '', at: 0, afterG: false });
  return (event) => {
    const { target, currentTarget } = event;
    // A key on a button inside the list is that button's.
    if (target !== currentTarget && !['ArrowUp', 'ArrowDown'].includes(event.key)) return;
    const isDone =
      moveFocus(app, event, layout) ||
      select(app, event) ||
      withModifier(app, event) ||
      act(app, event) ||
      letter(app, event, typed.current);
    if (isDone) event.preventDefault();
  };
}

function moveFocus({ selection }: App, event: KeyboardEvent, { columns, rows }: Layout): boolean {
  if (event.altKey || event.ctrlKey || event.metaKey) return false;
  const at = selection.indexOf(selection.focus.value);
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: columns,
    ArrowUp: -columns,
    PageDown: columns * rows,
    PageUp: -columns * rows,
    Home: -Infinity,
    End: Infinity,
    ...(columns > 1 ? { ArrowRight: 1, ArrowLeft: -1 } : {}),
  };
  const step = steps[event.key];
  if (step === undefined) return false;
  selection.moveTo(at + step, event.shiftKey);
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
  const { selection, clipboard, may } = app;
  if (event.altKey && event.key === 'ArrowUp') return goUp(app);
  if (!(event.ctrlKey || event.metaKey)) return false;
  const entries = selection.targets();
  switch (event.key.toLowerCase()) {
    case 'c':
      if (may.value.copy && app.route.value.trash !== true)
        clipboard.value = { moves: false, entries };
      return true;
    case 'x':
      if (may.value.move && app.route.value.trash !== true)
        clipboard.value = { moves: true, entries };
      return true;
    default:
      // Ctrl+V comes as an event of its own, with what the system's clipboard holds.
      return false;
  }
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
    default:
      return false;
  }
}

function letter(app: App, event: KeyboardEvent, typed: Typed): boolean {
  if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return false;
  const now = Date.now();
  const goesOn = now - typed.at < TYPING_MS && typed.text !== '';
  if (!goesOn && app.settings.singleKeys.value && command(app, event.key, typed)) return true;
  typed.text = goesOn ? typed.text + event.key : event.key;
  typed.at = now;
  jump(app, typed.text);
  return true;
}

function command(app: App, key: string, typed: Typed): boolean {
  const { settings, overlay, may, selection } = app;
  const entries = selection.targets();
  switch (key) {
    case '/':
      document.getElementById('filter')?.focus();
      return true;
    case '?':
      overlay.value = { kind: 'keyboard' };
      return true;
    case 'n':
      if (may.value.newFolder) overlay.value = { kind: 'newFolder' };
      return may.value.newFolder;
    case 'u':
    case 'U':
      if (may.value.upload) chooseFiles(app, key === 'U');
      return may.value.upload;
    case 'd':
      return runAction(app, 'download', entries);
    case 's':
      return runAction(app, 'share', entries);
    case 'i':
      settings.hasPanel.value = !settings.hasPanel.value;
      if (selection.paths.value.size === 0 && selection.focus.value !== undefined)
        selection.only(selection.focus.value);
      return true;
    default:
      return chooseView(app, key, typed);
  }
}

// G, then L for the list or G for tiles.
function chooseView({ settings }: App, key: string, typed: Typed): boolean {
  const isSecond = typed.afterG && Date.now() - typed.at < TYPING_MS;
  typed.afterG = key === 'g' && !isSecond;
  typed.at = Date.now();
  if (!isSecond) return typed.afterG;
  if (key !== 'g' && key !== 'l') return false;
  settings.view.value = key === 'g' ? 'grid' : 'list';
  return true;
}

function jump({ folder, selection }: App, text: string): void {
  const wanted = text.toLocaleLowerCase();
  const at = selection.indexOf(selection.focus.value);
  const { value: entries } = folder.visible;
  // The same letter again goes on to the next name.
  const from = text.length === 1 ? at + 1 : Math.max(0, at);
  const rotated = [...entries.slice(from), ...entries.slice(0, from)];
  const found = rotated.find(({ name }) => name.toLocaleLowerCase().startsWith(wanted));
  if (found !== undefined) selection.focus.value = found.path;
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
      if (!(event.ctrlKey || event.metaKey) || document.querySelector('dialog[open]') !== null)
        return;
      const key = event.key.toLowerCase();
      // In a field it takes back what was typed.
      if (key === 'z' && app.undo.value !== undefined && !isField(event.target)) app.undo.value();
      else if (key === 'f') document.getElementById('filter')?.focus();
      else if (key === 'l') app.isEditingPath.value = true;
      else return;
      event.preventDefault();
    };
    const onPaste = (event: ClipboardEvent) => {
      if (event.target instanceof HTMLInputElement) return;
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
