// The open folder: its entries as they come, what the caller may do in it, and what is shown of them.
import { computed, signal } from '@preact/signals';
import type { Entry, FileClient, Page, Rights } from '../../src/client/file-client.js';
import { parentOf } from '../../src/client/path.js';
import { isFileServiceError } from '../../src/core/errors.js';
import { comparing, filterBy } from './order.js';
import type { Sort } from './order.js';
import type { Route } from './route.js';
import { trashPages } from './trash.js';

/** How far reading has come. */
export type FolderStatus = 'loading' | 'partial' | 'whole' | 'failed';

/** Entries that are read so that they can be sorted. */
export const MAX_SORTED = 10_000;

const NONE: Rights = { list: false, read: false, write: false, delete: false };

/** The model of the open folder. */
export function folderModel(client: FileClient, locale: string, sort: { readonly value: Sort }) {
  const entries = signal<readonly Entry[]>([]);
  const status = signal<FolderStatus>('loading');
  const error = signal<unknown>(undefined);
  const rights = signal<Rights>(NONE);
  const filter = signal('');
  const isReading = signal(false);
  /** True when reading was ended before its end. */
  const isHalted = signal(false);
  let pages: AsyncIterator<Page> | undefined;
  /** The page that is on its way. */
  let coming: Promise<void> | undefined;
  let readers = 0;
  let opened: Route = { folder: '' };
  let stop = new AbortController();

  const visible = computed(() => {
    const all = entries.value;
    const wanted = filter.value.trim();
    const left = wanted === '' ? all : all.filter(filterBy(wanted, locale));
    // A folder that is not whole stays in the order of storage: what comes later would jump in between.
    if (status.value !== 'whole' || all.length > MAX_SORTED) return left;
    return left.toSorted(comparing(sort.value, locale));
  });

  /** Opens a folder, or a search below it. */
  async function open(route: Route): Promise<void> {
    begin(route);
    entries.value = [];
    filter.value = '';
    status.value = 'loading';
    await Promise.all([readUntil(enough()), readRights(stop.signal)]);
  }

  /** Reads the folder again; what is shown stays until the answer is there. */
  async function refresh(): Promise<void> {
    const known = entries.value.length;
    const wasHalted = isHalted.value;
    begin(opened);
    const { signal: mine } = stop;
    await readUntil(wasHalted ? known : Math.max(enough(), known), true);
    if (wasHalted && !mine.aborted && status.value === 'partial') halt();
  }

  /** A search goes on by itself; of a folder the rest is read when it is looked at. */
  function enough(): number {
    // A page can be empty although there are more: of its keys none was found, or none may be seen.
    return opened.search === undefined ? 1 : MAX_SORTED;
  }

  function begin(route: Route): void {
    end();
    stop = new AbortController();
    opened = route;
    error.value = undefined;
    isHalted.value = false;
    const { signal: mine } = stop;
    const read =
      route.trash === true
        ? trashPages(client, route.folder, mine)
        : client.pages(route.folder, {
            signal: mine,
            ...(route.search === undefined ? {} : { search: route.search, recursive: true }),
          });
    pages = read[Symbol.asyncIterator]();
  }

  /** Ends reading; what was found stays. */
  function halt(): void {
    end();
    isHalted.value = true;
    status.value = 'whole';
  }

  function end(): void {
    stop.abort();
    coming = undefined;
    readers = 0;
    isReading.value = false;
  }

  /** Reads the next page; whoever asks while one is on its way waits for that one. */
  function readPage(replaces = false): Promise<void> {
    if (coming !== undefined) return coming;
    const page = whileReading(() => readNext(replaces)).finally(() => {
      if (coming === page) coming = undefined;
    });
    coming = page;
    return page;
  }

  /** Reads pages until there are so many entries. */
  function readUntil(count: number, replaces = false): Promise<void> {
    const { signal: mine } = stop;
    return whileReading(async () => {
      if (replaces || status.value === 'loading') await readPage(replaces);
      while (!mine.aborted && status.value === 'partial' && entries.value.length < count)
        await readPage();
    });
  }

  async function whileReading(work: () => Promise<void>): Promise<void> {
    const { signal: mine } = stop;
    readers += 1;
    isReading.value = true;
    await work();
    if (mine.aborted) return;
    readers -= 1;
    isReading.value = readers > 0;
  }

  async function readNext(replaces: boolean): Promise<void> {
    const { signal: mine } = stop;
    try {
      const page = await pages?.next();
      if (mine.aborted || page === undefined) return;
      const found = page.done === true ? [] : page.value.entries;
      entries.value = replaces ? found : [...entries.value, ...found];
      const isLast = page.done === true || page.value.cursor === undefined;
      status.value = isLast ? 'whole' : 'partial';
    } catch (thrown) {
      if (mine.aborted) return;
      // A folder without a marker goes with its last file: what is shown of it is not there any more.
      if (isFileServiceError(thrown) && thrown.reason === 'not_found') entries.value = [];
      error.value = thrown;
      status.value = 'failed';
    }
  }

  async function readRights(mine: AbortSignal, folder = opened.folder): Promise<void> {
    try {
      const found = await client.folderProperties(folder, { rights: true, signal: mine });
      // Until then the rights of the folder that was left hold: the buttons stay where they are.
      if (!mine.aborted) rights.value = found.rights ?? NONE;
    } catch (thrown) {
      // The listing says what is wrong; without an answer nothing may be changed.
      if (!mine.aborted) rights.value = NONE;
      const isGone = isFileServiceError(thrown) && thrown.reason === 'not_found';
      // A deleted folder has no rights of its own any more: those of where it was hold.
      if (isGone && opened.trash === true && folder !== '' && !mine.aborted)
        await readRights(mine, parentOf(folder));
    }
  }

  return {
    entries,
    status,
    error,
    rights,
    filter,
    visible,
    isReading,
    isHalted,
    open,
    refresh,
    readMore: () => (status.value === 'partial' ? readPage() : Promise.resolve()),
    /** Reads what is left, up to the most that can be sorted. */
    readRest: () => readUntil(MAX_SORTED),
    halt,
    /** Shows an entry that was stored by this page, without reading the folder again. */
    put: (entry: Entry) => {
      const parent = entry.path.slice(0, entry.path.length - entry.name.length);
      const inHere = entry.type === 'folder' ? `${opened.folder}${entry.name}/` : undefined;
      if (opened.search !== undefined || opened.trash === true) return;
      if (
        (inHere ?? entry.path) !== entry.path ||
        (inHere === undefined && parent !== opened.folder)
      )
        return;
      const others = entries.value.filter(({ path }) => path !== entry.path);
      entries.value = [...others, entry];
    },
    /** Takes entries away that are gone. */
    drop: (paths: ReadonlySet<string>) => {
      entries.value = entries.value.filter(({ path }) => !paths.has(path));
    },
  };
}
