// GET of the root or a folder: what is in it.
import { FileServiceError } from '../core/errors.js';
import { access } from '../core/hooks.js';
import { flag, integer, names, optionalFlag, readParameters, text } from '../http/parameters.js';
import { json } from '../http/reply.js';
import type { FileReply } from '../http/reply.js';
import { lastValue } from '../http/request.js';
import type { Bucket, ListRequest, Page } from '../storage/bucket.js';
import { openCursor, sealCursor } from './shared/cursor.js';
import type { Position } from './shared/cursor.js';
import { entryReader } from './shared/listing.js';
import { firstPage, pageOf } from './shared/walk/pages.js';
import type { ListingEntry, Selection } from './shared/listing.js';
import { ifNoneMatch, knownWhole } from './shared/known-whole.js';
import { listAll, projectionOf } from './shared/listing-reply.js';
import type { Projection } from './shared/listing-reply.js';
import { ORDERS, collectAll, orderOf } from './shared/whole-listing.js';
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
  sort: text(
    'Orders by `name`, `size`, `last_modified` or `type`, falling behind a `-`; folders first. Up to 10,000 entries, not with `cursor`.',
    { enum: ORDERS },
  ),
  include_count: flag('Adds `"meta":{"count":n}`, all entries that you may see, up to 10,000.'),
};

// A page may take several storage calls when entries are left out of it; this bounds them.
const MAX_CALLS_A_PAGE = 10;
const MAX_KEYS_A_CALL = 1000;

const documentation = {
  methods: ['GET', 'HEAD'],
  targets: ['root', 'folder'],
  body: [],
  headers: { wrap: { sentence: 'As the parameter `wrap`.' }, ...ifNoneMatch },
  replies: {
    200: {
      sentence: 'The entries, folders first within a page of storage.',
      schema: 'Listing',
      headers: ['ETag', 'Link'],
    },
    304: { sentence: 'Not modified.', headers: ['ETag'] },
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
  const projection = projectionOf(parameters, ask.request.headers['wrap']);
  const wanted = { ...parameters, limit: parameters.limit ?? 0 };
  const answer =
    parameters.sort || (wanted.limit === 0 && parameters.cursor === undefined)
      ? planWhole(selection, projection, wanted)
      : planPage(ask, selection, projection, wanted);
  return {
    access: [access('list', folder, ask.verb, operation)],
    run: async (context) => knownWhole(ask, await answer(context)),
  };
}

/** What the parameters ask for, `limit` 0 being no limit. */
interface Wanted {
  readonly limit: number;
  readonly cursor: string | undefined;
  readonly sort: string | undefined;
  readonly include_count: boolean;
}

type Answer = (context: RunContext) => Promise<FileReply>;

function planWhole(selection: Selection, projection: Projection, wanted: Wanted): Answer {
  const counts = wanted.include_count && projection.wrap;
  if (!wanted.sort && !counts) return (context) => listAll(context, selection, projection);
  if (wanted.cursor !== undefined)
    throw new FileServiceError(
      'invalid_parameter',
      'The parameter "sort" needs the whole folder and takes no "cursor" beside it.',
    );
  const order = wanted.sort ? orderOf(wanted.sort) : undefined;
  return async (context) => {
    const parameter = order === undefined ? 'include_count' : 'sort';
    const entries = await collectAll(context, selection, parameter);
    const sorted = order === undefined ? entries : entries.toSorted(order);
    const shown = wanted.limit === 0 ? sorted : sorted.slice(0, wanted.limit);
    const count = counts ? entries.length : undefined;
    return json(200, bodyOf(projection, shown, { count }));
  };
}

function planPage(
  ask: Ask,
  selection: Selection,
  projection: Projection,
  { limit, cursor, include_count }: Wanted,
): Answer {
  const { folder, recursive, files, folders, search: searched } = selection;
  const listing = JSON.stringify([ask.tenant(), folder, recursive, files, folders, searched]);
  const from = cursor === undefined ? undefined : openCursor(ask.settings, cursor, listing);
  return async (context) =>
    listPage(context, selection, projection, {
      limit: limit === 0 ? MAX_KEYS_A_CALL : limit,
      from,
      seal: (position) => sealCursor(ask.settings, position, listing),
      query: ask.request.query,
      count:
        include_count && projection.wrap
          ? (await collectAll(context, selection, 'include_count')).length
          : undefined,
    });
}

function bodyOf(
  { wrap, show }: Projection,
  entries: readonly ListingEntry[],
  { count, cursor }: { readonly count?: number | undefined; readonly cursor?: string },
): unknown {
  const shown = entries.flatMap(show);
  if (!wrap) return shown;
  return {
    resource: shown,
    ...(cursor === undefined ? {} : { next_cursor: cursor }),
    ...(count === undefined ? {} : { meta: { count } }),
  };
}

interface PageRequest {
  readonly limit: number;
  readonly from: Position | undefined;
  readonly seal: (position: Position) => string;
  readonly query: URLSearchParams;
  /** Entries of the whole listing, when they are asked for. */
  readonly count: number | undefined;
}

async function listPage(
  context: RunContext,
  selection: Selection,
  projection: Projection,
  request: PageRequest,
): Promise<FileReply> {
  const { entries, position } = await collectPage(context, selection, request);
  const { count } = request;
  if (position === undefined) return json(200, bodyOf(projection, entries, { count }));
  const cursor = request.seal(position);
  const further = new URLSearchParams(request.query);
  further.set('cursor', cursor);
  // RFC 8288: relative to the request's own URL.
  return json(200, bodyOf(projection, entries, { count, cursor }), {
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
