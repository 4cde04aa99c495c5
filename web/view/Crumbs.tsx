// Where one is, as a path of links; a click behind the last one turns it into a field.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { nameOf } from '../../src/client/path.js';
import { transfer } from '../actions.js';
import { useApp } from '../app.js';
import { hashOf, routeOf } from '../model/route.js';
import { Icon } from './Icon.js';
import { draggedEntries } from './dragging.js';
import { focusEntries } from './focus.js';
import { openMenuBelow } from './Menu.js';

interface Crumb {
  readonly folder: string;
  readonly title: string;
}

// More would not fit beside the filter.
const MOST_SHOWN = 4;

export function Crumbs() {
  const app = useApp();
  const { route, texts, isEditingPath } = app;
  if (isEditingPath.value) return <PathField />;
  const crumbs = crumbsOf(route.value.folder, texts.home);
  const hidden = crumbs.length > MOST_SHOWN ? crumbs.slice(1, -2) : [];
  const shown = crumbs.filter((crumb) => !hidden.includes(crumb));
  const isTrash = route.value.trash === true;
  return (
    <nav class="crumbs" aria-label={texts.crumbs}>
      <ol>
        {shown.map((crumb, index) => (
          <li key={crumb.folder}>
            {index > 0 && <Icon name="chevron-right" size={14} />}
            {index === 1 && hidden.length > 0 && (
              <>
                <button
                  type="button"
                  class="crumb"
                  aria-label={texts.more}
                  aria-haspopup="menu"
                  onClick={(event) =>
                    openMenuBelow(app, event, texts.crumbs, [
                      hidden.map(({ folder, title }) => ({
                        icon: 'folder',
                        label: title,
                        run: () => app.go({ folder }),
                      })),
                    ])
                  }
                >
                  …
                </button>
                <Icon name="chevron-right" size={14} />
              </>
            )}
            <CrumbLink crumb={crumb} isLast={!isTrash && index === shown.length - 1} />
          </li>
        ))}
        {isTrash && (
          <li>
            <Icon name="chevron-right" size={14} />
            <a
              class="crumb crumb-last"
              href={hashOf({ folder: route.value.folder, trash: true })}
              aria-current="page"
            >
              {texts.trash}
            </a>
          </li>
        )}
      </ol>
      <button
        type="button"
        class="crumbs-rest"
        aria-label={texts.goToPath}
        title={`${texts.goToPath} (Ctrl+L)`}
        onClick={() => (isEditingPath.value = true)}
      />
    </nav>
  );
}

function CrumbLink({ crumb, isLast }: { readonly crumb: Crumb; readonly isLast: boolean }) {
  const app = useApp();
  const [isTarget, setTarget] = useState(false);
  return (
    <a
      class={`crumb ${isLast ? 'crumb-last' : ''} ${isTarget ? 'drop-target' : ''}`}
      href={hashOf({ folder: crumb.folder })}
      title={crumb.title}
      {...(isLast ? { 'aria-current': 'page' as const } : {})}
      onDragOver={(event) => {
        if (isLast || draggedEntries(app, event) === undefined || !app.may.value.move) return;
        event.preventDefault();
        setTarget(true);
      }}
      onDragLeave={() => setTarget(false)}
      onDrop={(event) => {
        setTarget(false);
        const entries = draggedEntries(app, event);
        if (isLast || entries === undefined) return;
        event.preventDefault();
        transfer(app, entries, crumb.folder, !event.altKey);
      }}
    >
      {crumb.title}
    </a>
  );
}

function PathField() {
  const app = useApp();
  const { texts, route, isEditingPath } = app;
  const input = useRef<HTMLInputElement>(null);
  // Before the next key comes.
  useLayoutEffect(() => input.current?.select(), []);
  const leave = () => {
    isEditingPath.value = false;
    focusEntries();
  };
  return (
    <form
      class="path-field"
      onSubmit={(event) => {
        event.preventDefault();
        const typed = (input.current?.value ?? '').replace(/^\/+/, '');
        const isFolder = typed === '' || typed.endsWith('/');
        // Whatever is typed is a key, taken as it stands.
        const to = routeOf(hashOf(isFolder ? { folder: typed } : { folder: `${typed}/` }));
        if (to !== undefined) app.go(to);
        leave();
      }}
    >
      <input
        ref={input}
        aria-label={texts.path}
        value={`/${route.value.folder}`}
        spellcheck={false}
        autoComplete="off"
        onBlur={() => (isEditingPath.value = false)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') leave();
        }}
      />
    </form>
  );
}

function crumbsOf(folder: string, home: string): readonly Crumb[] {
  const segments = folder.split('/').slice(0, -1);
  return [
    { folder: '', title: home },
    ...segments.map((_, index) => {
      const path = `${segments.slice(0, index + 1).join('/')}/`;
      return { folder: path, title: nameOf(path) };
    }),
  ];
}
