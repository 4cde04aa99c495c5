// Calls about share links.
import type { Stoppable } from './answers.js';
import type { Caller } from './call.js';

/** What a link is to be. */
export interface ShareOptions extends Stoppable {
  /** @default a day */
  readonly expiresSeconds?: number;
  readonly password?: string;
  /** Files are saved instead of shown. @default false */
  readonly download?: boolean;
  /** Needs the host's `linkStore`. */
  readonly maxUses?: number;
}

/** A link that was just made. */
export interface ShareLink {
  /** Opens it; relative to the origin of the service. */
  readonly url: string;
  /** Revokes it. */
  readonly id: string;
  readonly expires_at: string;
}

/** A link as its maker sees it again. */
export interface MadeLink {
  readonly id: string;
  readonly path: string;
  readonly type: 'file' | 'folder';
  readonly created_at: string;
  readonly expires_at: string;
  readonly download: boolean;
  readonly has_password: boolean;
  readonly max_uses: number | null;
  readonly uses: number;
}

/** Calls about share links. */
export interface LinkCalls {
  /** Makes a link to a file or a folder, for whoever has it. */
  share(path: string, options?: ShareOptions): Promise<ShareLink>;
  /** The caller's links to a file, or at and below a folder; needs the host's `linkStore`. */
  links(path: string, options?: Stoppable): Promise<readonly MadeLink[]>;
  /** From now on the link gives nothing; needs the host's `linkStore`. */
  revokeLink(id: string, options?: Stoppable): Promise<void>;
}

/** The calls of a caller. */
export function linkCalls(caller: Caller): LinkCalls {
  // Shapes of answers are the service's own; the contract fixes them.
  return {
    share: async (path, { expiresSeconds, password, download, maxUses, signal } = {}) => {
      const wanted = { expires: expiresSeconds, password, download, max_uses: maxUses };
      const response = await caller.send('POST', path, {
        query: { share: true },
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(wanted),
        signal,
      });
      return (await response.json()) as ShareLink;
    },
    links: async (path, { signal } = {}) => {
      const response = await caller.send('GET', path, { query: { links: true }, signal });
      return ((await response.json()) as { resource: readonly MadeLink[] }).resource;
    },
    revokeLink: async (id, { signal } = {}) => {
      await caller.send('DELETE', `_links/${id}`, { signal });
    },
  };
}
