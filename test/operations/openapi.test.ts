// The description: valid by a validator that is not ours, true of what answers, and nothing answers beyond it.
import { createRequire } from 'node:module';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sealedPassword } from '../../src/operations/links/password.ts';
import { schemaFaults } from '../support/described.ts';
import { formOf } from '../support/form.ts';
import { bypass, FIXTURE, type Bypass } from '../support/fixture.ts';
import { inExpress, MOUNT, startService, type Question } from '../support/service.ts';
import type { RunningService } from '../support/service.ts';
import { linkPath } from '../support/share-link.ts';
import { doubleStore } from '../support/stores.ts';
import { UPLOAD_SECRET, uploadPath } from '../support/upload-link.ts';

type Schema = Readonly<Record<string, unknown>>;
type Content = Readonly<Record<string, { readonly schema: Schema }>>;
interface Described {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly 'x-operations': readonly string[];
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly description: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Content }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly headers: Readonly<Record<string, unknown>>;
  };
}

const list = (resource: unknown) => JSON.stringify({ resource });
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'];
const UNKNOWN = ['TRACE', 'PROPFIND', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'QUERY'];
const ADDRESSES: Readonly<Record<string, string>> = {
  '/': '/',
  '/{folder_path}/': '/images/',
  '/{file_path}': '/uploads/report.pdf',
  '/_spec': '/_spec',
  '/_uploads/{token}': uploadPath('', { key: 'n' }),
  '/_links/{token}': linkPath('', { key: 'images/' }),
};

const PASSWORD = await sealedPassword('pw');

/** A request for every operation of every documented method and path. */
const REQUESTS: Readonly<Record<string, Readonly<Record<string, Omit<Question, 'method'>>>>> = {
  get_root: {
    list_access: { path: '/?as_access_list=true' },
    zip: { path: '/?zip=true' },
    read_folder_properties: { path: '/?include_properties=true' },
    sign_read: { path: '/?url=true' },
    search: { path: '/?search=a' },
    list: { path: '/?limit=2' },
  },
  get_folder: {
    zip: { path: '/images/?zip=true' },
    read_folder_properties: { path: '/images/?include_properties=true' },
    sign_read: { path: '/images/?url=true' },
    search: { path: '/images/?search=l' },
    list: { path: '/images/?wrap=false' },
  },
  get_file: {
    sign_read: { path: '/uploads/report.pdf?url=true' },
    read_properties: { path: '/uploads/report.pdf?include_properties=true&content=1' },
    read: { path: '/uploads/report.pdf' },
  },
  get_spec: { describe: { path: '/_spec' } },
  replace_upload: { upload_link: { path: uploadPath('', { key: 'n' }), body: 'x' } },
  create_root: {
    share: { path: '/?share=true' },
    write_named: { path: '/', headers: { 'X-File-Name': 'n' }, body: 'x' },
    make_folder_named: { path: '/', headers: { 'X-Folder-Name': 'n' } },
    import: { path: '/?url=http://127.0.0.1/n' },
    sign_write: { path: '/?url=true' },
    write_form: { path: '/', ...formOf([{ name: 'files', filename: 'n', body: 'x' }]) },
    zip_selection: { path: '/?zip=true', body: list([{ path: 'document.pdf' }]) },
    write_batch: { path: '/', body: list([{ type: 'folder', name: 'n' }]) },
    make_folder: { path: '/' },
  },
  create_folder: {
    share: { path: '/images/?share=true' },
    write_named: { path: '/images/', headers: { 'X-File-Name': 'n' }, body: 'x' },
    make_folder_named: { path: '/images/', headers: { 'X-Folder-Name': 'n' } },
    import: { path: '/images/?url=http://127.0.0.1/n' },
    sign_write: { path: '/images/?url=true' },
    write_form: { path: '/images/', ...formOf([{ name: 'files', filename: 'n', body: 'x' }]) },
    zip_selection: { path: '/images/?zip=true', body: list([{ name: 'logo.png' }]) },
    write_batch: {
      path: '/images/',
      body: list([{ type: 'file', name: 'n', content: '' }, { type: 'x' }]),
    },
    make_folder: { path: '/new/' },
  },
  create_file: {
    share: { path: '/uploads/report.pdf?share=true' },
    sign_write: { path: '/n?url=true' },
    write_form_file: { path: '/n', ...formOf([{ name: 'files', filename: 'm', body: 'x' }]) },
    write: { path: '/n', body: 'x' },
  },
  update_folder: { update_folder: { path: '/images/', body: '{"a":1}' } },
  update_file: { update: { path: '/uploads/report.pdf', body: '{"metadata":{"a":"1"}}' } },
  delete_root: { remove_batch: { path: '/', body: list([{ path: 'document.pdf' }]) } },
  delete_folder: {
    remove_batch: { path: '/images/', body: list([{ name: 'logo.png' }, { name: 'nope' }]) },
    remove_folder: { path: '/old-folder/?force=true' },
  },
  get_link: { open_link: { path: linkPath('', { key: 'images/' }) } },
  create_link: {
    open_link: {
      path: linkPath('', { key: 'images/', password: PASSWORD }),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'password=pw',
    },
  },
  delete_file: { remove: { path: '/uploads/report.pdf' } },
};
const ALIASES = [
  ['replace', 'create'],
  ['head', 'get'],
] as const;

