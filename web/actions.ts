// What can be done with entries: one list, for the tool row, the menus and the keyboard.
import type { Entry } from '../src/client/file-client.js';
import { errorOf } from '../src/client/call.js';
import { parentOf } from '../src/client/path.js';
import type { App, MenuItem } from './app.js';
import { previewOf } from './model/kinds.js';

/** Names of the actions. */
export type ActionName =
  | 'open'
  | 'preview'
  | 'download'
  | 'share'
  | 'rename'
  | 'move'
  | 'copy'
  | 'delete'
  | 'info'
  | 'restore'
  | 'purge';

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
  if (app.route.value.trash === true) return trashActions(app, entries);
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
    may.download &&
      (one !== undefined || canZip(app, entries)) && {
        name: 'download',
        icon: 'download',
        label: texts.download,
        keys: 'D',
        run: () => (one === undefined ? downloadZip(app, entries) : download(app, one)),
      },
    one !== undefined &&
      may.share &&
      (isFile || app.offers('share')) && {
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
      run: may.trash ? () => deleteToTrash(app, entries) : open('delete'),
    },
  ];
  return isReachable ? list.filter((action) => action !== false) : [];
}

function trashActions(app: App, entries: readonly Entry[]): readonly Action[] {
  const { texts, overlay } = app;
  const may = app.may.value;
  const list: readonly (Action | false)[] = [
    may.restore && {
      name: 'restore',
      icon: 'undo-2',
      label: texts.restore,
      keys: 'Enter',
      run: () => restore(app, entries),
    },
    may.purge && {
      name: 'purge',
      icon: 'trash-2',
      label: texts.purge,
      keys: 'Delete',
      isDanger: true,
      run: () => (overlay.value = { kind: 'purge', entries }),
    },
  ];
  return list.filter((action) => action !== false);
}

/** Deletes at once; for a while it can be taken back here, and afterwards from the trash. */
export function deleteToTrash(app: App, entries: readonly Entry[]): void {
  const { texts, format, jobs, selection } = app;
  const n = format.number(entries.length);
  selection.clear();
  jobs.remove(texts.deleting(entries.length, n), entries, (outcome) => {
    const { length } = outcome.done;
    const count = format.number(length);
    app.offerUndo(texts.deleted(length, count, outcome.done[0]?.name ?? ''), () =>
      jobs.undo(texts.restoring(length, count), outcome),
    );
  });
}

/** Brings back what lies in the trash. */
export function restore(app: App, entries: readonly Entry[]): void {
  const { texts, format, jobs, selection } = app;
  selection.clear();
  jobs.restore(texts.restoring(entries.length, format.number(entries.length)), entries);
}

/** Brings back all that lies in the trash of the open folder, in one request. */
export function restoreAll(app: App): void {
  const { client, route, folder, texts, format } = app;
  const place = route.value.folder;
  client
    .restore(place)
    .then(
      (done) => {
        const count = 'restored' in done ? done.restored : 1;
        app.toast(texts.restored(count, format.number(count)));
      },
      (error: unknown) => app.fail(error, app.titleOf(place)),
    )
    .finally(() => {
      app.usage.changed();
      void folder.refresh();
    });
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

function downloadBlob(
  app: App,
  folder: string,
  items: Parameters<App['client']['zipSelection']>[1],
): void {
  const name = `${app.titleOf(folder)}.zip`;
  app.client
    .zipSelection(folder, items)
    .then((answer) => answer.blob())
    .then(
      (blob) => {
        const link = document.createElement('a');
        link.href = URL.createObjectURL(blob);
        link.download = name;
        link.click();
        // A download that has begun holds the bytes itself.
        setTimeout(() => URL.revokeObjectURL(link.href), BLOB_MS);
      },
      (error: unknown) => app.fail(error, name),
    );
}

const BLOB_MS = 60_000;
// What the service takes in one request.
const MOST_ZIPPED = 1000;

function canZip({ offers }: App, { length }: readonly Entry[]): boolean {
  return length > 1 && length <= MOST_ZIPPED && offers('zip_selection');
}

/** Saves several entries as one zip archive, by the browser's own means. */
export function downloadZip(app: App, entries: readonly Entry[]): void {
  const { folder } = app.route.value;
  const items = entries.map(({ path, type }) => ({ path, type }));
  // Elsewhere browsers do not say that the form is of this page, and the service takes it for another site's.
  if (!isSecureContext) return downloadBlob(app, folder, items);
  // An answer that is no file is shown in the frame, where nobody looks: it is an error.
  const frame = document.createElement('iframe');
  frame.name = 'zip';
  frame.hidden = true;
  document.querySelector('iframe[name=zip]')?.remove();
  document.body.append(frame);
  frame.addEventListener('load', () => {
    const shown = frame.contentDocument;
    // Some browsers tell of the empty document that a frame begins with.
    if (shown?.URL === 'about:blank') return;
    const answer = shown?.body.textContent ?? '';
    app.fail(errorOf(500, new Headers(), answer), app.titleOf(folder));
  });
  const form = document.createElement('form');
  form.method = 'post';
  form.action = app.client.zipUrl(folder);
  form.target = frame.name;
  // The one way for a form to send JSON: its line is `name=value`.
  form.enctype = 'text/plain';
  const field = document.createElement('input');
  field.name = `{"resource":${JSON.stringify(items)},"form":"`;
  field.value = '"}';
  form.hidden = true;
  form.append(field);
  document.body.append(form);
  form.submit();
  form.remove();
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
