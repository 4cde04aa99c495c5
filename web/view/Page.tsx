// The whole page: bars, the folder, its side panel, and what lies above them.
import { lazy, Suspense } from './lazy.js';
import { useApp } from '../app.js';
import { Dialogs } from './Dialogs.js';
import { Drop } from './Drop.js';
import { Folder } from './Folder.js';
import { useGlobalKeys } from './keys.js';
import { Menu } from './Menu.js';
import { Panel } from './Panel.js';
import { SortStatus } from './SortStatus.js';
import { ToolRow } from './ToolRow.js';
import { TopBar } from './TopBar.js';
import { Toasts } from './Toasts.js';
import { Transfers } from './Transfers.js';

const Preview = lazy(() => import('./Preview.js').then(({ Preview: view }) => view));

export function Page() {
  const { settings, route, isOnline, texts } = useApp();
  useGlobalKeys();
  return (
    <div class="page">
      <TopBar />
      <p class="notice" role="status">
        {!isOnline.value && texts.offline}
      </p>
      <SortStatus />
      <div class="middle">
        <main class="main">
          <ToolRow />
          <Folder />
        </main>
        {settings.hasPanel.value && <Panel />}
      </div>
      <Transfers />
      <Drop />
      <Menu />
      <Dialogs />
      {route.value.preview !== undefined && (
        <Suspense view={Preview} path={route.value.preview} key="preview" />
      )}
      <Toasts place="page" />
    </div>
  );
}
