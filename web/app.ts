// The page's state in one place: everything a view shows or does comes from here.
import { computed, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { fileClient } from '../src/client/file-client.js';
import type { Entry, StoredFile } from '../src/client/file-client.js';
import { nameOf, parentOf } from '../src/client/path.js';
import type { PageConfig } from '../src/server/page/options.js';
import { folderModel } from './model/folder.js';
import { formatFor } from './model/format.js';
import { keptUploads } from './model/kept-uploads.js';
import { jobModel } from './model/jobs.js';
import { retryModel } from './model/retry.js';
import { hashOf, routeOf } from './model/route.js';
import type { Route } from './model/route.js';
import { selectionModel } from './model/selection.js';
import { failureOf } from './model/sentences.js';
import type { Failure } from './model/sentences.js';
import { settingsIn } from './model/settings.js';
import { transferModel } from './model/transfers.js';
import { usageModel } from './model/usage.js';
import { textsFor } from './texts.js';

/** A dialog that is open. */
export type Overlay =
  | { readonly kind: 'newFolder' | 'keyboard' | 'links' }
  | { readonly kind: 'rename' | 'share'; readonly entry: Entry }
  | { readonly kind: 'delete' | 'purge'; readonly entries: readonly Entry[] }
  | { readonly kind: 'move' | 'copy'; readonly entries: readonly Entry[] };

/** One line of a menu. */
export interface MenuItem {
  readonly icon: string;
  readonly label: string;
  readonly run: () => void;
  readonly keys?: string;
  readonly isDanger?: boolean;
  readonly isChecked?: boolean;
}

/** A menu that is open, and where; groups are separated by a line. */
export interface OpenMenu {
  readonly groups: readonly (readonly MenuItem[])[];
  readonly label: string;
  readonly at: { readonly x: number; readonly y: number; readonly alignEnd: boolean };
}

/** A short message. */
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly details?: string;
  readonly isError: boolean;
  /** What can be done about it while it is shown. */
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** The page's state. */
export type App = ReturnType<typeof createApp>;

const TOAST_MS = 6000;
/** How long a deletion can be taken back where it was made. */
const UNDO_MS = 10_000;

/** The page over the service at `_api`. */
export function createApp(config: PageConfig) {
  const locale = config.locale ?? navigator.language;
  const texts = textsFor(locale);
  const format = formatFor(locale);
  const settings = settingsIn(localStorage);
  const client = fileClient({ baseUrl: '_api' });
  const start: Route = { folder: config.start ?? '' };
  const route = signal<Route>(routeOf(location.hash) ?? start);
  /** The route whose entries are listed: a preview leaves the list behind it as it is. */
  const listed = signal<Route>(route.value);
  const folder = folderModel(client, locale, settings.sort);
  const selection = selectionModel(
    folder.visible,
    () => folder.isReading.value || folder.status.value === 'partial',
  );
  const overlay = signal<Overlay | undefined>(undefined);
  const menu = signal<OpenMenu | undefined>(undefined);
  const toasts = signal<readonly Toast[]>([]);
  const isOnline = signal(navigator.onLine);
  const clipboard = signal<
    { readonly moves: boolean; readonly entries: readonly Entry[] } | undefined
  >(undefined);
  const isEditingPath = signal(false);
  /** Takes back the last deletion; undefined when none is offered. */
  const undo = signal<(() => void) | undefined>(undefined);
  const dragged = signal<readonly Entry[] | undefined>(undefined);
  /** The folder that files from the system would be dropped into. */
  const dropTarget = signal<string | undefined>(undefined);
  let toastId = 0;

  const explain = (error: unknown, name: string): Failure => failureOf(error, name, texts, format);

  function show(shown: Omit<Toast, 'id'>, ms?: number): number {
    const id = (toastId += 1);
    toasts.value = [...toasts.value.slice(-2), { id, ...shown }];
    if (ms !== undefined) setTimeout(() => dismissToast(id), ms);
    return id;
  }
  const toast = (text: string) => void show({ text, isError: false }, TOAST_MS);
  const dismissToast = (id: number) => {
    toasts.value = toasts.value.filter((shown) => shown.id !== id);
  };
  const fail = (error: unknown, name: string) => {
    const { sentence, details } = explain(error, name);
    show({ text: sentence, details, isError: true });
  };
  function offerUndo(text: string, run: () => void): void {
    const act = () => {
      dismissToast(id);
      if (undo.value === act) undo.value = undefined;
      run();
    };
    const id = show({ text, isError: false, action: { label: texts.undo, run: act } }, UNDO_MS);
    undo.value = act;
    setTimeout(() => {
      if (undo.value === act) undo.value = undefined;
    }, UNDO_MS);
  }

  const retry = retryModel({
    failure: () => (folder.status.value === 'failed' ? explain(folder.error.value, '') : undefined),
    isWell: () => folder.status.value === 'whole' || folder.status.value === 'partial',
    again: () =>
      void (folder.entries.value.length > 0 ? folder.refresh() : folder.open(route.value)),
  });

  const onStored = (stored: StoredFile) => {
    usage.changed();
    folder.put({ ...stored, last_modified: new Date().toISOString() });
    const below = stored.path.slice(route.value.folder.length);
    const inFolder = stored.path.startsWith(route.value.folder) && below.includes('/');
    const [name = ''] = below.split('/');
    const path = `${route.value.folder}${name}/`;
    if (inFolder && !folder.entries.value.some((entry) => entry.path === path))
      folder.put({ path, type: 'folder', name, last_modified: null });
  };
  const transfers = transferModel({
    client,
    explain,
    onStored,
    kept: keptUploads(sessionStorage),
    isOnline: () => isOnline.value,
  });
  const offers = (operation: string) => config.operations.includes(operation);
  const usage = usageModel(client, offers('read_usage'));
  const jobs = jobModel({
    client,
    explain,
    onEnd: () => {
      void folder.refresh();
      usage.changed();
    },
  });

  // What the host and the service allow; what the caller may do comes with the folder.
  const has = (feature: keyof NonNullable<PageConfig['features']>) =>
    config.readOnly !== true && config.features?.[feature] !== false;
  const may = computed(() => {
    const { write, read, delete: removes, purge = removes } = folder.rights.value;
    const here = route.value.search === undefined && route.value.trash !== true;
    const changes = config.readOnly !== true;
    const shares = config.features?.share !== false;
    return {
      upload: here && write && has('upload') && offers('write'),
      newFolder: here && write && has('newFolder') && offers('make_folder'),
      rename: write && removes && has('rename') && offers('write_batch'),
      move: removes && has('move') && offers('write_batch'),
      copy: read && has('copy') && offers('write_batch'),
      paste: here && write && offers('write_batch'),
      delete: removes && has('delete') && offers('remove_batch'),
      /** Deletions can be taken back. */
      trash: offers('list_trash'),
      restore: write && changes && offers('restore'),
      purge: purge && has('delete') && offers('purge'),
      versions: read && offers('list_versions'),
      share: read && shares && (offers('share') || offers('sign_read')),
      links: shares && offers('list_links'),
      download: read,
      edit: write && changes && offers('update'),
    };
  });

  return {
    config,
    texts,
    format,
    settings,
    client,
    route,
    listed,
    folder,
    selection,
    transfers,
    /** Hears of a file that was stored. */
    onStored,
    jobs,
    /** Reads the folder again that could not be read. */
    retry,
    overlay,
    menu,
    toasts,
    toast,
    dismissToast,
    fail,
    offerUndo,
    undo,
    usage,
    offers,
    explain,
    isOnline,
    clipboard,
    isEditingPath,
    dragged,
    dropTarget,
    may,
    /** Name of a folder for people. */
    titleOf: (path: string) => (path === '' ? (config.title ?? texts.files) : nameOf(path)),
    go,
    /** Opens a folder, or previews a file. */
    openEntry: (entry: Entry) => {
      if (entry.addressable === false || route.value.trash === true) return;
      go(
        entry.type === 'folder'
          ? { folder: entry.path }
          : { folder: parentOf(entry.path), preview: entry.path },
      );
    },
  };
}

/**
 * Goes to another place. The browser tells of a changed address later, when the next key may have been pressed already
 * for what is not shown any more; so it is told here.
 */
function go(to: Route): void {
  const hash = hashOf(to);
  if (location.hash === hash) return;
  history.pushState(null, '', hash);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

const Context = createContext<App | undefined>(undefined);

/** Gives the page's state to the views below. */
export const AppProvider = Context.Provider;

/** The page's state. */
export function useApp(): App {
  const app = useContext(Context);
  if (app === undefined) throw new Error('A view stands outside of the page.');
  return app;
}
