// How a whole listing becomes JSON: in one piece when it is one page of storage, else streamed.
import { Readable } from 'node:stream';
import { isTrue } from '../../http/parameters.js';
import { json } from '../../http/reply.js';
import type { FileReply } from '../../http/reply.js';
import type { Page } from '../../storage/bucket.js';
import { entryReader } from './listing.js';
import { firstPage, pagesFrom } from './walk/pages.js';
import type { ListingEntry, Selection } from './listing.js';
import type { RunContext } from '../operation.js';

/** How entries become JSON. */
export interface Projection {
  /** Inside `{"resource":...}`, or the bare array. */
  readonly wrap: boolean;
  /** Values before the first entry. */
  readonly lead?: readonly unknown[];
  /** The values that stand for one entry. */
  readonly show: (entry: ListingEntry) => readonly unknown[];
}

/** What a client may say about the shape of entries. */
export interface ShapeParameters {
  readonly fields: readonly string[] | undefined;
  readonly as_list: boolean;
  readonly id_field: readonly string[] | undefined;
  readonly wrap: boolean | undefined;
}

/** The projection that the parameters and the `wrap` header ask for. */
export function projectionOf(parameters: ShapeParameters, header: string | undefined): Projection {
  const wrap = parameters.wrap ?? (header === undefined || isTrue(header));
  const identifiers = parameters.id_field?.length ? parameters.id_field : ['path'];
  if (parameters.as_list) return { wrap, show: (entry) => [identifier(entry, identifiers)] };
  const { fields } = parameters;
  if (fields === undefined || fields.includes('*')) return { wrap, show: asItIs };
  const kept = new Set(fields.length === 0 ? identifiers : fields);
  return { wrap, show: (entry) => [pick(entry, kept)] };
}

function asItIs(entry: ListingEntry): readonly unknown[] {
  return [entry];
}

/** The whole listing of a folder that must exist. */
export async function listAll(
  context: RunContext,
  selection: Selection,
  projection: Projection,
): Promise<FileReply> {
  const request = { prefix: selection.folder, recursive: selection.recursive };
  const first = await firstPage(context.bucket, request);
  const { read } = entryReader(selection, context);
  const batches = batchesOf(pagesFrom(context.bucket, first, request), read);
  const begun = await batches.next();
  const entries = begun.done === true ? [] : begun.value;
  const second = first.next === undefined ? await batches.next() : undefined;
  if (second?.done === true) {
    // Most listings: nothing is added, and a thousand entries need no second list.
    const isPlain = projection.show === asItIs && projection.lead === undefined;
    const shown = isPlain
      ? entries
      : [...(projection.lead ?? []), ...entries.flatMap(projection.show)];
    return json(200, projection.wrap ? { resource: shown } : shown);
  }
  // Batch by batch with flat memory. A failure after the first byte destroys the stream, so that a
  // short list never looks complete.
  const known = second === undefined ? [entries] : [entries, second.value];
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: Readable.from(chunksOf(chain(known, batches), projection), {
      objectMode: true,
      highWaterMark: 1,
    }),
  };
}

type Batch = readonly ListingEntry[];

async function* batchesOf(
  pages: AsyncIterable<Page>,
  read: (page: Page) => AsyncIterable<Batch>,
): AsyncGenerator<Batch> {
  for await (const page of pages) yield* read(page);
}

async function* chain(first: readonly Batch[], rest: AsyncIterable<Batch>): AsyncGenerator<Batch> {
  yield* first;
  yield* rest;
}

async function* chunksOf(
  batches: AsyncIterable<Batch>,
  { wrap, lead = [], show }: Projection,
): AsyncGenerator<string> {
  const start = wrap ? '{"resource":[' : '[';
  yield start + lead.map((value) => JSON.stringify(value)).join(',');
  let separator = lead.length === 0 ? '' : ',';
  for await (const batch of batches) {
    const values = batch.flatMap(show);
    if (values.length === 0) continue;
    yield separator + values.map((value) => JSON.stringify(value)).join(',');
    separator = ',';
  }
  yield wrap ? ']}' : ']';
}

function pick(entry: ListingEntry, kept: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(entry).filter(([name]) => kept.has(name)));
}

// A folder's name has no slash, its path does. Several fields make one string, as the original's do.
function identifier(entry: ListingEntry, fields: readonly string[]): string {
  const values = new Map<string, string | number | false | null>(Object.entries(entry));
  const texts = fields.map((field) => String(values.get(field) ?? ''));
  return texts.length === 1 ? texts.join('') : `(${texts.join(',')})`;
}
