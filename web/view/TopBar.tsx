// The bar above everything: what this is, where one is, filtering, how it looks.
import { useRef } from 'preact/hooks';
import { parentOf } from '../../src/client/path.js';
import { useApp } from '../app.js';
import type { MenuItem } from '../app.js';
import { Crumbs } from './Crumbs.js';
import { focusEntries } from './focus.js';
import { IconButton, Icon } from './Icon.js';
import { usePhone } from './hooks.js';
import { openMenuBelow } from './Menu.js';

export function TopBar() {
  const app = useApp();
  const { config, texts, settings, route, selection } = app;
  const isPhone = usePhone();
  const title = config.title ?? texts.files;
  const isTrash = route.value.trash === true;
  return (
    <header class="top">
      {isPhone && (route.value.folder !== '' || isTrash) ? (
        <UpButton />
      ) : (
        <a class="brand" href="#/" title={title}>
          {config.logo === undefined ? <Mark /> : <img src={config.logo} alt="" class="logo" />}
          {!isPhone && <span class="brand-name">{title}</span>}
        </a>
      )}
      {isPhone ? (
        <h1 class="place">{isTrash ? texts.trash : app.titleOf(route.value.folder)}</h1>
      ) : (
        <>
          <span class="rule" aria-hidden="true" />
          <Crumbs />
        </>
      )}
      <Filter />
      <div class="top-end">
        {!isPhone && (
          <IconButton
            icon={settings.view.value === 'list' ? 'layout-grid' : 'list'}
            label={settings.view.value === 'list' ? texts.grid : texts.list}
            onClick={() => (settings.view.value = settings.view.value === 'list' ? 'grid' : 'list')}
          />
        )}
        {!isPhone && app.may.value.trash && (
          <IconButton
            icon="trash-2"
            label={texts.trash}
            pressed={isTrash}
            onClick={() =>
              app.go({ folder: route.value.folder, ...(isTrash ? {} : { trash: true as const }) })
            }
          />
        )}
        {!isPhone && (
          <IconButton
            icon="info"
            label={texts.details}
            pressed={settings.hasPanel.value}
            onClick={() => {
              settings.hasPanel.value = !settings.hasPanel.value;
              const { focus, entries } = selection;
              if (entries.value.length === 0 && focus.value !== undefined)
                selection.only(focus.value);
            }}
          />
        )}
        <IconButton
          icon="ellipsis"
          label={texts.more}
          expanded={false}
          onClick={(event) =>
            openMenuBelow(app, event, texts.more, [viewItems(app, isPhone), otherItems(app)])
          }
        />
      </div>
    </header>
  );
}

function viewItems(app: ReturnType<typeof useApp>, isPhone: boolean): readonly MenuItem[] {
  const { texts, settings } = app;
  const theme = (value: 'auto' | 'light' | 'dark', icon: string, label: string): MenuItem => ({
    icon,
    label,
    isChecked: settings.theme.value === value,
    run: () => (settings.theme.value = value),
  });
  const view = (value: 'list' | 'grid', icon: string, label: string): MenuItem => ({
    icon,
    label,
    isChecked: settings.view.value === value,
    run: () => (settings.view.value = value),
  });
  return [
    ...(isPhone ? [view('list', 'list', texts.list), view('grid', 'layout-grid', texts.grid)] : []),
    theme('auto', 'monitor', texts.themeAuto),
    theme('light', 'sun', texts.themeLight),
    theme('dark', 'moon', texts.themeDark),
  ];
}

function otherItems(app: ReturnType<typeof useApp>): readonly MenuItem[] {
  const { texts, config, folder, overlay, may, route } = app;
  const { signOut } = config;
  return [
    ...(may.value.trash
      ? [
          {
            icon: 'trash-2',
            label: texts.trash,
            run: () => app.go({ folder: route.value.folder, trash: true }),
          },
        ]
      : []),
    ...(may.value.links
      ? [{ icon: 'link', label: texts.myLinks, run: () => (overlay.value = { kind: 'links' }) }]
      : []),
    { icon: 'refresh-cw', label: texts.refresh, run: () => void folder.refresh() },
    {
      icon: 'keyboard',
      label: texts.keyboard,
      keys: '?',
      run: () => (overlay.value = { kind: 'keyboard' }),
    },
    ...(signOut === undefined
      ? []
      : [{ icon: 'log-out', label: texts.signOut, run: () => location.assign(signOut) }]),
  ];
}

function UpButton() {
  const app = useApp();
  const { folder, trash } = app.route.value;
  return (
    <IconButton
      icon="arrow-left"
      label={app.texts.up}
      onClick={() => app.go({ folder: trash === true ? folder : parentOf(folder) })}
    />
  );
}

function Filter() {
  const app = useApp();
  const { texts, folder, route } = app;
  const input = useRef<HTMLInputElement>(null);
  const value = route.value.search ?? folder.filter.value;
  const search = () => {
    const text = input.current?.value.trim() ?? '';
    app.go({ folder: route.value.folder, ...(text === '' ? {} : { search: text }) });
  };
  const clear = () => {
    folder.filter.value = '';
    if (input.current !== null) input.current.value = '';
    if (route.value.search !== undefined) app.go({ folder: route.value.folder });
  };
  return (
    <form
      class="filter"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        search();
      }}
    >
      <Icon name="search" size={16} />
      <input
        ref={input}
        id="filter"
        type="search"
        autoComplete="off"
        spellcheck={false}
        aria-label={texts.filter}
        placeholder={texts.filter}
        title={texts.filterHint}
        value={value}
        onInput={(event) => {
          if (route.value.search === undefined) folder.filter.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          clear();
          focusEntries();
        }}
      />
      {value !== '' && <IconButton icon="x" label={texts.clear} class="small" onClick={clear} />}
    </form>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect width="32" height="32" rx="8" class="mark-back" />
      <path
        d="M7 11.5A2.500 2.500 0 0 1 9.500 9h3.400c.7 0 1.300.3 1.800.8l1.200 1.400c.3.3.7.5 1.100.5h5.500a2.500 2.500 0 0 1 2.500 2.500v6.300a2.500 2.500 0 0 1-2.500 2.500h-13A2.500 2.500 0 0 1 7 20.500z"
        fill="#fff"
      />
    </svg>
  );
}
