// openapi-typescript and openapi-fetch: types of the description, and a fetch that has them.
import createClient from 'openapi-fetch';
import type { paths } from './made/openapi-typescript';
import { namesOf, startOf, tokenOf, unexpected, type MakeSteps } from './steps';

// Of several bodies the caller says which it is: bytes as they are, a form.
const bytes = {
  headers: { 'Content-Type': 'application/octet-stream' },
  bodySerializer: (body: unknown) => body as Blob,
};
const asForm = {
  bodySerializer: (body: object = {}) => {
    const form = new FormData();
    for (const file of Object.values(body).flat() as Blob[]) form.append('files', file, 'form.txt');
    return form;
  },
};

export const makeSteps: MakeSteps = (root, imported) => {
  const client = createClient<paths>({ baseUrl: root });
  const folder = (folder_path: string) => ({ path: { folder_path } });
  const file = (file_path: string) => ({ path: { file_path } });
  const hello = new Blob(['hello']);
  let token = '';
  return {
    describe: async () => String((await client.GET('/_spec')).data?.['openapi']),
    write: async () => {
      const answer = await client.PUT('/{file_path}', {
        params: file('docs/a b.txt'),
        body: hello,
        ...bytes,
      });
      return answer.data && 'path' in answer.data ? answer.data.path : unexpected(answer);
    },
    write_named: async () => {
      const params = { ...folder('docs'), header: { 'x-file-name': 'named.txt' } };
      const answer = await client.POST('/{folder_path}/', { params, body: hello, ...bytes });
      return answer.data && 'path' in answer.data ? answer.data.path : unexpected(answer);
    },
    make_folder: async () => {
      const answer = await client.POST('/{folder_path}/', { params: folder('new') });
      return answer.data && 'path' in answer.data ? answer.data.path : unexpected(answer);
    },
    make_folder_named: async () => {
      const params = { ...folder('docs'), header: { 'x-folder-name': 'made' } };
      const answer = await client.POST('/{folder_path}/', { params });
      return answer.data && 'path' in answer.data ? answer.data.path : unexpected(answer);
    },
    write_form: async () => {
      const body = { files: [hello] };
      const answer = await client.POST('/{folder_path}/', {
        params: folder('docs'),
        body,
        ...asForm,
      });
      return answer.data && 'resource' in answer.data
        ? namesOf(answer.data.resource)
        : unexpected(answer);
    },
    write_form_file: async () => {
      const body = { file: hello };
      const answer = await client.PUT('/{file_path}', {
        params: file('docs/f.txt'),
        body,
        ...asForm,
      });
      return answer.data && 'path' in answer.data ? answer.data.path : unexpected(answer);
    },
    write_batch: async () => {
      const answer = await client.POST('/{folder_path}/', {
        params: folder('docs'),
        body: {
          resource: [
            { type: 'folder', name: 'batch' },
            { type: 'file', name: 'b.txt', content: 'aGVsbG8=', is_base64: true },
            { type: 'file', source_path: 'docs/named.txt', name: 'moved.txt', delete_source: true },
          ],
        },
      });
      return answer.data && 'resource' in answer.data
        ? namesOf(answer.data.resource)
        : unexpected(answer);
    },
    import: async () => {
      const params = { ...folder('docs'), query: { url: imported, filename: 'imported.txt' } };
      const answer = await client.POST('/{folder_path}/', { params });
      return answer.data && 'path' in answer.data ? answer.data.path : unexpected(answer);
    },
    sign_write: async () => {
      const params = { ...file('docs/linked.txt'), query: { url: true, expires: 60 } };
      const answer = await client.POST('/{file_path}', { params });
      if (!answer.data || !('method' in answer.data)) return unexpected(answer);
      token = tokenOf(answer.data.url);
      return answer.data.method;
    },
    upload_link: async () => {
      const params = { path: { token } };
      const answer = await client.PUT('/_uploads/{token}', { params, body: hello, ...bytes });
      return answer.data?.path ?? unexpected(answer);
    },
    share: async () => {
      const params = { ...file('docs/a b.txt'), query: { share: true } };
      const answer = await client.POST('/{file_path}', { params });
      if (!answer.data || !('id' in answer.data)) return unexpected(answer);
      token = tokenOf(answer.data.url);
      return 'shared';
    },
    open_link: async () => {
      const params = { path: { token } };
      const answer = await client.GET('/_links/{token}', { params, parseAs: 'blob' });
      const { data } = answer as { readonly data?: unknown };
      return data instanceof Blob ? data.text() : unexpected(answer);
    },
    list: async () => {
      const query = { include_folders: false, sort: 'name' } as const;
      const answer = await client.GET('/{folder_path}/', { params: { ...folder('docs'), query } });
      const { data } = answer;
      if (!data || data instanceof Blob || !('resource' in data) || !Array.isArray(data.resource))
        return unexpected(answer);
      return namesOf(data.resource);
    },
    search: async () => {
      const query = { search: 'LINK', full_tree: true, wrap: false };
      const answer = await client.GET('/', { params: { query } });
      return Array.isArray(answer.data) ? namesOf(answer.data) : unexpected(answer);
    },
    list_access: async () => {
      const answer = await client.GET('/', { params: { query: { as_access_list: true } } });
      const { data } = answer;
      if (!data || data instanceof Blob || !('resource' in data) || !Array.isArray(data.resource))
        return unexpected(answer);
      return namesOf(data.resource);
    },
    read_folder_properties: async () => {
      const query = { include_properties: true, rights: true };
      const answer = await client.GET('/{folder_path}/', { params: { ...folder('docs'), query } });
      const { data } = answer;
      if (!data || data instanceof Blob || !('resource' in data) || !('path' in data.resource))
        return unexpected(answer);
      return data.resource.path;
    },
    read_properties: async () => {
      const query = { include_properties: true, content: true };
      const answer = await client.GET('/{file_path}', {
        params: { ...file('docs/a b.txt'), query },
      });
      return content(answer.data, 'content');
    },
    read: async () => {
      const sent = { params: file('docs/a b.txt'), parseAs: 'blob' } as const;
      const { data } = await client.GET('/{file_path}', sent);
      return data instanceof Blob ? data.text() : unexpected(data);
    },
    sign_read: async () => {
      const query = { url: true };
      const params = { ...file('docs/a b.txt'), query };
      const url = new URL(content((await client.GET('/{file_path}', { params })).data, 'url'));
      return url.searchParams.get('X-Amz-Expires') ?? '';
    },
    zip: async () => {
      const params = { ...folder('docs'), query: { zip: true } };
      const { data } = await client.GET('/{folder_path}/', { params, parseAs: 'blob' });
      return data instanceof Blob ? startOf(data) : unexpected(data);
    },
    zip_selection: async () => {
      const { data } = await client.POST('/{folder_path}/', {
        params: { ...folder('docs'), query: { zip: true } },
        body: { resource: [{ name: 'a b.txt' }, { path: 'docs/batch/' }] },
        parseAs: 'blob',
      });
      return data instanceof Blob ? startOf(data) : unexpected(data);
    },
    update_folder: async () => {
      const sent = { params: folder('docs/made'), body: { owner: 'a' } };
      return String((await client.PATCH('/{folder_path}/', sent)).data?.success);
    },
    update: async () => {
      const sent = { params: file('docs/a b.txt'), body: { metadata: { owner: 'a' } } };
      return String((await client.PATCH('/{file_path}', sent)).data?.metadata?.['owner']);
    },
    remove_batch: async () => {
      const body = {
        resource: [{ path: 'docs/b.txt' }, { path: 'new/', type: 'folder' as const }],
      };
      const answer = await client.DELETE('/', { body });
      return answer.data
        ? answer.data.resource.map(({ path }) => path).join(' ')
        : unexpected(answer);
    },
    remove_folder: async () => {
      const params = { ...folder('docs/made'), query: { force: true } };
      const answer = await client.DELETE('/{folder_path}/', { params });
      return answer.data && 'path' in answer.data ? String(answer.data.path) : unexpected(answer);
    },
    remove: async () => {
      const answer = await client.DELETE('/{file_path}', { params: file('docs/a b.txt') });
      return answer.data?.path ?? unexpected(answer);
    },
  };
};

// JSON of a file's path may be what the file holds: whoever asks knows what was asked.
const content = (data: unknown, name: string): string => {
  const value = (data as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' ? value : unexpected(data);
};

export const refused = (root: string): void => {
  const client = createClient<paths>({ baseUrl: root });
  const params = { path: { folder_path: 'docs' } };
  // @ts-expect-error A file without its content.
  void client.PUT('/{folder_path}/', { params, body: { resource: [{ type: 'file', name: 'a' }] } });
  // @ts-expect-error An order that there is not.
  void client.GET('/', { params: { query: { sort: 'colour' } } });
  // @ts-expect-error A change without a body.
  void client.PATCH('/{file_path}', { params: { path: { file_path: 'a' } } });
};
