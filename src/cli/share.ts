// `s3files share`: a link for whoever has it, from a running service or, for one file, straight from the bucket.
import { say, UsageError, type Io } from './io.js';
import type { Given } from './options.js';
import { wholeOf } from './config.js';
import { reach } from './reach.js';

const DAY_SECONDS = 86_400;
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: DAY_SECONDS };

interface Link {
  readonly path: string;
  readonly url: string;
  /** Revokes it; only links of a service have one. */
  readonly id?: string;
  readonly expires_at: string;
}

/** Prints a link to what is named; with `--json` also what revokes it. */
export async function shareFile(given: Given, io: Io): Promise<number> {
  const [operand, ...others] = given.operands;
  if (operand === undefined || others.length > 0)
    throw new UsageError('share takes one path: s3files share docs/a.txt');
  const path = operand.replace(/^\/+/, '');
  const expiresSeconds = lifetimeOf(given.text('expires') ?? '1d');
  const uses = given.text('max-uses');
  const maxUses = uses === undefined ? undefined : wholeOf('max-uses', uses);
  // An option could be read by everybody on the machine.
  const password = io.env['S3FILES_LINK_PASSWORD'];
  const download = given.has('download');
  const { files, url: service, close } = await reach(given, io);
  try {
    let link: Link;
    if (service === undefined) {
      refuseForBucket(path, { password, maxUses });
      const url = await files.signRead(path, { expiresSeconds, download });
      const expiresAt = new Date(Date.now() + expiresSeconds * 1000);
      link = { path, url, expires_at: expiresAt.toISOString() };
    } else {
      const wanted = { expiresSeconds, download, password, maxUses };
      const { url, id, expires_at } = await files.share(path, wanted);
      link = { path, url: new URL(url, service).href, id, expires_at };
    }
    say(io.out, given.has('json') ? JSON.stringify(link) : link.url);
    return 0;
  } finally {
    await close();
  }
}

interface Limits {
  readonly password: string | undefined;
  readonly maxUses: number | undefined;
}

// A signed URL is a file's, and storage asks nothing more of who has it.
function refuseForBucket(path: string, { password, maxUses }: Limits): void {
  const isFolder = path === '' || path.endsWith('/');
  const isLimited = password !== undefined || maxUses !== undefined;
  if (!isFolder && !isLimited) return;
  const what = isFolder ? 'a folder' : 'with a password or --max-uses';
  throw new UsageError(`sharing ${what} takes a running service: give --url or S3FILES_URL.`);
}

function lifetimeOf(text: string): number {
  const [, count, unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  if (count === undefined)
    throw new UsageError(`--expires takes a time such as 90m, 12h or 7d, not "${text}".`);
  return Number(count) * (UNITS[unit] ?? 1);
}
