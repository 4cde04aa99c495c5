// The dialog that is open, if any.
import { useApp } from '../app.js';
import { ConflictDialog } from './ConflictDialog.js';
import { DeleteDialog } from './DeleteDialog.js';
import { FolderDialog } from './FolderDialog.js';
import { lazy, Suspense } from './lazy.js';
import { NameDialog } from './NameDialog.js';

const Share = lazy(() => import('./ShareDialog.js').then(({ ShareDialog }) => ShareDialog));
const Links = lazy(() => import('./LinksDialog.js').then(({ LinksDialog }) => LinksDialog));
const Keyboard = lazy(() =>
  import('./KeyboardDialog.js').then(({ KeyboardDialog }) => KeyboardDialog),
);

export function Dialogs() {
  const { overlay, transfers } = useApp();
  const open = overlay.value;
  const [conflict] = transfers.conflicts.value;
  if (open === undefined)
    return conflict === undefined ? null : <ConflictDialog key={conflict.id} transfer={conflict} />;
  switch (open.kind) {
    case 'newFolder':
      return <NameDialog />;
    case 'rename':
      return <NameDialog entry={open.entry} />;
    case 'delete':
    case 'purge':
      return <DeleteDialog entries={open.entries} isPurge={open.kind === 'purge'} />;
    case 'move':
    case 'copy':
      return <FolderDialog entries={open.entries} moves={open.kind === 'move'} />;
    case 'share':
      return <Suspense view={Share} entry={open.entry} />;
    case 'links':
      return <Suspense view={Links} />;
    case 'keyboard':
      return <Suspense view={Keyboard} />;
  }
}
