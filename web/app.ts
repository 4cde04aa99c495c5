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
import { jobModel } from './model/jobs.js';
import { hashOf, routeOf } from './model/route.js';
import type { Route } from './model/route.js';
import { selectionModel } from './model/selection.js';
import { failureOf } from './model/sentences.js';
import type { Failure } from './model/sentences.js';
import { settingsIn } from './model/settings.js';
import { transferModel } from './model/transfers.js';
import { textsFor } from './texts.js';

/** A dialog that is open. */
export type Overlay =
  | { readonly kind: 'newFolder' | 'keyboard' }
  | { readonly kind: 'rename' | 'share'; readonly entry: Entry }
  | { readonly kind: 'delete'; readonly entries: readonly Entry[] }
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
}

/** The page's state. */
export type App = ReturnType<typeof createApp>;

const TOAST_MS = 6000;

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
  const selection = selectionModel(folder.visible);
  const overlay = signal<Overlay | undefined>(undefined);
  const menu = signal<OpenMenu | undefined>(undefined);
  const toasts = signal<readonly Toast[]>([]);
  const isOnline = signal(navigator.onLine);
  const clipboard = signal<
    { readonly moves: boolean; readonly entries: readonly Entry[] } | undefined
  >(undefined);
  const isEditingPath = signal(false);
  const dragged = signal<readonly Entry[] | undefined>(undefined);
  /** The folder that files from the system would be dropped into. */
  const dropTarget = signal<string | undefined>(undefined);
  let toastId = 0;

  const explain = (error: unknown, name: string): Failure => failureOf(error, name, texts, format);

  function toast(text: string, failure?: Failure): void {
    const id = (toastId += 1);
    const shown: Toast = {
      id,
      text,
      isError: failure !== undefined,
      ...(failure === undefined ? {} : { details: failure.details }),
    };
    toasts.value = [...toasts.value.slice(-2), shown];
    if (failure === undefined) setTimeout(() => dismissToast(id), TOAST_MS);
  }
  const dismissToast = (id: number) => {
    toasts.value = toasts.value.filter((shown) => shown.id !== id);
  };
  const fail = (error: unknown, name: string) => {
    const failure = explain(error, name);
    toast(failure.sentence, failure);
  };

  const onStored = (stored: StoredFile) => {
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
    isOnline: () => isOnline.value,
  });
  const jobs = jobModel({
    client,
    explain,
    onEnd: () => void folder.refresh(),
  });

  // What the host and the service allow; what the caller may do comes with the folder.
  const offers = (operation: string) => config.operations.includes(operation);
  const has = (feature: keyof NonNullable<PageConfig['features']>) =>
    config.readOnly !== true && config.features?.[feature] !== false;
  const may = computed(() => {
    const { write, read, delete: removes } = folder.rights.value;
    const here = route.value.search === undefined;
    return {
      upload: here && write && has('upload') && offers('write'),
      newFolder: here && write && has('newFolder') && offers('make_folder'),
      rename: write && removes && has('rename') && offers('write_batch'),
      move: removes && has('move') && offers('write_batch'),
      copy: read && has('copy') && offers('write_batch'),
      paste: here && write && offers('write_batch'),
      delete: removes && has('delete') && offers('remove_batch'),
      share: read && config.features?.share !== false && offers('sign_read'),
      download: read,
      edit: write && config.readOnly !== true && offers('update'),
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
    jobs,
    overlay,
    menu,
    toasts,
    toast,
    dismissToast,
    fail,
    explain,
    isOnline,
    clipboard,
    isEditingPath,
    dragged,
    dropTarget,
    may,
    /** Name of a folder for people. */
    titleOf: (path: string) => (path === '' ? (config.title ?? texts.files) : nameOf(path)),
    go: (to: Route) => {
      location.hash = hashOf(to);
    },
    /** Opens a folder, or previews a file. */
    openEntry: (entry: Entry) => {
      if (entry.addressable === false) return;
      location.hash = hashOf(
        entry.type === 'folder'
          ? { folder: entry.path }
          : { folder: parentOf(entry.path), preview: entry.path },
      );
    },
  };
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