function requestsFor(id: string): Readonly<Record<string, Omit<Question, 'method'>>> {
  if (REQUESTS[id] !== undefined) return REQUESTS[id];
  const alias = ALIASES.find(([name]) => id.startsWith(`${name}_`));
  const requests = REQUESTS[alias === undefined ? id : id.replace(alias[0], alias[1])] ?? {};
  // A selection is zipped, and a link made, by POST alone.
  return alias?.[0] === 'replace'
    ? Object.fromEntries(
        Object.entries(requests).filter(([name]) => name !== 'zip_selection' && name !== 'share'),
      )
    : requests;
}

describe('the description', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let around: Bypass;
  let service: RunningService;
  let document: Document;
  const routes = () =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      METHODS.flatMap((method) =>
        item[method] === undefined ? [] : [{ path, method, described: item[method] }],
      ),
    );

  beforeAll(async () => {
    store = await doubleStore();
    around = bypass(store);
    service = await startService(store, {
      importFromUrl: true,
      uploadSecret: UPLOAD_SECRET,
      label: 'Files',
      description: 'All.',
    });
    document = (await service.ask({ path: '/_spec' })).json() as Document;
  });
  beforeEach(async () => {
    await around.plant(FIXTURE);
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  it.each([
    ['everything on', { importFromUrl: true, compat: 'dreamfactory' as const }],
    ['the defaults', {}],
  ])('is valid OpenAPI 3.1 with %s', async (_, config) => {
    const other = await startService(store, config);
    const validator = new Validator();
    const result = await validator.validate(structuredClone(other.files.openapi()));
    expect([result.valid, result.errors, validator.version]).toEqual([true, undefined, '3.1']);
    await other.close();
  });

  it('F15 names the mount as its server where it is served, and the root by itself', () => {
    expect(document.servers).toEqual([{ url: MOUNT }]);
    expect(service.files.openapi()).toEqual({ ...document, servers: [{ url: '/' }] });
    expect(Object.keys(document.paths).toSorted()).toEqual(Object.keys(ADDRESSES).toSorted());
  });

  it('has the version of the package', () => {
    const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
    expect(document.info.version).toBe(version);
  });

  it('needs the right to read _spec', async () => {
    const other = await startService(
      store,
      { authenticate: () => ({ id: 'someone' }), authorize: ({ path }) => path !== '_spec' },
      inExpress,
    );
    expect((await other.ask({ path: '/_spec' })).status).toBe(403);
    await other.close();
  });

  it('describes an import only where it is on', async () => {
    const other = await startService(store);
    const off = other.files.openapi() as unknown as Document;
    const names = (of: Document) => of.paths['/']?.['post']?.['x-operations'] ?? [];
    expect(names(document).filter((name) => !names(off).includes(name))).toEqual(['import']);
    await other.close();
  });

  it('gives each operation an id of its own, and each answer a schema with an example that fits', () => {
    const ids = routes().map(({ described }) => described.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      const examples = schema['examples'] as readonly unknown[];
      expect([name, examples.length]).toEqual([name, 1]);
      for (const example of examples)
        expect([name, schemaFaults(document.components, schema, example)]).toEqual([name, []]);
    }
  });

  it('says of every part what it is: operations by tags, parameters, answers, schemas', () => {
    const tags = document.tags.map(({ name }) => name);
    const used = routes().flatMap((route) => route.described.tags);
    expect(new Set(used)).toEqual(new Set(tags));
    expect(used).toHaveLength(routes().length);
    const silent = [
      ...document.tags.map(({ name, description }) => [name, description]),
      ...Object.entries(document.components.schemas).map(([name, { description }]) => [
        name,
        description,
      ]),
      ...routes().flatMap(({ described: { operationId, summary, parameters, responses } }) => [
        [operationId, summary],
        ...parameters.map(({ name, description }) => [`${operationId} ${name}`, description]),
        ...Object.entries(responses).map(([status, { description }]) => [
          `${operationId} ${status}`,
          description,
        ]),
      ]),
    ].filter(([, description]) => typeof description !== 'string' || description === '');
    expect(silent).toEqual([]);
  });

  it('has a typed schema for every body, parameter and array', () => {
    const untyped: string[] = [];
    const look = (schema: unknown, at: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      const { type, items, properties, additionalProperties, anyOf } = schema as Schema;
      const types = [type].flat();
      // Any JSON has no more to say: what a stored file holds, or a hook answered.
      if (types.length === 6) return;
      if (types.includes('array') && items === undefined) untyped.push(`${at}: no items`);
      if (
        types.includes('object') &&
        properties === undefined &&
        additionalProperties === undefined
      )
        untyped.push(`${at}: no properties`);
      const isNamed = '$ref' in schema || type !== undefined || anyOf !== undefined;
      if (!isNamed) untyped.push(`${at}: no type`);
      if (items !== undefined) look(items, `${at}[]`);
      for (const [name, inner] of Object.entries(properties ?? {})) look(inner, `${at}.${name}`);
      for (const inner of (anyOf as readonly unknown[] | undefined) ?? []) look(inner, at);
    };
    for (const [name, schema] of Object.entries(document.components.schemas)) look(schema, name);
    for (const { described } of routes()) {
      const { operationId, parameters, requestBody, responses } = described;
      for (const { name, schema } of parameters) look(schema, `${operationId} ${name}`);
      for (const { content = {} } of [requestBody ?? {}, ...Object.values(responses)])
        for (const [media, { schema }] of Object.entries(content))
          look(schema ?? {}, `${operationId} ${media}`);
    }
    expect(untyped).toEqual([]);
  });

  it('has the body of each operation, the bytes of a file first', () => {
    const bodies = Object.fromEntries(
      routes().flatMap(({ described: { operationId, requestBody } }) =>
        requestBody === undefined
          ? []
          : [[operationId, [requestBody.required, named(requestBody.content)]]],
      ),
    );
    const bytes = { 'application/octet-stream': ['Content'], '*/*': ['Content'] };
    const form = { 'multipart/form-data': ['Form'] };
    const posted = { ...bytes, ...form, 'application/json': ['Selection', 'NewItems'] };
    const put = { ...bytes, ...form, 'application/json': ['NewItems'] };
    const toFile = { ...bytes, 'multipart/form-data': ['FormOfOne'] };
    expect(bodies).toEqual({
      create_root: [false, posted],
      create_folder: [false, posted],
      replace_root: [false, put],
      replace_folder: [false, put],
      create_file: [false, toFile],
      replace_file: [false, toFile],
      update_file: [true, { 'application/json': ['FileChanges'] }],
      update_folder: [true, { 'application/json': ['FolderMetadata'] }],
      delete_root: [true, { 'application/json': ['Selection'] }],
      delete_folder: [false, { 'application/json': ['Selection'] }],
      replace_upload: [true, bytes],
      create_link: [true, { 'application/x-www-form-urlencoded': ['LinkPassword'] }],
    });
    expect(
      Object.keys(document.paths['/{file_path}']?.['put']?.requestBody?.content ?? {})[0],
    ).toBe('application/octet-stream');
  });

  it.each(['{"url":1}', '[{"path":1}]', '"text"', 'null', '{}'])(
    'is not broken by a stored file of JSON: %s',
    async (body) => {
      const headers = { 'Content-Type': 'application/json' };
      await service.ask({ method: 'PUT', path: '/data.json', headers, body });
      const answer = await service.ask({ path: '/data.json' });
      const described = document.paths['/{file_path}']?.['get']?.responses['200']?.content;
      expect(answer.text).toBe(body);
      expect(
        schemaFaults(
          document.components,
          described?.['application/json']?.schema ?? {},
          JSON.parse(body),
        ),
      ).toEqual([]);
      expect(named(described ?? {})).toEqual({
        'application/json': ['SignedUrl', 'FileProperties', 'StoredJson'],
        '*/*': ['Content'],
      });
    },
  );

  it('is true: every route answers as described, by every operation that it names', async () => {
    for (const { method, described } of routes()) {
      const requests = requestsFor(described.operationId);
      expect([described.operationId, Object.keys(requests)]).toEqual([
        described.operationId,
        [...described['x-operations']],
      ]);
      for (const [operation, question] of Object.entries(requests)) {
        for (const key of await around.keys())
          if (/(?:^|\/)n\/?$|^new\/$/.test(key)) await around.remove(key);
        await around.plant(FIXTURE);
        const answer = await service.ask({ ...question, method: method.toUpperCase() });
        const event = await service.audited(answer.headers['x-request-id'] ?? '');
        expect([described.operationId, event.operation]).toEqual([
          described.operationId,
          operation,
        ]);
        const reply = described.responses[answer.status];
        expect([operation, answer.status, reply !== undefined]).toEqual([
          operation,
          answer.status,
          true,
        ]);
        checkBody(document, reply, answer, method);
        const parameters = described.parameters.map(({ name }) => name);
        const asked = new URL(question.path, 'http://x').searchParams.keys();
        expect([...asked].filter((name) => !parameters.includes(name))).toEqual([]);
      }
    }
  }, 60_000);

  it('is whole: no other method answers anywhere', async () => {
    for (const [path, address] of Object.entries(ADDRESSES))
      for (const method of [...METHODS.map((name) => name.toUpperCase()), ...UNKNOWN]) {
        if (document.paths[path]?.[method.toLowerCase()] !== undefined) continue;
        const answer = await service.ask({ method, path: address, body: 'x' });
        // What an option would turn on is refused with the name of the option.
        const isOff = method === 'DELETE' && path.startsWith('/_links/');
        expect([method, path, answer.status]).toEqual([method, path, isOff ? 400 : 405]);
        if (isOff) continue;
        const allowed = (answer.headers['allow'] ?? '').toLowerCase().split(', ');
        const described = METHODS.filter((name) => document.paths[path]?.[name] !== undefined);
        expect(allowed).toEqual([...described, 'options']);
      }
  });
});

function checkBody(
  document: Document,
  reply: Described['responses'][string] | undefined,
  answer: Awaited<ReturnType<RunningService['ask']>>,
  method: string,
): void {
  // What leads elsewhere says so in a header.
  if (method === 'head' || answer.status === 303) {
    expect(answer.body).toHaveLength(0);
    return;
  }
  const type = (answer.headers['content-type'] ?? '').split(';', 1)[0] ?? '';
  const content = reply?.content ?? {};
  const described = content[type] ?? content['*/*'];
  expect([type, described !== undefined]).toEqual([type, true]);
}

/** The names of the schemas of each media type. */
function named(content: Content): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(content).map(([media, { schema }]) => {
      const any = (schema['anyOf'] ?? [schema]) as readonly { readonly $ref: string }[];
      return [media, any.map(({ $ref }) => $ref.split('/').at(-1) ?? '')];
    }),
  );
}
