// The OpenAPI 3.1 document, generated from the very table that routes requests, so that it cannot drift.
import type { OperationSettings } from '../../config/settings.js';
import { EXAMPLES } from './examples.js';
import { HEADERS } from './headers.js';
import { eitherOf, responses } from './responses.js';
import type { Json } from './responses.js';
import { SCHEMAS } from './schemas.js';
import { OPERATIONS } from '../index.js';
import type { BodyDoc, Method, Operation } from '../operation.js';
import type { Target } from '../../core/key.js';
import { VERSION } from '../../core/version.js';

type TargetKind = Target['kind'];

const PATHS: Readonly<Record<TargetKind, string>> = {
  root: '/',
  folder: '/{folder_path}/',
  file: '/{file_path}',
  spec: '/_spec',
  upload: '/_uploads/{token}',
  link: '/_links/{token}',
  direct: '/_uploads/s3/{step}',
};

const PATH_PARAMETERS: Readonly<Record<TargetKind, Json | null>> = {
  root: null,
  spec: null,
  link: pathParameter(
    'token',
    'What the URL of a link holds; opaque. To revoke it: its id.',
    'AbCd',
  ),
  direct: pathParameter(
    'step',
    'A step in the wire form of Companion; its slashes are not encoded.',
    'multipart',
  ),
  upload: pathParameter('token', 'What the URL of an upload holds; opaque.', 'AbCd'),
  folder: pathParameter('folder_path', 'Path of a folder, without its trailing slash.', 'images'),
  file: pathParameter('file_path', 'Path of a file; slashes may be encoded.', 'uploads/report.pdf'),
};

/** What generators group the operations by. */
const TAGS = {
  folders: 'The root and folders: what is in them, and what is put into them.',
  files: 'Files by their own path.',
  uploads: 'Uploads by the links that were made for them.',
  links: 'Files and folders by the links that were made for them.',
  description: 'This description.',
} as const;

const TAG_OF: Readonly<Record<TargetKind, keyof typeof TAGS>> = {
  root: 'folders',
  folder: 'folders',
  file: 'files',
  upload: 'uploads',
  link: 'links',
  direct: 'uploads',
  spec: 'description',
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
  for (const target of Object.keys(PATHS) as TargetKind[]) {
    const there = operations.filter(({ targets }) => targets.includes(target));
    if (there.length > 0) paths[PATHS[target]] = pathItem(there, target);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: settings.label ?? settings.name,
      version: VERSION,
      ...(settings.description === undefined ? {} : { description: settings.description }),
    },
    servers: [{ url: mount === '' ? '/' : mount }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    security: [{}, { ApiKey: [] }, { DreamFactoryApiKey: [] }, { Bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        ApiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        DreamFactoryApiKey: { type: 'apiKey', in: 'header', name: 'X-DreamFactory-API-Key' },
        Bearer: { type: 'http', scheme: 'bearer' },
      },
      schemas: SCHEMAS_WITH_EXAMPLES,
      headers: HEADERS,
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
  // RFC 9110 section 9.3.1: the content of a GET has no meaning.
  const isRead = method === 'GET' || method === 'HEAD';
  const bodies = isRead ? [] : operations.flatMap(({ body }) => body);
  return {
    operationId: `${VERBS[method]}_${target}`,
    tags: [TAG_OF[target]],
    summary: operations.at(-1)?.sentence,
    description: operations.map(({ name, sentence }) => `- \`${name}\`: ${sentence}`).join('\n'),
    'x-operations': operations.map(({ name }) => name),
    parameters: [...queryParameters(operations), ...headerParameters(operations)],
    ...(bodies.length === 0
      ? {}
      : {
          requestBody: {
            required: operations.every(({ body }) => body.length > 0),
            content: contentOf(bodies),
          },
        }),
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

// Several operations of one path may read bodies of the same media type. Generators that know one body take JSON,
// else the first: the bytes of a file rather than a form with them.
function contentOf(bodies: readonly BodyDoc[]): Json {
  const content: Record<string, Json> = {};
  const isBytes = ({ schema }: BodyDoc): number => (schema === 'Content' ? 1 : 0);
  for (const { media, schema } of bodies.toSorted((one, other) => isBytes(other) - isBytes(one)))
    content[media] = { schema: eitherOf(content[media]?.['schema'], schema) };
  return content;
}

function pathParameter(name: string, description: string, example: string): Json {
  return { name, in: 'path', required: true, description, schema: { type: 'string' }, example };
}
