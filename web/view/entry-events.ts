// What the pointer does on an entry, be it a row or a tile.
import { useRef } from 'preact/hooks';
import { useState } from 'preact/hooks';
import type { Entry } from '../../src/client/file-client.js';
import { actionsFor, transfer } from '../actions.js';
import { useApp } from '../app.js';
import { draggedEntries, startDragging } from './dragging.js';
import { openMenuAt } from './Menu.js';

const LONG_PRESS_MS = 450;

/** Handlers and classes of an entry. */
export function useEntryEvents(entry: Entry) {
  const app = useApp();
  const { selection, clipboard, jobs, dropTarget } = app;
  const [isTarget, setTarget] = useState(false);
  const press = useRef<{ timer?: ReturnType<typeof setTimeout>; isLong: boolean }>({
    isLong: false,
  });
  const isFolder = entry.type === 'folder';
  const isDeleted = app.route.value.trash === true;
  const isCut =
    clipboard.value?.moves === true &&
    clipboard.value.entries.some(({ path }) => path === entry.path);
  const classes = [
    selection.paths.value.has(entry.path) && 'selected',
    selection.focus.value === entry.path && 'focused',
    isCut && 'dimmed',
    jobs.busy.value.has(entry.path) && 'dimmed busy',
    (isTarget || (isFolder && dropTarget.value === entry.path)) && 'drop-target',
  ]
    .filter((name) => name !== false)
    .join(' ');

  const dragged = (event: DragEvent): readonly Entry[] | undefined => {
    const entries = draggedEntries(app, event);
    if (!isFolder || entries === undefined) return undefined;
    return entries.some(({ path }) => path === entry.path) ? undefined : entries;
  };

  return {
    classes,
    draggable: app.may.value.move && !isDeleted,
    onClick: (event: MouseEvent) => {
      if (press.current.isLong) {
        press.current.isLong = false;
        event.preventDefault();
        return;
      }
      const touches = (event as PointerEvent).pointerType === 'touch';
      const adds = event.ctrlKey || event.metaKey || (touches && selection.paths.value.size > 0);
      const isLink = event.target instanceof Element && event.target.closest('a') !== null;
      if (event.shiftKey || adds) {
        event.preventDefault();
        if (event.shiftKey) selection.extendTo(entry.path);
        else selection.toggle(entry.path);
        return;
      }
      selection.focus.value = entry.path;
      if (isLink) return;
      if (touches && !isDeleted) app.openEntry(entry);
      else selection.only(entry.path);
    },
    onDblClick: () => app.openEntry(entry),
    onContextMenu: (event: MouseEvent) => {
      event.preventDefault();
      if (!selection.paths.value.has(entry.path)) selection.only(entry.path);
      const actions = actionsFor(app, selection.entries.value);
      if (actions.length > 0) openMenuAt(app, event, entry.name, [actions]);
    },
    onPointerDown: (event: PointerEvent) => {
      if (event.pointerType !== 'touch') return;
      press.current.timer = setTimeout(() => {
        press.current.isLong = true;
        selection.toggle(entry.path);
      }, LONG_PRESS_MS);
    },
    onPointerUp: () => clearTimeout(press.current.timer),
    onPointerCancel: () => clearTimeout(press.current.timer),
    onPointerLeave: () => clearTimeout(press.current.timer),
    onDragStart: (event: DragEvent) => {
      if (!selection.paths.value.has(entry.path)) selection.only(entry.path);
      startDragging(app, event, selection.entries.value);
    },
    onDragOver: (event: DragEvent) => {
      if (dragged(event) === undefined) return;
      event.preventDefault();
      setTarget(true);
    },
    onDragLeave: () => setTarget(false),
    onDrop: (event: DragEvent) => {
      setTarget(false);
      const entries = dragged(event);
      if (entries === undefined) return;
      event.preventDefault();
      transfer(app, entries, entry.path, !event.altKey);
    },
  };
}
