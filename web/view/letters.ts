// Keys without a modifier that print something: commands of one letter, and the beginning of a name to go to.
import { runAction } from '../actions.js';
import type { App } from '../app.js';
import { chooseFiles } from './choose.js';

// What is typed within this time belongs together.
const TYPING_MS = 1000;

/** What was typed last. */
export interface Typed {
  text: string;
  at: number;
}

/** Does what a letter stands for, or goes to the name that begins with it. */
export function letter(app: App, event: KeyboardEvent, typed: Typed): boolean {
  if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return false;
  const now = Date.now();
  const before = now - typed.at < TYPING_MS ? typed.text : '';
  typed.at = now;
  typed.text = '';
  if (app.settings.singleKeys.value) {
    // G, then L for the list or G for tiles.
    if (before === 'g' && chooseView(app, event.key)) return true;
    if (before === '' && command(app, event)) return true;
  }
  typed.text = before + event.key.toLowerCase();
  jump(app, typed.text);
  return true;
}

function command(app: App, { key, shiftKey }: KeyboardEvent): boolean {
  const { settings, overlay, may, selection } = app;
  const entries = selection.targets();
  if (key === '/') {
    document.getElementById('filter')?.focus();
    return true;
  }
  if (key === '?') {
    overlay.value = { kind: 'keyboard' };
    return true;
  }
  switch (shiftKey ? `shift ${key.toLowerCase()}` : key.toLowerCase()) {
    case 'n':
      if (may.value.newFolder) overlay.value = { kind: 'newFolder' };
      return may.value.newFolder;
    case 'u':
    case 'shift u':
      if (may.value.upload) chooseFiles(app, shiftKey ? 'folder' : 'files');
      return may.value.upload;
    case 'd':
      return runAction(app, 'download', entries);
    case 's':
      return runAction(app, 'share', entries);
    case 'i':
      settings.hasPanel.value = !settings.hasPanel.value;
      if (selection.paths.value.size === 0 && selection.focused.value !== undefined)
        selection.only(selection.focused.value.path);
      return true;
    default:
      return false;
  }
}

function chooseView({ settings }: App, key: string): boolean {
  const view = ({ g: 'grid', l: 'list' } as const)[key.toLowerCase()];
  if (view !== undefined) settings.view.value = view;
  return view !== undefined;
}

function jump({ folder, selection }: App, text: string): void {
  const at = selection.indexOf(selection.focus.value);
  const { value: entries } = folder.visible;
  const find = (wanted: string, from: number) =>
    [...entries.slice(from), ...entries.slice(0, from)].find(({ name }) =>
      name.toLocaleLowerCase().startsWith(wanted),
    );
  const [first = ''] = text;
  const isRepeated = text === first.repeat(text.length);
  // The same letter again goes on to the next name, unless one begins with both.
  const found =
    (text.length > 1 ? find(text, Math.max(0, at)) : undefined) ??
    (isRepeated ? find(first, at + 1) : undefined);
  if (found !== undefined) selection.focus.value = found.path;
}
