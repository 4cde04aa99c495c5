// What stands for an entry: the picture that it is, where that is a small one, else the icon of its kind.
import { useState } from 'preact/hooks';
import type { Entry } from '../../src/client/file-client.js';
import { useApp } from '../app.js';
import { isRaster } from '../model/kinds.js';
import { EntryIcon } from './Icon.js';

// Larger pictures would cost more than a look at them is worth.
const MAX_BYTES = 10_000_000;

export function Thumbnail({ entry, size }: { readonly entry: Entry; readonly size: number }) {
  const { client, route } = useApp();
  const [isFailed, setFailed] = useState(false);
  const isPicture =
    entry.type === 'file' && isRaster(entry) && entry.content_length <= MAX_BYTES && !isFailed;
  // What was deleted is read by nobody, and a name that cannot be opened neither.
  const isThere = route.value.trash !== true && entry.addressable !== false;
  if (!isPicture || !isThere) return <EntryIcon entry={entry} size={size} />;
  return (
    <img
      class="thumbnail"
      src={client.fileUrl(entry.path)}
      alt=""
      loading="lazy"
      decoding="async"
      draggable={false}
      onError={() => setFailed(true)}
    />
  );
}
