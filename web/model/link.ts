// A link that reads a file or a folder without any further sign-in.
import type { Entry, FileClient } from '../../src/client/file-client.js';

/** What a link is to be. */
export interface LinkWish {
  readonly seconds: number;
  readonly download: boolean;
  readonly password: string;
  readonly maxUses: number | undefined;
}

/** A link, and until when it works. */
export interface Link {
  readonly url: string;
  readonly until: string;
}

/** Makes a link: a sealed one of the service where it has them, else a signed one of the storage. */
export async function makeLink(
  client: FileClient,
  entry: Entry,
  { seconds, download, password, maxUses }: LinkWish,
  isSealed: boolean,
): Promise<Link> {
  if (!isSealed) {
    const until = new Date(Date.now() + seconds * 1000).toISOString();
    return { url: await client.signRead(entry.path, { expiresSeconds: seconds, download }), until };
  }
  const made = await client.share(entry.path, {
    expiresSeconds: seconds,
    ...(download ? { download } : {}),
    ...(password === '' ? {} : { password }),
    ...(maxUses === undefined ? {} : { maxUses }),
  });
  return { url: addressOf(client, made.url, entry.type), until: made.expires_at };
}

// The service names the path that it is mounted at; behind a proxy that rewrites paths only what is below the mount holds.
function addressOf(client: FileClient, url: string, type: Entry['type']): string {
  const below = url.slice(url.indexOf('/_links/') + 1);
  // A browser can do nothing with a listing: it gets everything in one archive.
  const query = type === 'folder' ? '?zip=true' : '';
  return new URL(`${client.fileUrl('')}${below}${query}`, document.baseURI).href;
}

/** The last moment of a day, as `2026-12-24`, in seconds from now. */
export function secondsUntil(day: string, now: number): number {
  return Math.max(60, Math.floor((new Date(`${day}T23:59:59`).getTime() - now) / 1000));
}

/** A date as an input of dates takes it, in the person's own time. */
export function dayOf(time: number): string {
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
