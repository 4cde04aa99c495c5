// GET and HEAD of a file: its bytes, under conditions and ranges, in one storage call wherever storage decides.
import { access } from '../core/hooks.js';
import { FileServiceError } from '../core/errors.js';
import { evaluate, parseIfRange, planConditions } from '../http/conditions.js';
import type { IfRange } from '../http/conditions.js';
import { flag, readParameters } from '../http/parameters.js';
import { parseRange, resolveRanges } from '../http/range.js';
import type { RangeRequest } from '../http/range.js';
import { empty } from '../http/reply.js';
import type { FileReply } from '../http/reply.js';
import { hasNoCredentials, servingHeaders } from '../http/serving.js';
import { baseName } from '../core/key.js';
import type { ReadRequest, ReadResult, Stat } from '../storage/bucket.js';
import { severalRanges } from './several-ranges.js';
import { handOn, mayHandOn } from './reading/hand-on.js';
import { explainMissing, preconditionFailed, unsatisfiable } from './shared/missing.js';
import { versionIdParameter, versionOf } from './versions/version-id.js';
import type { Ask, Operation, ReplyDoc, RunContext } from './operation.js';

const query = {
  download: flag('Saves the file instead of showing it.'),
  version_id: versionIdParameter,
};

const file = {
  media: '*/*',
  schema: 'Content',
  headers: ['ETag', 'Last-Modified', 'Accept-Ranges', 'Content-Disposition'],
} as const satisfies Partial<ReplyDoc>;

// A file that is replaced between looking and reading is looked at anew, this often.
const MAX_LOOKS = 3;

/** GET /file */
export const read: Operation = {
  name: 'read',
  sentence: 'Answers the bytes of a file.',
  methods: ['GET', 'HEAD'],
  targets: ['file'],
  query,
  headers: {
    range: { sentence: 'One or several byte ranges (RFC 9110 section 14.2).' },
    'if-match': { sentence: 'RFC 9110 section 13.1.1.' },
    'if-none-match': { sentence: 'RFC 9110 section 13.1.2.' },
    'if-modified-since': { sentence: 'RFC 9110 section 13.1.3.' },
    'if-unmodified-since': { sentence: 'RFC 9110 section 13.1.4.' },
    'if-range': { sentence: 'RFC 9110 section 13.1.5.' },
  },
  body: [],
  replies: {
    200: { ...file, sentence: 'The bytes.' },
    206: {
      ...file,
      sentence: 'The bytes of a range, or `multipart/byteranges` for several.',
      headers: [...file.headers, 'Content-Range'],
    },
    304: { sentence: 'Not modified.', headers: ['ETag', 'Last-Modified'] },
    307: { sentence: 'The bytes are at `Location`; only with `offload`.', headers: ['Location'] },
  },
  refusals: [400, 404, 412, 416],
  plan: (ask) => {
    const { download, version_id } = readParameters(ask.request.query, query);
    const { key } = ask.target;
    const version = version_id === undefined ? {} : versionOf(ask.settings, version_id);
    return {
      access: [access('read', key, ask.verb, 'read')],
      run: (context) => {
        const isAnonymous = context.principal === null;
        const reading = { ask, download, key, version, isAnonymous };
        return ask.verb === 'HEAD' ? head(reading, context) : get(reading, context);
      },
    };
  },
};

interface Reading {
  readonly ask: Ask;
  readonly download: boolean;
  readonly key: string;
  /** Of every look and read. */
  readonly version: { readonly versionId?: string };
  readonly isAnonymous: boolean;
}

// RFC 9110 section 14.2: a Range header on any method but GET is ignored.
async function head(reading: Reading, context: RunContext): Promise<FileReply> {
  const { headers } = reading.ask.request;
  const plan = planConditions(headers);
  const conditions = plan.kind === 'storage' ? plan.conditions : {};
  const result = await context.bucket.stat(reading.key, { ...conditions, ...reading.version });
  if (result.kind !== 'found') return withoutBody(reading, context, result);
  if (plan.kind === 'evaluate') {
    const refused = refusal(reading, result.stat);
    if (refused !== null) return refused;
  }
  return empty(200, withLength(headersOf(reading, result.stat), result.stat));
}

