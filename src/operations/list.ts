// GET of the root or a folder: what is in it.
import { access } from '../core/hooks.js';
import { flag, integer, names, optionalFlag, readParameters, text } from '../http/parameters.js';
import { json } from '../http/reply.js';
import type { FileReply } from '../http/reply.js';
import { lastValue } from '../http/request.js';
import type { Bucket, ListRequest, Page } from '../storage/bucket.js';
import { openCursor, sealCursor } from './shared/cursor.js';
import type { Position } from './shared/cursor.js';
import { entryReader, firstPage, pageOf } from './shared/listing.js';
import type { ListingEntry, Selection } from './shared/listing.js';
import { listAll, projectionOf } from './shared/listing-reply.js';
import type { Projection } from './shared/listing-reply.js';
import type { Ask, Operation, Plan, RunContext } from './operation.js';

const query = {
  include_files: flag('Leaves files out when false.', true),
  include_folders: flag('Leaves folders out when false.', true),
  full_tree: flag('Lists everything below, implied folders included.'),
  fields: names('Comma-separated fields of an entry to keep; unknown names are ignored.'),
  as_list: flag('Answers identifiers instead of entries.'),
  id_field: names('The field that `as_list` answers. Default `path`.'),
  wrap: optionalFlag('False answers the bare array; also read from a `wrap` header.'),
  limit: integer('Entries of a page; 0 lists all.', { min: 0 }),
  cursor: text('The `next_cursor` of the page before.'),
};

// A page may take several storage calls when entries are left out of it; this bounds them.
const MAX_CALLS_A_PAGE = 10;
const MAX_KEYS_A_CALL = 1000;

const documentation = {
  methods: ['GET', 'HEAD'],
  targets: ['root', 'folder'],
  body: [],
  headers: { wrap: { sentence: 'As the parameter `wrap`.' } },
  replies: {
    200: { sentence: 'The entries, folders first within a page of storage.', schema: 'Listing' },
  },
  refusals: [404],
} as const satisfies Partial<Operation>;

/** GET /folder/ */
export const list: Operation = {
  ...documentation,
  name: 'list',
  sentence: 'Lists the root or a folder.',
  query,
  plan: (ask) => planListing(ask, 'list', ''),
};

/** GET /folder/?search=text */
export const search: Operation = {
  ...documentation,
  name: 'search',
  sentence: 'Lists the entries whose base name holds a text.',
  query: { search: text('Case-insensitive part of the base name.'), ...query },
  when: (request) => (lastValue(request.query, 'search') ?? '') !== '',
  plan: (ask) => planListing(ask, 'search', lastValue(ask.request.query, 'search') ?? ''),
};

function planListing(ask: Ask, operation: string, searched: string): Plan {
  const parameters = readParameters(ask.request.query, query);
  const folder = ask.target.key;
  const selection: Selection = {
    folder,
    recursive: parameters.full_tree,
    files: parameters.include_files,
    folders: parameters.include_folders,
    search: searched,
    filtered: ask.settings.filterListings,
    rules: ask.rules,
    operation,
  };
  const show = projectionOf(parameters, ask.request.headers['wrap']);
  const limit = parameters.limit ?? 0;
  if (limit === 0 && parameters.cursor === undefined)
    return {
      access: [access('list', folder, ask.verb, operation)],
      run: (context) => listAll(context, selection, show),
    };
  const { recursive, files, folders } = selection;
  const listing = JSON.stringify([ask.tenant(), folder, recursive, files, folders, searched]);
  const from =
    parameters.cursor === undefined
      ? undefined
      : openCursor(ask.settings, parameters.cursor, listing);
  return {
    access: [access('list', folder, ask.verb, operation)],
    run: (context) =>
      listPage(context, selection, show, {
        limit: limit === 0 ? MAX_KEYS_A_CALL : limit,
        from,
        seal: (position) => sealCursor(ask.settings, position, listing),
        query: ask.request.query,
      }),
  };
}

interface PageRequest {
  readonly limit: number;
  readonly from: Position | undefined;
  readonly seal: (position: Position) => string;
  readonly query: URLSearchParams;
}

async function listPage(
  context: RunContext,
  selection: Selection,
  projection: Projection,
  request: PageRequest,
): Promise<FileReply> {
  const { entries, position } = await collectPage(context, selection, request);
  const shown = entries.flatMap(projection.show);
  if (position === undefined) return json(200, projection.wrap ? { resource: shown } : shown);
  const cursor = request.seal(position);
  const further = new URLSearchParams(request.query);
  further.set('cursor', cursor);
  // RFC 8288: relative to the request's own URL.
  return json(200, projection.wrap ? { resource: shown, next_cursor: cursor } : shown, {
    Link: `<?${further.toString()}>; rel="next"`,
  });
}

interface Collected {
  readonly entries: readonly ListingEntry[];
  /** Undefined when there is no more. */
  readonly position: Position | undefined;
}

async function collectPage(
  context: RunContext,
  selection: Selection,
  { limit, from }: PageRequest,
): Promise<Collected> {
  const { folder, recursive } = selection;
  const reader = entryReader(selection, context, from?.openFolder);
  const entries: ListingEntry[] = [];
  let next = from?.next;
  let rest = from?.rest;
  for (let call = 0; call < MAX_CALLS_A_PAGE && entries.length < limit; call += 1) {
    const wanted = limit - entries.length;
    const keys = rest?.keys ?? Math.min(MAX_KEYS_A_CALL, wanted);
    const openFolder = reader.openFolder();
    const page = await listFrom(context.bucket, { prefix: folder, recursive, limit: keys }, next);
    const skip = rest?.skip ?? 0;
    let found = 0;
    for await (const batch of reader.read(page)) {
      // The places of this batch that belong to the page.
      entries.push(...batch.slice(Math.max(0, skip - found), Math.max(0, skip + wanted - found)));
      found += batch.length;
      // One key of a tree can name several folders, so that fewer keys than asked for fill the page.
      if (found > skip + wanted)
        return { entries, position: { next, openFolder, rest: { keys, skip: skip + wanted } } };
    }
    next = page.next;
    rest = undefined;
    if (next === undefined) return { entries, position: undefined };
  }
  return { entries, position: { next, openFolder: reader.openFolder() } };
}

function listFrom(bucket: Bucket, where: ListRequest, after: string | undefined): Promise<Page> {
  return after === undefined ? firstPage(bucket, where) : pageOf(bucket, { ...where, after });
}
