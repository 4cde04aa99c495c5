// Before something is deleted: what goes, how much it is; the focus is on Cancel.
import { useEffect, useState } from 'preact/hooks';
import type { Entry } from '../../src/client/file-client.js';
import { useApp } from '../app.js';
import { sizeOf } from '../model/order.js';
import { CancelButton, Dialog } from './Dialog.js';
import { EntryIcon } from './Icon.js';

interface Count {
  readonly files: number;
  readonly bytes: number;
  /** False when counting was given up. */
  readonly isWhole: boolean;
}

// More is said to be more: counting a million files would take longer than reading this.
const MOST_COUNTED = 3000;
const MOST_NAMED = 5;

export function DeleteDialog({
  entries,
  isPurge,
}: {
  readonly entries: readonly Entry[];
  /** What lies in the trash goes for good. */
  readonly isPurge: boolean;
}) {
  const app = useApp();
  const { texts, format, overlay, jobs, selection, route } = app;
  const [count, setCount] = useState<Count | undefined>(() => countFiles(entries, isPurge));
  const close = () => (overlay.value = undefined);
  useEffect(() => {
    if (count !== undefined) return;
    const stop = new AbortController();
    countBelow(app, entries, stop.signal).then(setCount, () => undefined);
    return () => stop.abort();
  }, []);
  const n = format.number(entries.length);
  const submit = () => {
    close();
    selection.clear();
    const title = texts.deleting(entries.length, n);
    if (isPurge) jobs.purge(title, route.value.folder, entries);
    else jobs.remove(title, entries);
  };
  return (
    <Dialog
      title={
        isPurge
          ? texts.purgeTitle(entries.length, n, entries[0]?.name ?? '')
          : texts.deleteTitle(entries.length, n, entries[0]?.name ?? '')
      }
      onClose={close}
      onSubmit={submit}
      class="narrow"
      buttons={
        <>
          <CancelButton onClick={close} hasFocus />
          <button type="submit" class="primary danger">
            {isPurge ? texts.purge : texts.delete}
          </button>
        </>
      }
    >
      {entries.length > 1 && (
        <ul class="names">
          {entries.slice(0, MOST_NAMED).map((entry) => (
            <li key={entry.path}>
              <EntryIcon entry={entry} size={18} />
              <bdi>{entry.name}</bdi>
            </li>
          ))}
          {entries.length > MOST_NAMED && (
            <li class="muted">… {format.number(entries.length - MOST_NAMED)}</li>
          )}
        </ul>
      )}
      <p role="status">{countText(app, count)}</p>
      <p>{isPurge ? texts.purgeHint : texts.deleteForGood}</p>
    </Dialog>
  );
}

function countText({ texts, format }: ReturnType<typeof useApp>, count: Count | undefined) {
  if (count === undefined) return texts.deleteCounting;
  const { files, bytes, isWhole } = count;
  const n = format.number(files);
  return isWhole ? texts.deleteHolds(files, n, format.size(bytes)) : texts.deleteHoldsMore(n);
}

/** The count of files alone; undefined when there is a folder among them, which in the trash holds nothing itself. */
function countFiles(entries: readonly Entry[], isPurge: boolean): Count | undefined {
  const files = entries.filter(({ type }) => type === 'file');
  if (!isPurge && files.length < entries.length) return undefined;
  const bytes = files.reduce((sum, entry) => sum + sizeOf(entry), 0);
  return { files: files.length, bytes, isWhole: true };
}

async function countBelow(
  { client }: ReturnType<typeof useApp>,
  entries: readonly Entry[],
  signal: AbortSignal,
): Promise<Count> {
  let files = 0;
  let bytes = 0;
  const add = (entry: Entry) => {
    if (entry.type === 'folder') return;
    files += 1;
    bytes += sizeOf(entry);
  };
  for (const entry of entries) {
    add(entry);
    if (entry.type === 'file') continue;
    for await (const below of client.list(entry.path, { recursive: true, signal })) {
      add(below);
      if (files >= MOST_COUNTED) return { files, bytes, isWhole: false };
    }
  }
  return { files, bytes, isWhole: true };
}
