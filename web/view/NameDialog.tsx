// A name for a new folder, or another one for what is there.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Entry } from '../../src/client/file-client.js';
import { parentOf } from '../../src/client/path.js';
import { useApp } from '../app.js';
import { extensionAt, whyNoName } from '../model/names.js';
import { CancelButton, Dialog } from './Dialog.js';

export function NameDialog({ entry }: { readonly entry?: Entry }) {
  const app = useApp();
  const { texts, overlay, folder } = app;
  const given = entry === undefined ? '' : baseName(entry);
  const [name, setName] = useState(given);
  const [failure, setFailure] = useState('');
  const [isBusy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const close = () => (overlay.value = undefined);

  useLayoutEffect(() => {
    input.current?.focus();
    // The extension is rarely what is to change.
    const end = entry?.type === 'file' ? extensionAt(given) : given.length;
    input.current?.setSelectionRange(0, end);
  }, []);

  const submit = async () => {
    const why = whyNoName(name);
    if (why !== undefined) return setFailure(sentences(app)[why]);
    if (name === given) return close();
    setBusy(true);
    try {
      if (entry === undefined) await makeFolder(app, name);
      else await rename(app, entry, name);
      close();
    } catch (error) {
      setFailure(app.explain(error, name).sentence);
      setBusy(false);
      input.current?.focus();
    }
  };
  const label = entry === undefined ? texts.folderName : texts.newName;
  const isTaken = folder.entries.value.some(
    (other) => other.path !== entry?.path && baseName(other) === name,
  );
  const hint = failure === '' && isTaken ? texts.nameTaken : failure;
  return (
    <Dialog
      title={entry === undefined ? texts.newFolder : texts.renameTitle(given)}
      onClose={close}
      onSubmit={() => void submit()}
      class="narrow"
      buttons={
        <>
          <CancelButton onClick={close} />
          <button type="submit" class="primary" disabled={isBusy}>
            {entry === undefined ? texts.create : texts.rename}
          </button>
        </>
      }
    >
      <label class="field">
        <span>{label}</span>
        <input
          ref={input}
          value={name}
          autoComplete="off"
          spellcheck={false}
          aria-invalid={hint !== ''}
          aria-describedby="name-hint"
          onInput={(event) => {
            setName(event.currentTarget.value);
            setFailure('');
          }}
        />
      </label>
      <p id="name-hint" class="field-hint error" role="alert">
        {hint}
      </p>
    </Dialog>
  );
}

type AppState = ReturnType<typeof useApp>;

async function makeFolder({ client, route, folder, selection }: AppState, name: string) {
  const path = `${route.value.folder}${name}/`;
  await client.makeFolder(path);
  folder.put({ path, type: 'folder', name, last_modified: new Date().toISOString() });
  selection.only(path);
}

async function rename({ client, folder, selection }: AppState, entry: Entry, name: string) {
  const slash = entry.type === 'folder' ? '/' : '';
  const to = `${parentOf(entry.path)}${name}${slash}`;
  await client.move(entry.path, to);
  folder.drop(new Set([entry.path]));
  folder.put({ ...entry, path: to, name });
  selection.only(to);
}

function baseName({ name }: Entry): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function sentences({ texts }: AppState) {
  return {
    empty: texts.nameEmpty,
    dots: texts.nameDots,
    slash: texts.nameSlash,
    backslash: texts.nameBackslash,
    control: texts.nameControl,
    long: texts.nameLong,
  };
}
