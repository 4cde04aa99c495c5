// What the bucket has kept of a file, and the way back to it.
import { useEffect, useState } from 'preact/hooks';
import type { FileEntry, FileVersion, StoredFile } from '../../src/client/file-client.js';
import { useApp } from '../app.js';
import { IconButton } from './Icon.js';

export function Versions(props: {
  readonly entry: FileEntry;
  readonly onRestored: (file: StoredFile) => void;
}) {
  const app = useApp();
  const { client, texts, format, may } = app;
  const { path, name } = props.entry;
  const [versions, setVersions] = useState<readonly FileVersion[]>([]);
  const read = (signal?: AbortSignal) =>
    client
      .versions(path, signal === undefined ? {} : { signal })
      .then(setVersions, () => undefined);
  useEffect(() => {
    const stop = new AbortController();
    void read(stop.signal);
    return () => stop.abort();
  }, [path, props.entry.etag]);

  const newest = versions.find(({ is_latest }) => is_latest);
  const restore = async ({ version_id }: FileVersion) => {
    try {
      // Over what is shown here, and not over what somebody else has stored meanwhile.
      const etag = newest?.etag ?? undefined;
      const stored = await client.restore(path, {
        versionId: version_id,
        ...(etag === undefined ? {} : { etag }),
      });
      if (!('restored' in stored)) props.onRestored(stored);
      app.toast(texts.versionRestored(name));
      // A file with another ETag has its versions read above.
      if (!('restored' in stored) && stored.etag !== props.entry.etag) return;
    } catch (error) {
      app.fail(error, name);
    }
    await read();
  };
  const kept = versions.filter(({ deleted }) => !deleted);
  if (kept.length < 2) return null;
  return (
    <section class="versions">
      <h3>{texts.versions}</h3>
      <ol>
        {kept.map((version) => (
          <li key={version.version_id} class="version">
            <span class="version-text">
              <span>{format.dateTime(version.last_modified)}</span>
              <span class="muted">
                {format.size(version.content_length ?? 0)}
                {version.is_latest && ` · ${texts.current}`}
              </span>
            </span>
            <IconButton
              icon="download"
              label={texts.downloadVersion(format.dateTime(version.last_modified))}
              class="small"
              onClick={() => {
                const link = document.createElement('a');
                link.href = client.fileUrl(path, {
                  download: true,
                  versionId: version.version_id,
                });
                link.download = name;
                link.click();
              }}
            />
            {!version.is_latest && may.value.restore && (
              <IconButton
                icon="undo-2"
                label={texts.restoreVersion(format.dateTime(version.last_modified))}
                class="small"
                onClick={() => void restore(version)}
              />
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
