// @hey-api/openapi-ts: a function an operation, over fetch. It knows one body of each; the others go through its client.
import { client } from './made/hey-api/client.gen';
import { formDataBodySerializer } from './made/hey-api/core/bodySerializer.gen';
import {
  createFile,
  createFolder,
  deleteFile,
  deleteFolder,
  deleteRoot,
  getFile,
  getFolder,
  getLink,
  getRoot,
  getSpec,
  replaceFile,
  replaceFolder,
  replaceUpload,
  updateFile,
  updateFolder,
} from './made/hey-api';
import { namesOf, startOf, tokenOf, unexpected, type MakeSteps } from './steps';

const folder = (folder_path: string) => ({ path: { folder_path } });
const file = (file_path: string) => ({ path: { file_path } });

export const makeSteps: MakeSteps = (root, imported) => {
  client.setConfig({ baseUrl: root });
  const hello = new Blob(['hello']);
  let token = '';
  return {
    describe: async () => String((await getSpec()).data?.['openapi']),
    write: async () => {
      const answer = await replaceFile({ ...file('docs/a b.txt'), body: hello });
      return answer.data && 'path' in answer.data ? answer.data.path : unexpected(answer);
    },
    write_named: async () => {
      const answer = await client.post<{ 201: { path: string } }>({
        url: '/{folder_path}/',
        ...folder('docs'),
        headers: { 'x-file-name': 'named.txt', 'Content-Type': 'application/octet-stream' },
        body: hello,
        bodySerializer: null,
      });
      return answer.data?.path ?? unexpected(answer);
    },
    make_folder: async () => {
      const answer = await createFolder(folder('new'));
      return answer.data && 'path' in answer.data ? answer.data.path : unexpected(answer);
    },
    make_folder_named: async () => {
      const headers = { 'x-folder-name': 'made' };
      const answer = await createFolder({ ...folder('docs'), headers });
      return answer.data && 'path' in answer.data ? answer.data.path : unexpected(answer);
    },
    write_form: async () => {
      const answer = await client.post<{ 201: { resource: { name: string }[] } }>({
        url: '/{folder_path}/',
        ...folder('docs'),
        ...formDataBodySerializer,
        headers: { 'Content-Type': null },
        body: { files: [new File([hello], 'form.txt')] },
      });
      return answer.data ? namesOf(answer.data.resource) : unexpected(answer);
    },
    write_form_file: async () => {
      const answer = await client.put<{ 201: { path: string } }>({
        url: '/{file_path}',
        ...file('docs/f.txt'),
        ...formDataBodySerializer,
        headers: { 'Content-Type': null },
        body: { file: new File([hello], 'form.txt') },
      });
      return answer.data?.path ?? unexpected(answer);
    },
    write_batch: async () => {
      const answer = await createFolder({
        ...folder('docs'),
        body: {
          resource: [
            { type: 'folder', name: 'batch' },
            { type: 'file', name: 'b.txt', content: 'aGVsbG8=', is_base64: true },
            { type: 'file', source_path: 'docs/named.txt', name: 'moved.txt', delete_source: true },
          ],
        },
      });
      return answer.data && 'resource' in answer.data
        ? answer.data.resource.map(({ name }) => name).join(' ')
        : unexpected(answer);
    },
    import: async () => {
      const query = { url: imported, filename: 'imported.txt' };
      const answer = await createFolder({ ...folder('docs'), query });
      return answer.data && 'path' in answer.data ? answer.data.path : unexpected(answer);
    },
    sign_write: async () => {
      const answer = await createFile({
        ...file('docs/linked.txt'),
        query: { url: true, expires: 60 },
      });
      if (!answer.data || !('method' in answer.data)) return unexpected(answer);
      token = tokenOf(answer.data.url);
      return answer.data.method;
    },
    upload_link: async () => {
      const { data } = await replaceUpload({ path: { token }, body: hello });
      const isStored =
        typeof data === 'object' &&
        data !== null &&
        'path' in data &&
        typeof data.path === 'string';
      return isStored ? String(data.path) : unexpected(data);
    },
    share: async () => {
      const answer = await createFile({ ...file('docs/a b.txt'), query: { share: true } });
      if (!answer.data || !('id' in answer.data)) return unexpected(answer);
      token = tokenOf(answer.data.url);
      return 'shared';
    },
    open_link: async () => {
      const { data } = await getLink({ path: { token }, parseAs: 'text' });
      return typeof data === 'string' ? data : unexpected(data);
    },
    list: async () => {
      const query = { include_folders: false, sort: 'name' } as const;
      return listed((await getFolder({ ...folder('docs'), query })).data);
    },
    search: async () => {
      const query = { search: 'LINK', full_tree: true, wrap: false };
      return listed({ resource: (await getRoot({ query })).data });
    },
    list_access: async () => listed((await getRoot({ query: { as_access_list: true } })).data),
    read_folder_properties: async () => {
      const query = { include_properties: true, rights: true };
      const answer = await getFolder({ ...folder('docs'), query });
      const { data } = answer;
      if (!data || !('resource' in data) || !('path' in data.resource)) return unexpected(answer);
      return data.resource.path;
    },
    read_properties: async () => {
      const query = { include_properties: true, content: true };
      return content((await getFile({ ...file('docs/a b.txt'), query })).data, 'content');
    },
    read: async () => {
      const { data } = await getFile({ ...file('docs/a b.txt'), parseAs: 'text' });
      return typeof data === 'string' ? data : unexpected(data);
    },
    sign_read: async () => {
      const { data } = await getFile({ ...file('docs/a b.txt'), query: { url: true } });
      return new URL(content(data, 'url')).searchParams.get('X-Amz-Expires') ?? '';
    },
    zip: async () => {
      const answer = await getFolder({ ...folder('docs'), query: { zip: true } });
      return archive(answer.data);
    },
    zip_selection: async () => {
      const answer = await createFolder({
        ...folder('docs'),
        query: { zip: true },
        body: { resource: [{ name: 'a b.txt' }, { path: 'docs/batch/' }] },
      });
      return archive(answer.data);
    },
    update_folder: async () => {
      const answer = await updateFolder({ ...folder('docs/made'), body: { owner: 'a' } });
      return String(answer.data?.success);
    },
    update: async () => {
      const body = { metadata: { owner: 'a' } };
      const answer = await updateFile({ ...file('docs/a b.txt'), body });
      return String(answer.data?.metadata?.['owner']);
    },
    remove_batch: async () => {
      const answer = await deleteRoot({
        body: { resource: [{ path: 'docs/b.txt' }, { path: 'new/', type: 'folder' }] },
      });
      return answer.data
        ? answer.data.resource.map(({ path }) => path).join(' ')
        : unexpected(answer);
    },
    remove_folder: async () => {
      const answer = await deleteFolder({ ...folder('docs/made'), query: { force: true } });
      return answer.data && 'path' in answer.data ? answer.data.path : unexpected(answer);
    },
    remove: async () => {
      const answer = await deleteFile(file('docs/a b.txt'));
      return answer.data?.path ?? unexpected(answer);
    },
  };
};

const listed = (data: unknown): string => {
  const { resource } = data as { readonly resource?: readonly { name: string }[] };
  return resource ? namesOf(resource) : unexpected(data);
};

// It types the JSON of a path with several media types; what arrives is what was asked for.
const archive = (data: unknown): Promise<string> | string =>
  data instanceof Blob ? startOf(data) : unexpected(data);

// JSON of a file's path may be what the file holds: whoever asks knows what was asked.
const content = (data: unknown, name: string): string => {
  const value = (data as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' ? value : unexpected(data);
};

export const refused = (): void => {
  // @ts-expect-error A file without its content.
  void replaceFolder({ ...folder('docs'), body: { resource: [{ type: 'file', name: 'a' }] } });
  // @ts-expect-error An order that there is not.
  void getRoot({ query: { sort: 'colour' } });
  // @ts-expect-error A change without a body.
  void updateFile(file('a'));
};
