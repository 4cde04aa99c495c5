// The order of the list, said to screen readers when it changes: to the eye the rows show it.
import { useRef } from 'preact/hooks';
import { useApp } from '../app.js';

export function SortStatus() {
  const { settings, texts } = useApp();
  const { key, descending } = settings.sort.value;
  const before = useRef(settings.sort.value);
  const isChanged = before.current !== settings.sort.value;
  return (
    <p class="hidden" role="status">
      {isChanged && (descending ? texts.sortedDown : texts.sortedUp)(texts[key])}
    </p>
  );
}
