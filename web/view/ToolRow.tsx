// The row of actions above the list: for the folder, or for what is selected in it.
import { actionsFor, paste, restoreAll } from '../actions.js';
import { useApp } from '../app.js';
import { sizeOf } from '../model/order.js';
import { Icon, IconButton } from './Icon.js';
import { usePhone } from './hooks.js';
import { openMenuBelow } from './Menu.js';
import { chooseFiles } from './choose.js';
import type { Choice } from './choose.js';
import { Quota } from './Quota.js';

export function ToolRow() {
  const { selection, route } = useApp();
  const selects = selection.entries.value.length > 0;
  return (
    <div class={selects ? 'tools selecting' : 'tools'}>
      <Count />
      {selects ? <ForSelection /> : route.value.trash === true ? <ForTrash /> : <ForFolder />}
    </div>
  );
}

/** One element for all: screen readers say what changes in it, and nothing of one that comes with its text. */
function Count() {
  const app = useApp();
  const { selection, texts, format } = app;
  const entries = selection.entries.value;
  const size = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  return (
    <p class="count" role="status">
      {entries.length === 0
        ? countText(app)
        : texts.selected(entries.length, format.number(entries.length))}
      {size > 0 && <span class="muted"> · {format.size(size)}</span>}
    </p>
  );
}

function ForFolder() {
  const app = useApp();
  const { texts, overlay, folder, route, config } = app;
  const may = app.may.value;
  const isPhone = usePhone();
  const choose = (choice: Choice) => () => chooseFiles(app, choice);
  const files = { icon: 'upload', label: texts.uploadFiles, keys: 'U', run: choose('files') };
  const folders = {
    icon: 'folder-up',
    label: texts.uploadFolder,
    keys: 'Shift+U',
    run: choose('folder'),
  };
  const photo = { icon: 'camera', label: texts.takePhoto, run: choose('photo') };
  const newFolder = () => (overlay.value = { kind: 'newFolder' });
  return (
    <>
      {may.upload && !isPhone && (
        <span class="split">
          <button type="button" class="primary" onClick={choose('files')}>
            <Icon name="upload" />
            {texts.upload}
          </button>
          <button
            type="button"
            class="primary split-more"
            aria-label={texts.uploadFolder}
            aria-haspopup="menu"
            onClick={(event) => openMenuBelow(app, event, texts.upload, [[files, folders]])}
          >
            <Icon name="chevron-down" size={16} />
          </button>
        </span>
      )}
      {may.newFolder && !isPhone && (
        <button type="button" class="plain" onClick={newFolder}>
          <Icon name="folder-plus" />
          {texts.newFolder}
        </button>
      )}
      {app.clipboard.value !== undefined && may.paste && (
        <button type="button" class="plain" onClick={() => paste(app)}>
          <Icon name="clipboard-paste" />
          {texts.paste}
        </button>
      )}
      {isPhone && (may.upload || may.newFolder) && (
        <button
          type="button"
          class="floating"
          aria-label={texts.upload}
          aria-haspopup="menu"
          onClick={(event) =>
            openMenuBelow(app, event, texts.upload, [
              [
                // A phone chooses no folders.
                ...(may.upload ? [files, photo] : []),
                ...(may.newFolder
                  ? [{ icon: 'folder-plus', label: texts.newFolder, run: newFolder }]
                  : []),
              ],
            ])
          }
        >
          <Icon name="plus" size={24} />
        </button>
      )}
      <Quota />
      {config.readOnly === true && <span class="badge">{texts.readOnly}</span>}
      {folder.isReading.value && route.value.search !== undefined && (
        <button type="button" class="link stop" onClick={folder.halt}>
          {texts.stopSearch}
        </button>
      )}
    </>
  );
}

function ForTrash() {
  const app = useApp();
  const { texts, folder, overlay } = app;
  const may = app.may.value;
  const all = folder.entries.value;
  return (
    <>
      {all.length > 0 && may.restore && (
        <button type="button" class="plain outlined" onClick={() => restoreAll(app)}>
          <Icon name="undo-2" />
          {texts.restoreAll}
        </button>
      )}
      {all.length > 0 && may.purge && (
        <button
          type="button"
          class="plain danger"
          onClick={() => {
            void folder.readRest().then(() => {
              overlay.value = { kind: 'purge', entries: folder.entries.value };
            });
          }}
        >
          <Icon name="trash-2" />
          {texts.emptyTrash}
        </button>
      )}
    </>
  );
}

function countText({ folder, texts, format, route }: ReturnType<typeof useApp>): string {
  const count = folder.visible.value.length;
  const n = format.number(count);
  const { search } = route.value;
  if (search !== undefined) {
    if (folder.isHalted.value) return texts.foundUntilStopped(n, search);
    if (folder.status.value === 'whole') return texts.found(count, n, search);
    return count === 0 ? texts.searching(search) : texts.foundSoFar(n, search);
  }
  if (folder.status.value === 'loading' || folder.error.value !== undefined) return '';
  return folder.status.value === 'partial' ? texts.itemsAndMore(n) : texts.items(count, n);
}

const SHOWN_WIDE = new Set([
  'download',
  'share',
  'move',
  'copy',
  'rename',
  'delete',
  'restore',
  'purge',
]);

function ForSelection() {
  const app = useApp();
  const { texts, format, selection } = app;
  const entries = selection.entries.value;
  const isPhone = usePhone();
  const actions = actionsFor(app, entries);
  const label = texts.selected(entries.length, format.number(entries.length));
  return (
    <div class="selection" role="toolbar" aria-label={label}>
      <IconButton icon="x" label={texts.endSelection} class="end" onClick={selection.clear} />
      {isPhone ? (
        <IconButton
          icon="ellipsis"
          label={texts.more}
          expanded={false}
          onClick={(event) => openMenuBelow(app, event, texts.more, [actions])}
        />
      ) : (
        actions
          .filter(({ name }) => SHOWN_WIDE.has(name))
          .map(({ name, icon, label, run, isDanger }) => (
            <button
              key={name}
              type="button"
              class={isDanger === true ? 'plain danger' : 'plain'}
              title={label}
              onClick={run}
            >
              <Icon name={icon} />
              <span>{label}</span>
            </button>
          ))
      )}
    </div>
  );
}
