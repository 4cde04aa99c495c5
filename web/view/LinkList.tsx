// The links that a person has made, and the end of each.
import { useEffect, useState } from 'preact/hooks';
import type { MadeLink } from '../../src/client/file-client.js';
import { useApp } from '../app.js';
import { Icon, IconButton } from './Icon.js';

/** Links to one file, or to all at and below a folder; nothing while there are none, unless `none` says so. */
export function LinkList(props: {
  readonly path: string;
  /** Shows what each link leads to. */
  readonly hasPaths?: boolean;
  readonly title?: string;
  readonly none?: string;
  /** Changes when there may be another one. */
  readonly version?: unknown;
}) {
  const app = useApp();
  const { client, texts } = app;
  const [links, setLinks] = useState<readonly MadeLink[] | undefined>();
  useEffect(() => {
    const stop = new AbortController();
    client.links(props.path, { signal: stop.signal }).then(setLinks, (error: unknown) => {
      if (!stop.signal.aborted) app.fail(error, props.path);
    });
    return () => stop.abort();
  }, [props.path, props.version]);

  const revoke = (link: MadeLink) => {
    client.revokeLink(link.id).then(
      () => {
        setLinks((known) => known?.filter(({ id }) => id !== link.id));
        app.toast(texts.revoked);
      },
      (error: unknown) => app.fail(error, link.path),
    );
  };
  if (links === undefined) return null;
  if (links.length === 0)
    return props.none === undefined ? null : <p class="muted">{props.none}</p>;
  return (
    <section class="links">
      {props.title !== undefined && <h3>{props.title}</h3>}
      <ul>
        {links.map((link) => (
          <li key={link.id} class="made-link">
            <Icon name={link.has_password ? 'lock' : 'link'} size={16} />
            <span class="made-link-text">
              {props.hasPaths === true && (
                <bdi class="made-link-path">{link.path === '' ? texts.home : link.path}</bdi>
              )}
              <span class={props.hasPaths === true ? 'muted' : ''}>{factsOf(app, link)}</span>
            </span>
            <IconButton icon="x" label={texts.revoke} class="small" onClick={() => revoke(link)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function factsOf({ texts, format }: ReturnType<typeof useApp>, link: MadeLink): string {
  const { uses, max_uses, has_password, download, expires_at } = link;
  return [
    texts.until(format.dateTime(expires_at)),
    max_uses === null ? '' : texts.usedOf(format.number(uses), format.number(max_uses)),
    has_password ? texts.withPassword : '',
    download ? texts.forDownload : '',
  ]
    .filter((fact) => fact !== '')
    .join(' · ');
}
