// The place in a list that one comes back to: by reload, and by going back and forward.
import { useEffect } from 'preact/hooks';
import type { RefObject } from 'preact';

/** Keeps where a list stands with the entry of the history, and goes there when its rows are there. */
export function useScrollMemory(ref: RefObject<HTMLElement | null>, isReady: boolean): void {
  useEffect(() => {
    const element = ref.current;
    if (element === null || !isReady) return;
    const kept: unknown = history.state;
    if (typeof kept === 'number') element.scrollTop = kept;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const keep = () => {
      clearTimeout(timer);
      const { hash } = location;
      timer = setTimeout(() => {
        if (location.hash === hash) history.replaceState(element.scrollTop, '');
      }, 100);
    };
    element.addEventListener('scroll', keep, { passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener('scroll', keep);
    };
  }, [isReady]);
}
