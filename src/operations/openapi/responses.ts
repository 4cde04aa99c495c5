// The answers of one method and path, from what its operations say of theirs.
import type { HeaderName } from './headers.js';
import type { SchemaName } from './schemas.js';
import type { Method, Operation, ReplyDoc } from '../operation.js';

/** A part of the document. */
export type Json = Readonly<Record<string, unknown>>;

/** Answers that any request can get. */
const COMMON_STATUSES: Readonly<Record<number, string>> = {
  400: 'A path, parameter, header or body is not valid.',
  401: 'No credentials, or invalid ones.',
  403: 'The caller may not do this, or storage refused.',
  405: 'The method is not possible here.',
  429: 'A rate limit is reached.',
  500: 'A fault of the service.',
  502: 'Storage answered nonsense, or a batch failed in part.',
  503: 'Storage is unreachable, slow or failing, or the service is closing.',
};

const OWN_STATUSES: Readonly<Record<number, string>> = {
  404: 'There is no such file or folder.',
  408: 'The body stopped coming.',
  409: 'The file or folder exists.',
  411: 'The body needs a length.',
  412: 'A condition of the request does not hold.',
  413: 'The request is over a limit.',
  415: 'The media type is not accepted.',
  416: 'No byte of the file lies in the range.',
};

const STATUS_HEADERS: Readonly<Record<number, readonly HeaderName[]>> = {
  401: ['WWW-Authenticate'],
  405: ['Allow'],
  416: ['Content-Range'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

/** Everything that a method and path may answer. */
export function responses(operations: readonly Operation[], method: Method): Json {
  const answers: Record<string, Json> = {};
  for (const { replies } of operations)
    for (const [status, reply] of Object.entries(replies))
      answers[status] = merge(answers[status], reply, method);
  const statuses = { ...COMMON_STATUSES };
  for (const status of operations.flatMap(({ refusals }) => refusals))
    statuses[status] ??= OWN_STATUSES[status] ?? '';
  const own = operations.flatMap(({ refusalHeaders = [] }) => refusalHeaders);
  for (const [status, description] of Object.entries(statuses)) {
    const headers = [...(STATUS_HEADERS[Number(status)] ?? []), ...own];
    answers[status] = beside(answers[status], failure(description, headers, method));
  }
  return {
    ...answers,
    default: failure('Any other failure: hooks of the host choose among them too.', own, method),
  };
}

// Where an operation says a failure in another form too, such as a page for browsers.
function beside(own: Json | undefined, failed: Json): Json {
  if (own?.['content'] === undefined) return failed;
  const content = { ...(own['content'] as Json), ...(failed['content'] as Json | undefined) };
  return { ...failed, content };
}

function failure(description: string, headers: readonly HeaderName[], method: Method): Json {
  const content = { 'application/json': { schema: reference('Error') } };
  return {
    description,
    headers: headerReferences(headers),
    ...(method === 'HEAD' ? {} : { content }),
  };
}

function merge(before: Json | undefined, reply: ReplyDoc, method: Method): Json {
  const described = before === undefined ? [] : String(before['description']).split(' Or: ');
  const merged = {
    description: [...new Set([...described, reply.sentence])].join(' Or: '),
    headers: { ...(before?.['headers'] as Json | undefined), ...headerReferences(reply.headers) },
  };
  if (reply.schema === undefined || method === 'HEAD') return { ...before, ...merged };
  const media = reply.media ?? 'application/json';
  // Of our own making above.
  const content = { ...(before?.['content'] as Record<string, Json> | undefined) };
  content[media] = { schema: eitherOf(content[media]?.['schema'], reply.schema) };
  // A stored file may be JSON too: what is said of JSON must be true of it.
  if ('*/*' in content && 'application/json' in content)
    content['application/json'] = {
      schema: eitherOf(content['application/json']['schema'], 'StoredJson'),
    };
  return { ...merged, content };
}

/** The schema, or any of it and of those that `before` has. */
export function eitherOf(before: unknown, schema: SchemaName): unknown {
  const listed = before === undefined ? [] : alternatives(before);
  const distinct = [
    ...new Map(
      [...listed, reference(schema)].map((one) => [JSON.stringify(one), one] as const),
    ).values(),
  ];
  return distinct.length === 1 ? distinct[0] : { anyOf: distinct };
}

function alternatives(schema: unknown): readonly unknown[] {
  const listed: unknown =
    typeof schema === 'object' && schema !== null && 'anyOf' in schema ? schema.anyOf : undefined;
  return Array.isArray(listed) ? (listed as readonly unknown[]) : [schema];
}

function headerReferences(names: readonly HeaderName[] = []): Json {
  const all: readonly HeaderName[] = ['X-Request-Id', ...names];
  return Object.fromEntries(
    all.map((name) => [name, { $ref: `#/components/headers/${name}` }] as const),
  );
}

function reference(schema: SchemaName): Json {
  return { $ref: `#/components/schemas/${schema}` };
}
