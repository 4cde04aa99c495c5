// The open folder in one of its states: rows, tiles, or a sentence that says why there are none.
import { useEffect, useState } from 'preact/hooks';
import { useApp } from '../app.js';
import { parentOf } from '../../src/client/path.js';
import { hashOf } from '../model/route.js';
import { chooseFiles } from './choose.js';
import { Grid } from './Grid.js';
import { Icon } from './Icon.js';
import { useKeys } from './keys.js';
import { List } from './List.js';

export function Folder() {
  const { folder, settings, route } = useApp();
  const count = folder.visible.value.length;
  const status = folder.status.value;
  if (count > 0)
    return (
      <>
        {settings.view.value === 'grid' ? <Grid /> : <List />}
        {status === 'failed' && <BrokenOff />}
      </>
    );
  // An empty page says nothing of the next one.
  const isWaiting = status === 'partial' && folder.entries.value.length === 0;
  return (
    <Place>
      {status === 'loading' || (isWaiting && route.value.search === undefined) ? (
        <Skeleton />
      ) : (
        <div class="empty-place">{status === 'failed' ? <Failed /> : <Empty />}</div>
      )}
    </Place>
  );
}

/** Has the focus while there is no list, so that the keys which need none work here too. */
function Place({ children }: { readonly children: preact.ComponentChildren }) {
  const onKeyDown = useKeys({ columns: 1, rows: 1 });
  return (
    <div id="no-entries" class="no-entries" tabIndex={-1} onKeyDown={onKeyDown}>
      {children}
    </div>
  );
}

// What comes within a blink needs no placeholder.
const SKELETON_MS = 150;

function Skeleton() {
  const { texts } = useApp();
  const [isShown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(true), SKELETON_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="skeleton" role="status" aria-label={texts.loading}>
      {isShown &&
        Array.from({ length: 8 }, (_, index) => (
          <div class="skeleton-row" key={index} aria-hidden="true">
            <i />
            <b />
          </div>
        ))}
    </div>
  );
}

function Empty() {
  const app = useApp();
  const { texts, folder, route, format } = app;
  const filter = folder.filter.value.trim();
  const { search } = route.value;
  const may = app.may.value;
  if (search !== undefined)
    return (
      <State
        icon="search-x"
        title={
          folder.isHalted.value
            ? texts.foundUntilStopped(format.number(0), search)
            : folder.status.value === 'whole'
              ? texts.nothingFound(search)
              : texts.searching(search)
        }
      />
    );
  if (route.value.trash === true && filter === '')
    return <State icon="trash-2" title={texts.trashEmpty} hint={texts.trashHint} />;
  if (filter !== '' && folder.entries.value.length > 0)
    return (
      <State
        icon="search-x"
        title={texts.noMatch(filter, format.number(folder.entries.value.length))}
      >
        {route.value.trash !== true && (
          <button
            type="button"
            class="primary"
            onClick={() => app.go({ folder: route.value.folder, search: filter })}
          >
            <Icon name="search" />
            {texts.searchBelow}
          </button>
        )}
      </State>
    );
  if (!may.upload) return <State icon="folder-open" title={texts.emptyReadOnly} />;
  return (
    <State icon="folder-open" title={texts.emptyTitle} hint={texts.emptyHint}>
      <button type="button" class="primary" onClick={() => chooseFiles(app, 'files')}>
        <Icon name="upload" />
        {texts.uploadFiles}
      </button>
    </State>
  );
}

function Failed() {
  const app = useApp();
  const { folder, texts, route, config, retry } = app;
  const failure = app.explain(folder.error.value, app.titleOf(route.value.folder));
  const details = <Details text={failure.details} />;
  if (failure.reason === 'unauthorized')
    return (
      <State icon="user" title={texts.signedOut} isAlert>
        {config.signIn !== undefined && (
          <a class="primary" href={config.signIn}>
            {texts.signIn}
          </a>
        )}
      </State>
    );
  if (failure.reason === 'access_denied')
    return (
      <State icon="lock" title={texts.refused} isAlert>
        {details}
      </State>
    );
  if (failure.reason === 'not_found')
    return (
      <State icon="search-x" title={texts.gone} isAlert>
        <button
          type="button"
          class="primary"
          onClick={() => app.go({ folder: parentOf(route.value.folder) })}
        >
          <Icon name="arrow-up" />
          {texts.up}
        </button>
        {app.may.value.trash && (
          <a class="plain" href={hashOf({ folder: route.value.folder, trash: true })}>
            <Icon name="trash-2" />
            {texts.lookInTrash}
          </a>
        )}
      </State>
    );
  return (
    <State
      icon={failure.reason === 'network' ? 'cloud-off' : 'triangle-alert'}
      title={failure.sentence}
      isAlert
    >
      <RetryText />
      <button type="button" class="primary" onClick={retry.now}>
        <Icon name="refresh-cw" />
        {texts.tryAgain}
      </button>
      {details}
    </State>
  );
}

function BrokenOff() {
  const { texts, folder, format, retry } = useApp();
  return (
    <div class="notice">
      <p role="alert">{texts.brokeOff(format.number(folder.entries.value.length))}</p>
      <RetryText />
      <button type="button" class="link" onClick={retry.now}>
        {texts.tryAgain}
      </button>
    </div>
  );
}

/** When the folder is read again by itself. */
function RetryText() {
  const { retry, texts, format } = useApp();
  const seconds = retry.seconds.value;
  return seconds === undefined ? null : (
    <p class="muted">{texts.retryIn(format.duration(seconds))}</p>
  );
}

/** What a developer needs of a failure. */
export function Details({ text }: { readonly text: string }) {
  const { texts } = useApp();
  return (
    <details class="details">
      <summary>{texts.errorDetails}</summary>
      <p>{text}</p>
    </details>
  );
}

function State(props: {
  readonly icon: string;
  readonly title: string;
  readonly hint?: string;
  /** Said at once to whoever does not see it. */
  readonly isAlert?: boolean;
  readonly children?: preact.ComponentChildren;
}) {
  return (
    <div class="state" {...(props.isAlert === true ? { role: 'alert' as const } : {})}>
      <span class="state-icon">
        <Icon name={props.icon} size={40} />
      </span>
      <h2>{props.title}</h2>
      {props.hint !== undefined && <p class="muted">{props.hint}</p>}
      {props.children}
    </div>
  );
}
