// Every link that a person has made, wherever it leads.
import { useApp } from '../app.js';
import { Dialog } from './Dialog.js';
import { LinkList } from './LinkList.js';

export function LinksDialog() {
  const { texts, overlay } = useApp();
  return (
    <Dialog title={texts.myLinks} onClose={() => (overlay.value = undefined)}>
      <LinkList path="" hasPaths none={texts.noLinks} />
    </Dialog>
  );
}
