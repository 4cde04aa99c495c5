// What several views use of the browser: its width, the visible part of a long list.
import { useEffect, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

/** Whether a media query holds. */
export function useMedia(query: string): boolean {
  const [holds, setHolds] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const listen = () => setHolds(list.matches);
    list.addEventListener('change', listen);
    return () => list.removeEventListener('change', listen);
  }, [query]);
  return holds;
}

/** True below the width of a tablet. */
export const usePhone = (): boolean => useMedia('(max-width: 599px)');

/** The rows of a list that are to be drawn. */
export interface Window {
  readonly first: number;
  /** Without this one. */
  readonly end: number;
  readonly width: number;
}

// Rows beyond the edges, so that a fast scroll meets no emptiness.
const OVERSCAN = 8;

/** The rows that an element shows while it scrolls; `lead` is what stands above the first one. */
export function useWindow(
  ref: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
  lead: number,
): Window {
  const [view, setView] = useState({ top: 0, height: 800, width: 0 });
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const read = () => {
      const { scrollTop, clientHeight, clientWidth } = element;
      // By whole rows: most scroll events change nothing that is drawn.
      const top = Math.floor(scrollTop / rowHeight) * rowHeight;
      setView((known) =>
        known.top === top && known.height === clientHeight && known.width === clientWidth
          ? known
          : { top, height: clientHeight, width: clientWidth },
      );
    };
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element);
    element.addEventListener('scroll', read, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', read);
    };
  }, [rowHeight, ref.current]);
  const top = Math.max(0, view.top - lead);
  const first = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN);
  const end = Math.min(count, Math.ceil((top + view.height) / rowHeight) + OVERSCAN);
  return { first, end, width: view.width };
}

/** Shows the row of an index. */
export function scrollToRow(
  element: HTMLElement | null,
  index: number,
  rowHeight: number,
  lead: number,
): void {
  if (element === null || index < 0) return;
  const top = index * rowHeight;
  const room = element.clientHeight - lead;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (top + rowHeight > element.scrollTop + room) element.scrollTop = top + rowHeight - room;
}
