// What can be done with entries: one list, for the tool row, the menus and the keyboard.
import type { Entry } from '../src/client/file-client.js';
import { parentOf } from '../src/client/path.js';
import type { App, MenuItem } from './app.js';
import { previewOf } from './model/kinds.js';

/** Names of the actions. */
export type ActionName =
  'open' | 'preview' | 'download' | 'share' | 'rename' | 'move' | 'copy' | 'delete' | 'info';

/** One thing that can be done. */
export interface Action extends MenuItem {
  readonly name: ActionName;
}

/** What can be done with these entries; what cannot is not in the list. */
export function actionsFor(app: App, entries: readonly Entry[]): readonly Action[] {
  const { texts, overlay, settings } = app;
  const may = app.may.value;
  const [first] = entries;
  if (first === undefined) return [];
  const one = entries.length === 1 ? first : undefined;
  const isFile = one?.type === 'file';
  const isReachable = entries.every(({ addressable }) => addressable !== false);
  const open = (kind: 'move' | 'copy' | 'delete') => () => (overlay.value = { kind, entries });
  const list: readonly (Action | false)[] = [
    one?.type === 'folder' && {
      name: 'open',
      icon: 'folder-open',
      label: texts.open,
      keys: 'Enter',
      run: () => app.openEntry(one),
    },
    isFile && {
      name: 'preview',
      icon: previewOf(one) === 'none' ? 'info' : 'play',
      label: texts.preview,
      keys: 'Space',
      run: () => app.openEntry(one),
    },
    one !== undefined &&
      may.download && {
        name: 'download',
        icon: 'download',
        label: texts.download,
        keys: 'D',
        run: () => download(app, one),
      },
    isFile &&
      may.share && {
        name: 'share',
        icon: 'link',
        label: texts.share,
        keys: 'S',
        run: () => (overlay.value = { kind: 'share', entry: one }),
      },
    one !== undefined &&
      may.rename && {
        name: 'rename',
        icon: 'pencil',
        label: texts.rename,
        keys: 'F2',
        run: () => (overlay.value = { kind: 'rename', entry: one }),
      },
    may.move && { name: 'move', icon: 'folder-input', label: texts.move, run: open('move') },
    may.copy && { name: 'copy', icon: 'copy', label: texts.copy, run: open('copy') },
    one !== undefined && {
      name: 'info',
      icon: 'info',
      label: texts.info,
      keys: 'I',
      run: () => {
        app.selection.only(one.path);
        settings.hasPanel.value = true;
      },
    },
    may.delete && {
      name: 'delete',
      icon: 'trash-2',
      label: texts.delete,
      keys: 'Delete',
      isDanger: true,
      run: open('delete'),
    },
  ];
  return isReachable ? list.filter((action) => action !== false) : [];
}

/** Runs an action by name, when it is possible. */
export function runAction(app: App, name: ActionName, entries: readonly Entry[]): boolean {
  const action = actionsFor(app, entries).find((found) => found.name === name);
  action?.run();
  return action !== undefined;
}

/** Saves a file, or a folder as a zip archive, by the browser's own means. */
export function download({ client }: App, entry: Entry): void {
  const link = document.createElement('a');
  link.href =
    entry.type === 'folder'
      ? client.zipUrl(entry.path)
      : client.fileUrl(entry.path, { download: true });
  link.download = entry.type === 'folder' ? `${entry.name}.zip` : entry.name;
  link.click();
}

/** Moves or copies entries into a folder, unless they are there already. */
export function transfer(
  app: App,
  entries: readonly Entry[],
  folder: string,
  moves: boolean,
): void {
  const going = entries.filter(
    ({ path }) => path !== folder && !folder.startsWith(`${path}/`) && parentOf(path) !== folder,
  );
  if (going.length === 0) return;
  const { texts, format, jobs } = app;
  const n = format.number(going.length);
  const title = app.titleOf(folder);
  app.selection.clear();
  if (moves) jobs.move(texts.moving(going.length, n, title), going, folder);
  else jobs.copy(texts.copying(going.length, n, title), going, folder);
}

/** Puts what was copied or cut into the open folder. */
export function paste(app: App): void {
  const held = app.clipboard.value;
  if (held === undefined || !app.may.value.paste) return;
  transfer(app, held.entries, app.route.value.folder, held.moves);
  if (held.moves) app.clipboard.value = undefined;
}
