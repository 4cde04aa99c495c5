// Where to move or copy to: one folder at a time, from the open one on.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Entry } from '../../src/client/file-client.js';
import { nameOf, parentOf } from '../../src/client/path.js';
import { transfer } from '../actions.js';
import { useApp } from '../app.js';
import { comparing } from '../model/order.js';
import { CancelButton, Dialog } from './Dialog.js';
import { Icon, IconButton } from './Icon.js';

export function FolderDialog(props: {
  readonly entries: readonly Entry[];
  readonly moves: boolean;
}) {
  const app = useApp();
  const { texts, format, overlay, route } = app;
  const { entries, moves } = props;
  const [folder, setFolder] = useState(route.value.folder);
  const folders = useFolders(folder, entries);
  const close = () => (overlay.value = undefined);
  const list = useRef<HTMLUListElement>(null);
  // The button of the folder that was opened is gone: Tab goes on among what is in it.
  useLayoutEffect(() => list.current?.focus(), [folder]);
  const isSame = entries.every(({ path }) => parentOf(path) === folder);
  const n = format.number(entries.length);
  return (
    <Dialog
      title={moves ? texts.moveTitle(entries.length, n) : texts.copyTitle(entries.length, n)}
      onClose={close}
      onSubmit={() => {
        close();
        transfer(app, entries, folder, moves);
      }}
      buttons={
        <>
          <CancelButton onClick={close} />
          <button type="submit" class="primary" disabled={isSame}>
            {moves ? texts.moveHere : texts.copyHere}
          </button>
        </>
      }
    >
      <div class="chooser-head">
        <IconButton
          icon="arrow-up"
          label={texts.up}
          onClick={() => setFolder(parentOf(folder))}
          {...(folder === '' ? { class: 'invisible' } : {})}
        />
        <strong class="chooser-place">{folder === '' ? texts.home : nameOf(folder)}</strong>
      </div>
      <ul
        ref={list}
        class="chooser"
        tabIndex={-1}
        aria-label={texts.entriesOf(folder === '' ? texts.home : nameOf(folder))}
      >
        {folders?.map(({ path, name }) => (
          <li key={path}>
            <button type="button" class="chooser-item" onClick={() => setFolder(path)}>
              <span class="kind kind-folder">
                <Icon name="folder" />
              </span>
              <bdi>{name}</bdi>
              <Icon name="chevron-right" size={16} />
            </button>
          </li>
        ))}
        {folders?.length === 0 && <li class="muted chooser-none">{texts.noFolders}</li>}
      </ul>
    </Dialog>
  );
}

/** Folders inside a folder, without those that are to go; undefined while they are read. */
function useFolders(folder: string, without: readonly Entry[]): readonly Entry[] | undefined {
  const app = useApp();
  const [folders, setFolders] = useState<readonly Entry[] | undefined>(undefined);
  useEffect(() => {
    const stop = new AbortController();
    setFolders(undefined);
    const gone = new Set(without.map(({ path }) => path));
    readFolders(app, folder, stop.signal).then(
      (found) => setFolders(found.filter(({ path }) => !gone.has(path))),
      (error: unknown) => {
        if (!stop.signal.aborted) app.fail(error, app.titleOf(folder));
      },
    );
    return () => stop.abort();
  }, [folder]);
  return folders;
}

async function readFolders(
  { client, format }: ReturnType<typeof useApp>,
  folder: string,
  signal: AbortSignal,
) {
  const found: Entry[] = [];
  for await (const page of client.pages(folder, { signal, foldersOnly: true }))
    found.push(...page.entries.filter(({ addressable }) => addressable !== false));
  return found.toSorted(comparing({ key: 'name', descending: false }, format.locale));
}
