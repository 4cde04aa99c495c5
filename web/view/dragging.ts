// Rows that are dragged inside the page: they travel by their paths and never as files.
import type { Entry } from '../../src/client/file-client.js';
import type { App } from '../app.js';

const TYPE = 'application/x-s3files-entries';

/** Notes what is dragged: a browser tells only when it is dropped, a row under the pointer must know before. */
export function startDragging(app: App, event: DragEvent, entries: readonly Entry[]): void {
  event.dataTransfer?.setData(TYPE, String(entries.length));
  if (event.dataTransfer !== null) event.dataTransfer.effectAllowed = 'copyMove';
  app.dragged.value = entries;
}

/** The entries of this page that are dragged; undefined for anything else. */
export function draggedEntries(app: App, event: DragEvent): readonly Entry[] | undefined {
  return event.dataTransfer?.types.includes(TYPE) === true ? app.dragged.value : undefined;
}

/** True when files of the system are dragged. */
export function holdsFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') === true;
}
