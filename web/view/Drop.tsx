// Files that are dragged over the window: the target is outlined, and what is dropped is uploaded.
import { useEffect } from 'preact/hooks';
import { useApp } from '../app.js';
import { gatherDropped, uploadAll } from './choose.js';
import { holdsFiles } from './dragging.js';
import { Icon } from './Icon.js';

export function Drop() {
  const app = useApp();
  const { dropTarget, texts } = app;
  useEffect(() => {
    // Leaving one element for another inside the window is no leaving.
    const onOver = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      if (!app.may.value.upload) {
        if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'none';
        return;
      }
      dropTarget.value = folderUnder(event) ?? app.route.value.folder;
    };
    const onLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) dropTarget.value = undefined;
    };
    const onDrop = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      const folder = dropTarget.value;
      dropTarget.value = undefined;
      if (folder === undefined || event.dataTransfer === null) return;
      gatherDropped(event.dataTransfer).then(
        (gathered) => uploadAll(app, folder, gathered),
        (error: unknown) => app.fail(error, ''),
      );
    };
    addEventListener('dragover', onOver);
    addEventListener('dragleave', onLeave);
    addEventListener('drop', onDrop);
    return () => {
      removeEventListener('dragover', onOver);
      removeEventListener('dragleave', onLeave);
      removeEventListener('drop', onDrop);
    };
  }, [app]);
  const target = dropTarget.value;
  if (target === undefined) return null;
  return (
    <div class="drop" aria-hidden="true">
      <p class="drop-label">
        <Icon name="upload" size={20} />
        {texts.dropInto(app.titleOf(target))}
      </p>
    </div>
  );
}

function folderUnder(event: DragEvent): string | undefined {
  if (!(event.target instanceof Element)) return undefined;
  return event.target.closest<HTMLElement>('[data-folder]')?.dataset['folder'];
}
