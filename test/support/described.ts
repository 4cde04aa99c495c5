// Holds every answer of the suites against the description of the service that gave it.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parsePath, type Target } from '../../src/core/key.ts';
import type { FileService, FileServiceConfig } from '../../src/index.ts';
import type { Answer, Question } from './exchange.ts';

type Schema = Readonly<Record<string, unknown>>;
type Content = Readonly<Record<string, { readonly schema: Schema }>>;
interface Reply {
  readonly content?: Content;
  readonly headers?: Readonly<Record<string, unknown>>;
}
interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly responses: Readonly<Record<string, Reply>> }>>
    >
  >;
  readonly components: Components;
}
interface Components {
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly headers: Readonly<Record<string, unknown>>;
}

const PATHS: Readonly<Record<Target['kind'], string>> = {
  root: '/',
  folder: '/{folder_path}/',
  file: '/{file_path}',
  spec: '/_spec',
  upload: '/_uploads/{token}',
  link: '/_links/{token}',
  direct: '/_uploads/s3/{step}',
};
const ERROR: Reply = {
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
};
const STORED_JSON = '#/components/schemas/StoredJson';

const validators = new WeakMap<
  object,
  { readonly ajv: Ajv2020; readonly bySchema: Map<string, ValidateFunction> }
>();

/** Makes the check of a service: it throws what an answer has that the description does not say. */
export const describedAnswers = (
  files: FileService,
  config: Partial<FileServiceConfig>,
): ((question: Question, answer: Answer) => void) => {
  let document: Document | undefined;
  return (question, answer) => {
    const { method = 'GET', path } = question;
    // What a host answers in front of the service is its own.
    if (method === 'OPTIONS' || answer.headers['x-request-id'] === undefined) return;
    document ??= files.openapi() as unknown as Document;
    const effective = config.compat === undefined ? method : tunnelled(question);
    const faults = faultsOf(document, effective, path, answer);
    if (faults.length > 0)
      throw new Error(
        `${effective} ${path}: ${answer.status} is not as described: ${faults.join('; ')}\n${answer.text.slice(0, 2000)}`,
      );
  };
};

const faultsOf = (
  document: Document,
  method: string,
  path: string,
  answer: Answer,
): readonly string[] => {
  const { status, headers, body } = answer;
  const responses = document.paths[PATHS[targetOf(path)]]?.[method.toLowerCase()]?.responses;
  const reply = responses?.[status] ?? (status >= 400 ? (responses?.default ?? ERROR) : undefined);
  if (reply === undefined) return ['the status'];
  const odd = Object.keys(document.components.headers).filter(
    (name) => headers[name.toLowerCase()] !== undefined && reply.headers?.[name] === undefined,
  );
  if (odd.length > 0 && reply !== ERROR) return odd.map((name) => `the header ${name}`);
  if (method === 'HEAD' || body.length === 0) return [];
  const type = (headers['content-type'] ?? '').split(';', 1)[0] ?? '';
  const media = reply.content?.[type] ?? reply.content?.['*/*'];
  if (media === undefined) return [`the type ${type}`];
  if (type !== 'application/json') return [];
  const schema = isOurs(path, status) ? ours(media.schema) : media.schema;
  return schemaFaults(document.components, schema, answer.json());
};

/** What in a value does not fit a schema of a document with these components, which is taken as whole. */
export const schemaFaults = (
  components: Components,
  schema: Schema,
  value: unknown,
): readonly string[] => {
  const validate = validatorOf(components, schema);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message = '', params }) =>
      `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
};

const targetOf = (path: string): Target['kind'] => {
  const raw = path.split(/[?#]/, 1)[0] ?? '';
  try {
    return parsePath(raw, { containerBytes: 0, normalize: undefined }).kind;
  } catch {
    return raw.endsWith('/') ? 'folder' : 'file';
  }
};

/** Whether JSON is the service's own, though a stored file could be answered there. */
const isOurs = (path: string, status: number): boolean =>
  status !== 200 || /[?&](?:url|include_properties)=(?:1|true)/i.test(path);

const ours = (schema: Schema): Schema => {
  const { anyOf } = schema as { readonly anyOf?: readonly { readonly $ref?: string }[] };
  return anyOf === undefined ? schema : { anyOf: anyOf.filter(({ $ref }) => $ref !== STORED_JSON) };
};

/** The method that the original server's clients put into a POST. */
const tunnelled = ({ method = 'GET', path, headers = {} }: Question): string => {
  if (method !== 'POST') return method;
  const query = new URL(path, 'http://x').searchParams;
  const header = Object.entries(headers).find(([name]) => /^x-(?:http-)?method/i.test(name));
  const named = header?.[1] ?? query.getAll('method').at(-1) ?? query.getAll('_method').at(-1);
  // The original server's name of PATCH.
  const verb = String(named ?? method)
    .toUpperCase()
    .replace(/^MERGE$/, 'PATCH');
  return ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'].includes(verb) ? verb : method;
};

/** The validator of a schema, compiled once: the components are the same for every service of a process. */
const validatorOf = ({ schemas }: Components, schema: Schema): ValidateFunction => {
  let known = validators.get(schemas);
  if (known === undefined) {
    // That the schemas are schemas is the test of the description itself.
    const ajv = new Ajv2020({ allowUnionTypes: true, meta: false, validateSchema: false });
    formats.default(ajv);
    ajv.addFormat('binary', true);
    ajv.addVocabulary(['components']);
    ajv.addSchema({ components: closed({ schemas }) }, 'description');
    known = { ajv, bySchema: new Map() };
    validators.set(schemas, known);
  }
  const text = JSON.stringify(closed(schema)).replaceAll('"#/', '"description#/');
  const validate = known.bySchema.get(text) ?? known.ajv.compile(JSON.parse(text) as Schema);
  known.bySchema.set(text, validate);
  return validate;
};

/** With nothing allowed beside what is described. Clients are told no such thing: fields are added later. */
const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [
      name,
      name === 'examples' || name === 'enum' ? value : closed(value),
    ]),
  );
  const isOpen = inner['type'] !== 'object' || !('properties' in inner);
  return isOpen ? inner : { additionalProperties: false, ...inner };
};
