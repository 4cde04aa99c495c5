// The side panel: what is known of the one entry that is selected, and a form to change some of it.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Entry, FileEntry, FileProperties, StoredFile } from '../../src/client/file-client.js';
import { parentOf } from '../../src/client/path.js';
import { actionsFor } from '../actions.js';
import { useApp } from '../app.js';
import { usePhone } from './hooks.js';
import { Icon, IconButton } from './Icon.js';
import { lazy, Suspense } from './lazy.js';
import { kindText } from './Row.js';
import { Thumbnail } from './Thumbnail.js';

const History = lazy(() => import('./Versions.js').then(({ Versions }) => Versions));
const Links = lazy(() => import('./LinkList.js').then(({ LinkList }) => LinkList));
const Form = lazy(() => import('./PropertiesForm.js').then(({ PropertiesForm }) => PropertiesForm));

export function Panel() {
  const { texts, settings, selection } = useApp();
  const isPhone = usePhone();
  const head = useRef<HTMLElement>(null);
  // Over the whole of a phone it is what one came for.
  useLayoutEffect(() => {
    if (isPhone) head.current?.querySelector('button')?.focus();
  }, [isPhone]);
  const entries = selection.entries.value;
  const entry = entries.length === 1 ? entries[0] : undefined;
  return (
    <aside
      class="panel"
      aria-label={texts.details}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        settings.hasPanel.value = false;
      }}
    >
      <header class="panel-head" ref={head}>
        <h2>{texts.details}</h2>
        <IconButton
          icon="x"
          label={texts.close}
          onClick={() => (settings.hasPanel.value = false)}
        />
      </header>
      {entry === undefined ? (
        <p class="muted panel-none">{texts.noSelection}</p>
      ) : (
        <Facts entry={entry} key={entry.path} />
      )}
    </aside>
  );
}

function Facts({ entry }: { readonly entry: Entry }) {
  const app = useApp();
  const { texts, format, client, may } = app;
  const [properties, setProperties] = useState<FileProperties | undefined>();
  const [isEditing, setEditing] = useState(false);
  const isTrash = app.route.value.trash === true;
  const readAgain = () => client.properties(entry.path).then(setProperties, () => undefined);
  useEffect(() => {
    if (entry.type === 'folder' || entry.addressable === false || isTrash) return;
    const stop = new AbortController();
    client.properties(entry.path, { signal: stop.signal }).then(setProperties, () => undefined);
    return () => stop.abort();
  }, [entry]);
  const shown: FileEntry | undefined = properties ?? (entry.type === 'file' ? entry : undefined);
  return (
    <div class="panel-body">
      <div class="panel-picture">
        <Thumbnail entry={entry} size={72} />
      </div>
      <p class="panel-name">
        <bdi>{entry.name}</bdi>
      </p>
      <div class="panel-actions">
        {actionsFor(app, [entry])
          .filter(({ name }) => ['preview', 'open', 'download', 'share', 'restore'].includes(name))
          .map(({ name, icon, label, run }) => (
            <button key={name} type="button" class="plain" onClick={run}>
              <Icon name={icon} size={16} />
              {label}
            </button>
          ))}
      </div>
      {isEditing && properties !== undefined ? (
        <Suspense
          view={Form}
          properties={properties}
          onDone={(changed: FileProperties | undefined) => {
            if (changed !== undefined) setProperties(changed);
            setEditing(false);
          }}
        />
      ) : (
        <>
          <dl class="facts">
            <Fact name={texts.kind} value={kindText(entry, texts)} />
            {shown !== undefined && (
              <>
                <Fact name={texts.type} value={shown.content_type} />
                <Fact name={texts.size} value={sizeText(shown.content_length, format)} />
              </>
            )}
            {entry.last_modified !== null && (
              <Fact
                name={isTrash ? texts.deletedAt : texts.modified}
                value={format.dateTime(entry.last_modified)}
              />
            )}
            <Fact name={texts.location} value={`/${parentOf(entry.path)}`} />
            {shown?.etag !== undefined && (
              <Fact name={texts.etag} value={shown.etag.replaceAll('"', '')} isCode />
            )}
            {Object.entries(properties?.metadata ?? {}).map(([name, value]) => (
              <Fact key={name} name={name} value={value} />
            ))}
          </dl>
          {may.value.edit && properties !== undefined && (
            <button type="button" class="plain" onClick={() => setEditing(true)}>
              <Icon name="pencil" size={16} />
              {texts.edit}
            </button>
          )}
          {may.value.versions && !isTrash && shown !== undefined && (
            <Suspense
              view={History}
              entry={shown}
              onRestored={(stored: StoredFile) => {
                app.onStored(stored);
                void readAgain();
              }}
            />
          )}
          {may.value.links && !isTrash && (
            <Suspense view={Links} path={entry.path} title={texts.links} />
          )}
        </>
      )}
    </div>
  );
}

function sizeText(bytes: number, format: ReturnType<typeof useApp>['format']): string {
  const exact = format.bytes(bytes);
  return bytes < 1000 ? exact : `${format.size(bytes)} (${exact})`;
}

function Fact(props: { readonly name: string; readonly value: string; readonly isCode?: boolean }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd class={props.isCode === true ? 'code' : ''}>
        <bdi>{props.value}</bdi>
      </dd>
    </div>
  );
}
