// Where the page begins: its configuration stands in the document, its state in one place.
import { effect } from '@preact/signals';
import { render } from 'preact';
import type { PageConfig } from '../src/server/page/options.js';
import { AppProvider, createApp } from './app.js';
import { listsSame, routeOf } from './model/route.js';
import './style/index.css';
import { keepFocus } from './view/focus.js';
import { Page } from './view/Page.js';

const content = document.querySelector('meta[name=s3files]')?.getAttribute('content');
// Written by our own handler.
const app = createApp(JSON.parse(content ?? '{"operations":[]}') as PageConfig);
const root = document.documentElement;

root.lang = app.format.locale;
if (app.config.accent !== undefined) root.style.setProperty('--s3f-accent', app.config.accent);
effect(() => {
  const theme = app.settings.theme.value;
  if (theme === 'auto') delete root.dataset['theme'];
  else root.dataset['theme'] = theme;
});
effect(() => {
  const { folder, preview } = app.route.value;
  const title = app.config.title ?? app.texts.files;
  const place = preview?.split('/').at(-1) ?? (folder === '' ? '' : app.titleOf(folder));
  document.title = place === '' ? title : `${place} – ${title}`;
});

addEventListener('hashchange', () => {
  const to = routeOf(location.hash) ?? { folder: app.config.start ?? '' };
  app.route.value = to;
  app.menu.value = undefined;
  app.isEditingPath.value = false;
  const from = app.listed.value;
  const isListed = app.folder.entries.value.some(({ path }) => path === to.preview);
  if (isListed || listsSame(to, from)) return;
  app.listed.value = to;
  app.selection.reset();
  // From a folder up, the focus is on the folder that one came from.
  if (from.folder.startsWith(to.folder) && to.trash !== true) {
    const [name = ''] = from.folder.slice(to.folder.length).split('/');
    if (name !== '') app.selection.focus.value = `${to.folder}${name}/`;
  }
  void app.folder.open(to);
});
addEventListener('online', () => {
  app.isOnline.value = true;
  app.transfers.online();
  if (app.folder.status.value === 'failed') app.retry.now();
});
addEventListener('offline', () => (app.isOnline.value = false));
addEventListener('beforeunload', (event) => {
  if (app.transfers.summary.value.isActive) event.preventDefault();
});

keepFocus();
void app.folder.open(app.route.value);
const place = document.getElementById('app');
if (place !== null)
  render(
    <AppProvider value={app}>
      <Page />
    </AppProvider>,
    place,
  );