async function get(reading: Reading, context: RunContext): Promise<FileReply> {
  const { headers } = reading.ask.request;
  const { range: header } = headers;
  const asked: RangeRequest = header === undefined ? { kind: 'none' } : parseRange(header);
  const plan = planConditions(headers);
  // RFC 9110 section 13.1.5: If-Range without Range is ignored.
  const ifRange: IfRange =
    asked.kind === 'none' ? { kind: 'none' } : parseIfRange(headers['if-range']);
  const range = ifRange.kind === 'never' ? ({ kind: 'none' } as const) : asked;
  const decidable =
    (reading.ask.settings.offload === undefined || !mayHandOn(reading.ask)) &&
    plan.kind !== 'evaluate' &&
    range.kind !== 'several' &&
    !isEmptySuffix(range) &&
    ifRange.kind !== 'date';
  if (!decidable || (ifRange.kind === 'etag' && plan.kind === 'storage'))
    return lookThenRead(reading, context, range, ifRange);

  const request: ReadRequest = {
    ...reading.version,
    ...(plan.kind === 'storage' ? plan.conditions : {}),
    ...(range.kind === 'single' ? { range: range.range } : {}),
  };
  if (ifRange.kind !== 'etag')
    return replyTo(reading, context, await context.bucket.read(reading.key, request));
  const partial = await context.bucket.read(reading.key, { ...request, ifMatch: ifRange.etag });
  // The file has changed since: the whole of the new one.
  const result =
    partial.kind === 'precondition-failed'
      ? await context.bucket.read(reading.key, reading.version)
      : partial;
  return replyTo(reading, context, result);
}

// `bytes=-0` names no byte of any file (RFC 9110 section 14.1.2); Ceph 16 answers it with 206 and no bytes.
function isEmptySuffix(range: RangeRequest): boolean {
  return range.kind === 'single' && range.range.kind === 'suffix' && range.range.length === 0;
}

// What storage cannot decide in one call (lists of tags, several ranges, dates of If-Range) is decided
// here on the attributes; the bytes are then read only if they are still the same ones.
async function lookThenRead(
  reading: Reading,
  context: RunContext,
  range: RangeRequest,
  ifRange: IfRange,
): Promise<FileReply> {
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const result = await context.bucket.stat(reading.key, reading.version);
    if (result.kind !== 'found') return withoutBody(reading, context, result);
    const { stat } = result;
    const refused = refusal(reading, stat);
    if (refused !== null) return refused;
    const wanted = rangeHolds(ifRange, stat) ? range : ({ kind: 'none' } as const);
    const looked = { ...reading, headers: headersOf(reading, stat) };
    const handed = await handOn(looked, context, stat, wanted);
    const reply = handed ?? (await readSame(reading, context, stat, wanted));
    if (reply !== null) return reply;
  }
  throw new FileServiceError(
    'storage_unavailable',
    `The file '${reading.key}' is changing faster than it can be read.`,
    { headers: { 'Retry-After': '1' } },
  );
}

// RFC 9110 section 13.1.5: a date must match exactly, a tag by strong comparison.
function rangeHolds(ifRange: IfRange, stat: Stat): boolean {
  if (ifRange.kind === 'etag') return ifRange.etag === stat.etag;
  if (ifRange.kind !== 'date') return true;
  return seconds(ifRange.date) === seconds(stat.lastModified);
}

function seconds(date: Date | null): number | null {
  return date === null ? null : Math.floor(date.getTime() / 1000);
}

/** Null when the file is no longer the one that was looked at. */
async function readSame(
  reading: Reading,
  context: RunContext,
  stat: Stat,
  range: RangeRequest,
): Promise<FileReply | null> {
  const same = stat.etag === '' ? {} : { ifMatch: stat.etag };
  const ranges =
    range.kind === 'single' ? [range.range] : range.kind === 'several' ? range.ranges : [];
  // Nothing can be cut out of a file whose length is not known.
  const { size } = stat;
  const resolved =
    ranges.length === 0 || size === null
      ? ({ kind: 'whole' } as const)
      : resolveRanges(ranges, size);
  if (resolved.kind === 'unsatisfiable') throw unsatisfiable(reading.key, size ?? 0);
  if (resolved.kind === 'ranges' && size !== null && resolved.ranges.length > 1)
    return severalRanges(context, {
      key: reading.key,
      stat: { ...stat, size },
      headers: headersOf(reading, stat),
      version: reading.version,
      ranges: resolved.ranges,
    });
  const [only] = resolved.kind === 'ranges' ? resolved.ranges : [];
  const result = await context.bucket.read(reading.key, {
    ...same,
    ...reading.version,
    ...(only === undefined ? {} : { range: { kind: 'from', ...only } }),
  });
  return result.kind === 'precondition-failed' ? null : replyTo(reading, context, result);
}

