// The beginning of a text, however long it is, and more of it on demand.
import { useEffect, useState } from 'preact/hooks';
import type { FileEntry } from '../../src/client/file-client.js';
import { useApp } from '../app.js';

const PIECE_BYTES = 256 * 1024;

export function TextPreview({ entry }: { readonly entry: FileEntry }) {
  const app = useApp();
  const { texts, client } = app;
  const [text, setText] = useState('');
  const [read, setRead] = useState(0);
  const [failure, setFailure] = useState('');
  // One decoder for the whole: a character may lie across two pieces.
  const [decoder] = useState(() => new TextDecoder());
  const size = entry.content_length;

  const more = async () => {
    const last = Math.min(read + PIECE_BYTES, size) - 1;
    try {
      const answer = await client.read(entry.path, { range: [read, last] });
      const bytes = await answer.arrayBuffer();
      setText(text + decoder.decode(bytes, { stream: last < size - 1 }));
      setRead(last + 1);
    } catch (error) {
      setFailure(app.explain(error, entry.name).sentence);
    }
  };
  useEffect(() => {
    if (size > 0) void more();
  }, []);
  if (failure !== '') return <p class="state">{failure}</p>;
  return (
    <div class="preview-text" tabIndex={0} role="region" aria-label={entry.name}>
      <pre>{text}</pre>
      {read > 0 && read < size && (
        <button type="button" class="plain" onClick={() => void more()}>
          {texts.showMore}
        </button>
      )}
    </div>
  );
}
