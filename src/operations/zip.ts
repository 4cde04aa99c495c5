// GET of the root or a folder as a zip archive: the whole tree, one object open at a time, nothing on disk.
import { access } from '../core/hooks.js';
import { baseName } from '../core/key.js';
import { flag, whenSet } from '../http/parameters.js';
import type { Entry, Page } from '../storage/bucket.js';
import { archiveReply } from './shared/archive-reply.js';
import { firstPage, pagesFrom } from './shared/walk/pages.js';
import type { Operation, ReplyDoc, RunContext } from './operation.js';

const NAME = 'zip';

const archive = {
  media: 'application/zip',
  schema: 'Content',
  headers: ['ETag', 'Accept-Ranges', 'Content-Disposition'],
} as const satisfies Partial<ReplyDoc>;

/** GET /folder/?zip=true */
export const zip: Operation = {
  name: NAME,
  sentence: 'Answers everything below a folder as a zip archive.',
  methods: ['GET', 'HEAD'],
  targets: ['root', 'folder'],
  query: { zip: flag('Answers a zip archive instead of a listing.') },
  headers: {
    range: { sentence: 'One byte range (RFC 9110 section 14.2); several are ignored.' },
    'if-match': { sentence: 'RFC 9110 section 13.1.1.' },
    'if-none-match': { sentence: 'RFC 9110 section 13.1.2.' },
    'if-range': { sentence: 'RFC 9110 section 13.1.5.' },
  },
  body: [],
  replies: {
    200: { ...archive, sentence: 'The archive.' },
    206: {
      ...archive,
      sentence: 'The bytes of a range of the archive.',
      headers: [...archive.headers, 'Content-Range'],
    },
    304: { sentence: 'Not modified.', headers: ['ETag'] },
  },
  refusals: [404, 412, 416],
  when: whenSet('zip'),
  plan: (ask) => {
    const folder = ask.target.key;
    const name = `${folder === '' ? ask.settings.name : baseName(folder)}.zip`;
    return {
      access: [access('list', folder, ask.verb, NAME)],
      run: (context) =>
        archiveReply(ask, context, { name, folder, files: withoutFolder(context, folder) }),
    };
  },
};

// An archive of a folder does not hold the folder itself.
async function* withoutFolder(
  context: RunContext,
  folder: string,
): AsyncGenerator<readonly Entry[]> {
  for await (const files of readableBelow(context, folder, NAME))
    yield files.filter(({ key }) => key !== folder);
}

/**
 * What the caller may read below a folder that must exist, its placeholder included, page by page.
 *
 * @throws FileServiceError `not_found`
 */
export async function* readableBelow(
  context: RunContext,
  folder: string,
  operation: string,
): AsyncGenerator<readonly Entry[]> {
  const where = { prefix: folder, recursive: true };
  const first = await firstPage(context.bucket, where);
  for await (const page of pagesFrom(context.bucket, first, where))
    yield await permitted(context, page, operation);
}

// Descendants that the caller may not read are left out.
async function permitted(
  context: RunContext,
  page: Page,
  operation: string,
): Promise<readonly Entry[]> {
  if (context.allowsEverything) return page.files;
  const kept: Entry[] = [];
  for (const file of page.files) {
    const action = file.key.endsWith('/') ? 'list' : 'read';
    if (await context.permits(access(action, file.key, 'GET', operation))) kept.push(file);
  }
  return kept;
}