function replyTo(
  reading: Reading,
  context: RunContext,
  result: ReadResult,
): FileReply | Promise<FileReply> {
  if (result.kind === 'unsatisfiable') return withoutRange(reading, context, result.size);
  if (result.kind !== 'found') return withoutBody(reading, context, result);
  const { stat, range, body } = result;
  const headers = headersOf(reading, stat);
  if (range === null) {
    return { status: 200, headers: withLength(headers, stat), body };
  }
  headers['Content-Length'] = String(range.end - range.start + 1);
  headers['Content-Range'] = `bytes ${range.start}-${range.end}/${stat.size}`;
  return { status: 206, headers, body };
}

// An answer without one is chunked.
function withLength(headers: Record<string, string>, { size }: Stat): Record<string, string> {
  if (size !== null) headers['Content-Length'] = String(size);
  return headers;
}

async function withoutRange(
  reading: Reading,
  context: RunContext,
  knownSize: number | null,
): Promise<FileReply> {
  const looked =
    knownSize === null || knownSize === 0
      ? await context.bucket.stat(reading.key, reading.version)
      : null;
  if (looked?.kind === 'missing') throw await explainMissing(context, reading.key, reading.version);
  const size = (looked?.kind === 'found' ? looked.stat.size : knownSize) ?? 0;
  if (size > 0 || looked?.kind !== 'found') throw unsatisfiable(reading.key, size);
  // Nothing can be cut out of nothing: an empty file answers as a whole.
  return empty(200, { ...headersOf(reading, looked.stat), 'Content-Length': '0' });
}

async function withoutBody(
  reading: Reading,
  context: RunContext,
  result: Exclude<ReadResult, { kind: 'found' | 'unsatisfiable' }>,
): Promise<FileReply> {
  if (result.kind === 'missing') throw await explainMissing(context, reading.key, reading.version);
  if (result.kind === 'precondition-failed') throw preconditionFailed(reading.key);
  if (result.stat.etag !== undefined) return notModified(reading, result.stat);
  // Ceph 16 says nothing of the file in a 304; when only a date was asked, nobody has said its ETag yet.
  const looked = await context.bucket.stat(reading.key, reading.version);
  return notModified(reading, looked.kind === 'found' ? looked.stat : result.stat);
}

function refusal(reading: Reading, stat: Stat): FileReply | null {
  const { ask, key } = reading;
  const verdict = evaluate(ask.request.headers, ask.verb, stat);
  if (verdict === 'precondition-failed') throw preconditionFailed(key);
  return verdict === 'not-modified' ? notModified(reading, stat) : null;
}

/** RFC 9110 section 15.4.5: what a cache needs to update what it has, and nothing else. */
const KEPT_BY_304 = ['ETag', 'Cache-Control', 'Vary', 'Last-Modified'];

function notModified(reading: Reading, stat: Partial<Stat>): FileReply {
  const headers = headersOf(reading, stat);
  return empty(
    304,
    Object.fromEntries(Object.entries(headers).filter(([name]) => KEPT_BY_304.includes(name))),
  );
}

function headersOf(reading: Reading, stat: Partial<Stat>): Record<string, string> {
  const { settings, request } = reading.ask;
  return servingHeaders(
    {
      name: baseName(reading.key),
      contentType: stat.contentType ?? null,
      cacheControl: stat.cacheControl ?? null,
      contentDisposition: stat.contentDisposition ?? null,
      contentEncoding: stat.contentEncoding ?? null,
      contentLanguage: stat.contentLanguage ?? null,
      etag: stat.etag ?? '',
      lastModified: stat.lastModified ?? null,
      digest: stat.digest ?? null,
      isForEveryone: reading.isAnonymous && hasNoCredentials(request.headers),
    },
    settings,
    reading.download,
  );
}
