// The OpenAPI 3.1 document, generated from the very table that routes requests, so that it cannot drift.
import type { OperationSettings } from '../../config/settings.js';
import { EXAMPLES } from './examples.js';
import { SCHEMAS } from './schemas.js';
import { OPERATIONS } from '../index.js';
import type { Method, Operation, ReplyDoc } from '../operation.js';
import type { Target } from '../../core/key.js';
import { VERSION } from '../../core/version.js';

type Json = Readonly<Record<string, unknown>>;
type TargetKind = Target['kind'];

const PATHS: Readonly<Record<TargetKind, string>> = {
  root: '/',
  folder: '/{folder_path}/',
  file: '/{file_path}',
  spec: '/_spec',
  upload: '/_uploads/{token}',
};

const PATH_PARAMETERS: Readonly<Record<TargetKind, Json | null>> = {
  root: null,
  spec: null,
  upload: pathParameter('token', 'What the URL of an upload holds; opaque.', 'AbCd'),
  folder: pathParameter('folder_path', 'Path of a folder, without its trailing slash.', 'images'),
  file: pathParameter('file_path', 'Path of a file; slashes may be encoded.', 'uploads/report.pdf'),
};

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
  412: 'A condition of the request does not hold.',
  413: 'The request is over a limit.',
  415: 'The media type is not accepted.',
  416: 'No byte of the file lies in the range.',
};

/** Operation ids: stable, one a method and target. */
const VERBS: Readonly<Record<Method, string>> = {
  GET: 'get',
  HEAD: 'head',
  POST: 'create',
  PUT: 'replace',
  PATCH: 'update',
  DELETE: 'delete',
};

const SCHEMAS_WITH_EXAMPLES = Object.fromEntries(
  Object.entries(SCHEMAS).map(([name, schema]) => {
    const example = EXAMPLES[name as keyof typeof SCHEMAS];
    return [name, example === undefined ? schema : { ...schema, examples: [example] }];
  }),
);

/** The document of the enabled routes of a service mounted at `mount`. */
export function openApiDocument(settings: OperationSettings, mount: string): Json {
  const operations = OPERATIONS.filter(({ enabled }) => enabled === undefined || enabled(settings));
  const paths: Record<string, Json> = {};
  for (const target of Object.keys(PATHS) as TargetKind[])
    paths[PATHS[target]] = pathItem(
      operations.filter(({ targets }) => targets.includes(target)),
      target,
    );
  return {
    openapi: '3.1.0',
    info: {
      title: settings.label ?? settings.name,
      version: VERSION,
      ...(settings.description === undefined ? {} : { description: settings.description }),
    },
    servers: [{ url: mount === '' ? '/' : mount }],
    security: [{}, { ApiKey: [] }, { DreamFactoryApiKey: [] }, { Bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        ApiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        DreamFactoryApiKey: { type: 'apiKey', in: 'header', name: 'X-DreamFactory-API-Key' },
        Bearer: { type: 'http', scheme: 'bearer' },
      },
      schemas: SCHEMAS_WITH_EXAMPLES,
    },
  };
}

function pathItem(operations: readonly Operation[], target: TargetKind): Json {
  const item: Record<string, unknown> = {};
  const parameter = PATH_PARAMETERS[target];
  if (parameter !== null) item['parameters'] = [parameter];
  for (const method of Object.keys(VERBS) as Method[]) {
    const answering = operations.filter(({ methods }) => methods.includes(method));
    if (answering.length > 0) item[method.toLowerCase()] = describe(answering, method, target);
  }
  return item;
}

// OpenAPI knows one operation a method and path; ours are told apart by parameters, headers and bodies.
function describe(operations: readonly Operation[], method: Method, target: TargetKind): Json {
  const media = [...new Set(operations.flatMap(({ body }) => body))];
  return {
    operationId: `${VERBS[method]}_${target}`,
    summary: operations.at(-1)?.sentence,
    description: operations.map(({ name, sentence }) => `- \`${name}\`: ${sentence}`).join('\n'),
    'x-operations': operations.map(({ name }) => name),
    parameters: [...queryParameters(operations), ...headerParameters(operations)],
    ...(media.length === 0
      ? {}
      : { requestBody: { content: Object.fromEntries(media.map(bodyOf)) } }),
    responses: responses(operations, method),
  };
}

function queryParameters(operations: readonly Operation[]): readonly Json[] {
  const parameters = new Map<string, Json>();
  for (const { query } of operations)
    for (const [name, { sentence, schema }] of Object.entries(query))
      if (!parameters.has(name))
        parameters.set(name, { name, in: 'query', required: false, description: sentence, schema });
  return [...parameters.values()];
}

function headerParameters(operations: readonly Operation[]): readonly Json[] {
  const parameters = new Map<string, Json>();
  for (const { headers } of operations)
    for (const [name, { sentence }] of Object.entries(headers))
      // OpenAPI 3.1 section 4.8.12.1: Content-Type is described by the body, not as a parameter.
      if (name !== 'content-type' && !parameters.has(name))
        parameters.set(name, {
          name,
          in: 'header',
          required: false,
          description: sentence,
          schema: { type: 'string' },
        });
  return [...parameters.values()];
}

function bodyOf(media: string): readonly [string, Json] {
  if (media === 'application/json') return [media, { schema: reference('RequestBody') }];
  if (media === 'multipart/form-data') return [media, { schema: reference('Form') }];
  return [media, {}];
}

function responses(operations: readonly Operation[], method: Method): Json {
  const answers: Record<string, Json> = {};
  for (const { replies } of operations)
    for (const [status, reply] of Object.entries(replies))
      answers[status] = merge(answers[status], reply, method);
  const statuses = { ...COMMON_STATUSES };
  for (const status of operations.flatMap(({ refusals }) => refusals))
    statuses[status] ??= OWN_STATUSES[status] ?? '';
  for (const [status, description] of Object.entries(statuses))
    answers[status] = {
      description,
      ...(method === 'HEAD'
        ? {}
        : { content: { 'application/json': { schema: reference('Error') } } }),
    };
  return answers;
}

function merge(before: Json | undefined, reply: ReplyDoc, method: Method): Json {
  const described = before === undefined ? [] : String(before['description']).split(' Or: ');
  const description = [...new Set([...described, reply.sentence])].join(' Or: ');
  const media = reply.media ?? (reply.schema === undefined ? undefined : 'application/json');
  if (media === undefined || method === 'HEAD') return { ...before, description };
  const content = (before?.['content'] ?? {}) as Record<string, Json>;
  const schema = reply.schema === undefined ? {} : reference(reply.schema);
  const there = content[media]?.['schema'];
  const either = there === undefined ? schema : eitherOf([...alternatives(there), schema]);
  return { description, content: { ...content, [media]: { schema: either } } };
}

// Several operations of one path may answer the same thing.
function eitherOf(schemas: readonly unknown[]): unknown {
  const distinct = [...new Map(schemas.map((one) => [JSON.stringify(one), one])).values()];
  return distinct.length === 1 ? distinct[0] : { anyOf: distinct };
}

function alternatives(schema: unknown): readonly unknown[] {
  const listed: unknown =
    typeof schema === 'object' && schema !== null && 'anyOf' in schema ? schema.anyOf : undefined;
  return Array.isArray(listed) ? (listed as readonly unknown[]) : [schema];
}

function reference(schema: string): Json {
  return { $ref: `#/components/schemas/${schema}` };
}

function pathParameter(name: string, description: string, example: string): Json {
  return { name, in: 'path', required: true, description, schema: { type: 'string' }, example };
}
