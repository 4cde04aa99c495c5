// A name that is taken: one dialog for the whole batch.
import { useEffect, useState } from 'preact/hooks';
import type { FileProperties } from '../../src/client/file-client.js';
import { nameOf } from '../../src/client/path.js';
import { useApp } from '../app.js';
import type { Transfer } from '../model/transfer.js';
import type { ConflictChoice } from '../model/transfers.js';
import { Dialog } from './Dialog.js';

export function ConflictDialog({ transfer }: { readonly transfer: Transfer }) {
  const app = useApp();
  const { texts, format, transfers, client } = app;
  const [forAll, setForAll] = useState(false);
  const [there, setThere] = useState<FileProperties | undefined>(undefined);
  const path = transfer.path.value;
  useEffect(() => {
    const stop = new AbortController();
    client.properties(path, { signal: stop.signal }).then(setThere, () => undefined);
    return () => stop.abort();
  }, [path]);
  const answer = (choice: ConflictChoice) => transfers.resolve(transfer, choice, forAll);
  const all = transfers.conflicts.value.length;
  return (
    <Dialog
      title={texts.conflictTitle(nameOf(path))}
      onClose={() => answer('skip')}
      onSubmit={() => answer('keepBoth')}
      buttons={
        <>
          <button type="button" class="plain" onClick={() => answer('skip')}>
            {texts.skip}
          </button>
          <button type="button" class="plain" onClick={() => answer('replace')}>
            {texts.replace}
          </button>
          <button type="submit" class="primary" autofocus>
            {texts.keepBoth}
          </button>
        </>
      }
    >
      <dl class="versus">
        <div>
          <dt>{texts.conflictNew}</dt>
          <dd>
            {format.size(transfer.file.size)}
            <span class="muted">
              {format.dateTime(new Date(transfer.file.lastModified).toISOString())}
            </span>
          </dd>
        </div>
        <div>
          <dt>{texts.conflictOld}</dt>
          <dd>
            {there === undefined ? '…' : format.size(there.content_length)}
            <span class="muted">
              {there === undefined ? '' : format.dateTime(there.last_modified)}
            </span>
          </dd>
        </div>
      </dl>
      {all > 1 && (
        <label class="check">
          <input
            type="checkbox"
            checked={forAll}
            onChange={(event) => setForAll(event.currentTarget.checked)}
          />
          {texts.forAll(format.number(all))}
        </label>
      )}
    </Dialog>
  );
}
