// GET of the root or a folder as a zip archive: the whole tree, one object open at a time, nothing on disk.
import { access } from '../core/hooks.js';
import { abortSignalOf } from '../core/client-signal.js';
import { FileServiceError } from '../core/errors.js';
import { zipLength, zipStream } from '../archive/zip.js';
import type { ZipEntry } from '../archive/zip.js';
import { disposition } from '../http/serving.js';
import { flag, whenSet } from '../http/parameters.js';
import type { FileReply } from '../http/reply.js';
import { baseName } from '../core/key.js';
import { streamOf } from '../http/body/stream-of.js';
import type { Bucket, Entry, Page } from '../storage/bucket.js';
import { firstPage, pagesFrom } from './shared/listing.js';
import type { Operation, RunContext } from './operation.js';

const NAME = 'zip';

/** Entries that are gathered before the first byte, so that the length is known; bigger trees go without. */
const MAX_GATHERED = 50_000;

/** GET /folder/?zip=true */
export const zip: Operation = {
  name: NAME,
  sentence: 'Answers everything below a folder as a zip archive.',
  methods: ['GET', 'HEAD'],
  targets: ['root', 'folder'],
  query: { zip: flag('Answers a zip archive instead of a listing.') },
  headers: {},
  body: [],
  replies: { 200: { sentence: 'The archive.', media: 'application/zip' } },
  refusals: [404],
  when: whenSet('zip'),
  plan: ({ target, verb, settings }) => ({
    access: [access('list', target.key, verb, NAME)],
    run: async (context) => {
      const name = `${target.key === '' ? settings.name : baseName(target.key)}.zip`;
      return archive(context, target.key, name);
    },
  }),
};

async function archive(context: RunContext, folder: string, name: string): Promise<FileReply> {
  const where = { prefix: folder, recursive: true };
  const pages = pagesFrom(context.bucket, await firstPage(context.bucket, where), where);
  const read = (page: Page) => zipEntries(context, folder, page);
  const { gathered, rest } = await gather(pages, read);
  const length: Record<string, string> =
    rest === null ? { 'Content-Length': String(zipLength(gathered)) } : {};
  const entries = rest === null ? gathered : chain(gathered, rest, read);
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/zip',
      'Content-Disposition': disposition(name, false),
      'Cache-Control': 'private, no-cache',
      ...length,
    },
    body: zipStream(entries, { signal: abortSignalOf(context.signal) }).stream,
  };
}

type ReadPage = (page: Page) => Promise<readonly ZipEntry[]>;

/** `rest` is null when everything was gathered. */
async function gather(
  pages: AsyncGenerator<Page>,
  read: ReadPage,
): Promise<{ gathered: readonly ZipEntry[]; rest: AsyncIterable<Page> | null }> {
  const gathered: ZipEntry[] = [];
  while (gathered.length < MAX_GATHERED) {
    const page = await pages.next();
    if (page.done === true) return { gathered, rest: null };
    gathered.push(...(await read(page.value)));
  }
  return { gathered, rest: pages };
}

async function* chain(
  gathered: readonly ZipEntry[],
  pages: AsyncIterable<Page>,
  read: ReadPage,
): AsyncGenerator<ZipEntry> {
  yield* gathered;
  for await (const page of pages) yield* await read(page);
}

// Descendants that the caller may not read are left out.
async function zipEntries(
  context: RunContext,
  folder: string,
  page: Page,
): Promise<readonly ZipEntry[]> {
  const entries: ZipEntry[] = [];
  for (const file of page.files) {
    if (file.key === folder) continue;
    const action = file.key.endsWith('/') ? 'list' : 'read';
    if (
      !context.allowsEverything &&
      !(await context.permits(access(action, file.key, 'GET', NAME)))
    )
      continue;
    entries.push({
      name: file.key.slice(folder.length),
      size: file.key.endsWith('/') ? 0 : file.size,
      modified: file.lastModified,
      open: () => open(context.bucket, file),
    });
  }
  return entries;
}

// The size in the archive's header is the listed one, so the bytes must be the listed ones too.
async function open(bucket: Bucket, { key, etag }: Entry) {
  const result = await bucket.read(key, etag === '' ? {} : { ifMatch: etag });
  if (result.kind === 'found') return streamOf(result.body);
  throw new FileServiceError('storage_failed', `File '${key}' has changed while it was archived.`);
}
