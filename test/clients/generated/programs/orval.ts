// Orval: a function an operation, over a function of ours that sends.
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
} from './made/orval';
import { sendTo } from './send';
import { namesOf, startOf, tokenOf, unexpected, type MakeSteps } from './steps';

export const makeSteps: MakeSteps = (root, imported) => {
  sendTo(root);
  const hello = new Blob(['hello']);
  let token = '';
  return {
    describe: async () => String((await getSpec())['openapi']),
    write: async () => {
      const answer = await replaceFile('docs/a b.txt', hello);
      return 'path' in answer ? answer.path : unexpected(answer);
    },
    write_named: async () => {
      const headers = { 'x-file-name': 'named.txt' };
      const answer = await createFolder('docs', hello, undefined, headers);
      return 'path' in answer ? answer.path : unexpected(answer);
    },
    make_folder: async () => {
      const answer = await createFolder('new');
      return 'path' in answer ? answer.path : unexpected(answer);
    },
    make_folder_named: async () => {
      const headers = { 'x-folder-name': 'made' };
      const answer = await createFolder('docs', undefined, undefined, headers);
      return 'path' in answer ? answer.path : unexpected(answer);
    },
    write_form: async () => {
      const answer = await createFolder('docs', formOf('files', hello));
      return 'resource' in answer ? namesOf(answer.resource) : unexpected(answer);
    },
    write_form_file: async () => {
      const answer = await replaceFile('docs/f.txt', formOf('file', hello));
      return 'path' in answer ? answer.path : unexpected(answer);
    },
    write_batch: async () => {
      const answer = await createFolder('docs', {
        resource: [
          { type: 'folder', name: 'batch' },
          { type: 'file', name: 'b.txt', content: 'aGVsbG8=', is_base64: true },
          { type: 'file', source_path: 'docs/named.txt', name: 'moved.txt', delete_source: true },
        ],
      });
      return 'resource' in answer ? namesOf(answer.resource) : unexpected(answer);
    },
    import: async () => {
      const query = { url: imported, filename: 'imported.txt' };
      const answer = await createFolder('docs', undefined, query);
      return 'path' in answer ? answer.path : unexpected(answer);
    },
    sign_write: async () => {
      const answer = await createFile('docs/linked.txt', undefined, { url: true, expires: 60 });
      if (!('method' in answer)) return unexpected(answer);
      token = tokenOf(answer.url);
      return answer.method;
    },
    upload_link: async () => {
      const answer = await replaceUpload(token, hello);
      return answer && 'path' in answer ? answer.path : unexpected(answer);
    },
    share: async () => {
      const answer = await createFile('docs/a b.txt', undefined, { share: true });
      if (!('id' in answer)) return unexpected(answer);
      token = tokenOf(answer.url);
      return 'shared';
    },
    open_link: async () => {
      const answer: unknown = await getLink(token);
      return answer instanceof Blob ? answer.text() : unexpected(answer);
    },
    list: async () => listed(await getFolder('docs', { include_folders: false, sort: 'name' })),
    search: async () => {
      const query = { search: 'LINK', full_tree: true, wrap: false };
      return listed({ resource: await getRoot(query) });
    },
    list_access: async () => listed(await getRoot({ as_access_list: true })),
    read_folder_properties: async () => {
      const answer = await getFolder('docs', { include_properties: true, rights: true });
      return 'resource' in answer && 'path' in answer.resource
        ? answer.resource.path
        : unexpected(answer);
    },
    read_properties: async () => {
      const query = { include_properties: true, content: true };
      return content(await getFile('docs/a b.txt', query), 'content');
    },
    read: async () => {
      const answer = await getFile('docs/a b.txt');
      return answer instanceof Blob ? answer.text() : unexpected(answer);
    },
    sign_read: async () => {
      const answer = await getFile('docs/a b.txt', { url: true });
      return new URL(content(answer, 'url')).searchParams.get('X-Amz-Expires') ?? '';
    },
    zip: async () => {
      const answer = await getFolder('docs', { zip: true });
      return answer instanceof Blob ? startOf(answer) : unexpected(answer);
    },
    zip_selection: async () => {
      const body = { resource: [{ name: 'a b.txt' }, { path: 'docs/batch/' }] };
      const answer = await createFolder('docs', body, { zip: true });
      return answer instanceof Blob ? startOf(answer) : unexpected(answer);
    },
    update_folder: async () => String((await updateFolder('docs/made', { owner: 'a' })).success),
    update: async () => {
      const answer = await updateFile('docs/a b.txt', { metadata: { owner: 'a' } });
      return String(answer.metadata?.['owner']);
    },
    remove_batch: async () => {
      const answer = await deleteRoot({
        resource: [{ path: 'docs/b.txt' }, { path: 'new/', type: 'folder' }],
      });
      return answer.resource.map(({ path }) => path).join(' ');
    },
    remove_folder: async () => {
      const answer = await deleteFolder('docs/made', undefined, { force: true });
      return 'path' in answer ? answer.path : unexpected(answer);
    },
    remove: async () => (await deleteFile('docs/a b.txt')).path,
  };
};

// It types a form as the object of its fields; what sends it takes a form.
const formOf = (field: string, file: Blob) => {
  const form = new FormData();
  form.append(field, file, 'form.txt');
  return form as unknown as { files: Blob[]; file: Blob };
};

const listed = (data: unknown): string => {
  const { resource } = data as { readonly resource?: readonly { name: string }[] };
  return resource ? namesOf(resource) : unexpected(data);
};

// JSON of a file's path may be what the file holds: whoever asks knows what was asked.
const content = (data: unknown, name: string): string => {
  const value = (data as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' ? value : unexpected(data);
};

export const refused = (): void => {
  // @ts-expect-error A file without its content.
  void replaceFolder('docs', { resource: [{ type: 'file', name: 'a' }] });
  // @ts-expect-error An order that there is not.
  void getRoot({ sort: 'colour' });
  // @ts-expect-error A change without a body.
  void updateFile('a');
};
