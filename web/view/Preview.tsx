// A file on the whole screen, and the way to its neighbours.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { FileEntry, FileProperties } from '../../src/client/file-client.js';
import { nameOf } from '../../src/client/path.js';
import { actionsFor } from '../actions.js';
import { useApp } from '../app.js';
import { isRaster, previewOf } from '../model/kinds.js';
import { focusEntries } from './focus.js';
import { EntryIcon, Icon, IconButton } from './Icon.js';
import { TextPreview } from './TextPreview.js';
import { Toasts } from './Toasts.js';

export function Preview({ path }: { readonly path: string }) {
  const app = useApp();
  const { texts, folder, selection } = app;
  const dialog = useRef<HTMLDialogElement>(null);
  const files = folder.visible.value.filter(
    (entry): entry is FileEntry => entry.type === 'file' && entry.addressable !== false,
  );
  const at = files.findIndex((entry) => entry.path === path);
  const entry = useEntry(path, files[at]);
  const close = () => {
    const { folder: open, search } = app.listed.value;
    app.go({ folder: open, ...(search === undefined ? {} : { search }) });
    selection.focus.value = path;
  };
  const step = (by: number) => {
    const next = files[at + by];
    if (at === -1 || next === undefined) return;
    // One step back leaves the preview, however many files were looked at.
    history.replaceState(null, '', hashFor(next.path));
    dispatchEvent(new HashChangeEvent('hashchange'));
    selection.focus.value = next.path;
  };
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // The dialog itself, so that keys reach it and no button looks pressed.
    element?.focus();
    return () => {
      element?.close();
      focusEntries();
    };
  }, []);
  useNeighbour(files[at + 1]);

  return (
    <dialog
      ref={dialog}
      class="preview"
      tabIndex={-1}
      aria-label={nameOf(path)}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        const inMedia = event.target instanceof HTMLMediaElement;
        if (event.key === 'ArrowRight' && !inMedia) step(1);
        else if (event.key === 'ArrowLeft' && !inMedia) step(-1);
        else if (event.key === ' ' && event.target === event.currentTarget) close();
        else return;
        event.preventDefault();
      }}
    >
      <header class="preview-head">
        <IconButton icon="arrow-left" label={texts.back} onClick={close} />
        {entry !== undefined && <EntryIcon entry={entry} />}
        <h2>
          <bdi>{nameOf(path)}</bdi>
        </h2>
        {files.length > 1 && at !== -1 && (
          <span class="muted preview-count">
            {app.format.number(at + 1)} / {app.format.number(files.length)}
          </span>
        )}
        {entry !== undefined &&
          actionsFor(app, [entry])
            .filter(({ name }) => name === 'download' || name === 'share')
            .map(({ name, icon, label, run }) => (
              <IconButton key={name} icon={icon} label={label} onClick={run} />
            ))}
        <IconButton icon="x" label={texts.close} onClick={close} />
      </header>
      <div class="preview-body">
        {at > 0 && (
          <IconButton
            icon="chevron-left"
            label={texts.previous}
            class="preview-step"
            onClick={() => step(-1)}
          />
        )}
        {entry !== undefined && <Content entry={entry} key={entry.path} />}
        {at !== -1 && at < files.length - 1 && (
          <IconButton
            icon="chevron-right"
            label={texts.next}
            class="preview-step preview-next"
            onClick={() => step(1)}
          />
        )}
      </div>
      <Toasts place="preview" />
    </dialog>
  );
}

function hashFor(path: string): string {
  return `#/${path.split('/').map(encodeURIComponent).join('/')}?preview`;
}

// A list knows types by extensions alone; without one the stored type says how to show a file.
const UNKNOWN_TYPE = 'application/octet-stream';

/** The entry of the list, or what the service says of a file where the list does not know enough. */
function useEntry(path: string, listed: FileEntry | undefined): FileEntry | undefined {
  const app = useApp();
  const [found, setFound] = useState<FileProperties | undefined>();
  useEffect(() => {
    if (listed !== undefined && listed.content_type !== UNKNOWN_TYPE) return;
    const stop = new AbortController();
    app.client.properties(path, { signal: stop.signal }).then(setFound, (error: unknown) => {
      if (!stop.signal.aborted) app.fail(error, nameOf(path));
    });
    return () => stop.abort();
  }, [path, listed === undefined]);
  if (found?.path === path) return found;
  return listed?.content_type === UNKNOWN_TYPE ? undefined : listed;
}

// The next picture is there when it is asked for.
function useNeighbour(next: FileEntry | undefined): void {
  const { client } = useApp();
  useEffect(() => {
    if (next === undefined || !isRaster(next)) return;
    new Image().src = client.fileUrl(next.path);
  }, [next?.path]);
}

function Content({ entry }: { readonly entry: FileEntry }) {
  const { client, texts } = useApp();
  const [isFailed, setFailed] = useState(false);
  const url = client.fileUrl(entry.path);
  const fail = () => setFailed(true);
  const kind = isFailed ? 'none' : previewOf(entry);
  switch (kind) {
    case 'image':
      return <Picture url={url} name={entry.name} onError={fail} />;
    case 'video':
      return <video class="preview-media" src={url} controls autoplay onError={fail} />;
    case 'audio':
      return (
        <div class="preview-audio">
          <EntryIcon entry={entry} size={96} />
          <audio src={url} controls autoplay onError={fail} />
        </div>
      );
    case 'pdf':
      return <iframe class="preview-pdf" src={url} title={entry.name} />;
    case 'text':
      return <TextPreview entry={entry} />;
    case 'none':
      return <Nothing entry={entry} text={isFailed ? texts.previewFailed : texts.noPreview} />;
  }
}

function Picture(props: {
  readonly url: string;
  readonly name: string;
  readonly onError: () => void;
}) {
  const { texts } = useApp();
  const [isActual, setActual] = useState(false);
  return (
    <button
      type="button"
      class={isActual ? 'preview-picture actual' : 'preview-picture'}
      aria-label={`${props.name}: ${isActual ? texts.fit : texts.actualSize}`}
      onClick={() => setActual(!isActual)}
    >
      <img src={props.url} alt={props.name} onError={props.onError} />
    </button>
  );
}

function Nothing({ entry, text }: { readonly entry: FileEntry; readonly text: string }) {
  const app = useApp();
  const action = actionsFor(app, [entry]).find(({ name }) => name === 'download');
  return (
    <div class="state">
      <EntryIcon entry={entry} size={72} />
      <h2>{text}</h2>
      <p class="muted">
        {app.format.size(entry.content_length)} · {entry.content_type}
      </p>
      {action !== undefined && (
        <button type="button" class="primary" onClick={action.run}>
          <Icon name="download" />
          {action.label}
        </button>
      )}
    </div>
  );
}
