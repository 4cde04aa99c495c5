// One request of every operation, over the fixture of the cases, that succeeds when it is allowed.
import { craftZip } from './crafted-zip.ts';
import type { Question } from './service.ts';
import { linkPath } from './share-link.ts';
import { sessionPath, uploadPath } from './upload-link.ts';

/** The container of the service that the examples are for; its `uploadSecret` is that of `./upload-link.ts`. */
export const EXAMPLES_CONTAINER = 'tenant1/';

/** A request, the operation that answers it, and the answer's status. */
export interface Example {
  readonly name: string;
  readonly question: Question;
  readonly status: number;
}

const TUS = { 'Tus-Resumable': '1.0.0' };
const session = (key: string): string => sessionPath(EXAMPLES_CONTAINER, 'someone', { key });

const FORM =
  '--b\r\nContent-Disposition: form-data; name="files"; filename="form.txt"\r\n\r\nform\r\n--b--\r\n';
const form = { 'Content-Type': 'multipart/form-data; boundary=b' };
const json = (value: unknown): Pick<Question, 'headers' | 'body'> => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});

/** An upload whose parts went straight to storage, and that has been completed: a repetition is answered alike. */
export const COMPLETED = {
  key: 'uploads/completed.bin',
  metadata: { 's3files-write': 'nonce of uploads/completed.bin' },
} as const;

function direct(key: string, step = ''): string {
  const session = { key, way: 'direct', id: 'unknown' } as const;
  const token = sessionPath(EXAMPLES_CONTAINER, 'someone', session).replace('/_uploads/', '');
  return `/_uploads/s3/multipart/${token}${step}?key=${encodeURIComponent(key)}`;
}

/** The examples, each operation's once. */
export const EXAMPLES: readonly Example[] = [
  { name: 'describe', status: 200, question: { path: '/_spec' } },
  { name: 'list_access', status: 200, question: { path: '/?as_access_list=true' } },
  { name: 'zip', status: 200, question: { path: '/old-folder/?zip=true' } },
  {
    name: 'zip_selection',
    status: 200,
    question: {
      method: 'POST',
      path: '/old-folder/?zip=true',
      ...json({ resource: [{ name: 'a.txt' }, { path: 'old-folder/sub/' }] }),
    },
  },
  {
    name: 'read_folder_properties',
    status: 200,
    question: { path: '/images/?include_properties=true' },
  },
  {
    name: 'share',
    status: 201,
    question: { method: 'POST', path: '/document.pdf?share=true' },
  },
  { name: 'list_links', status: 200, question: { path: '/document.pdf?links=true' } },
  {
    name: 'open_link',
    status: 200,
    question: {
      path: linkPath(EXAMPLES_CONTAINER, { key: 'old-folder/', principal: { id: 'someone' } }),
    },
  },
  { name: 'revoke_link', status: 200, question: { method: 'DELETE', path: '/_links/known' } },
  { name: 'read_usage', status: 200, question: { path: '/?usage=true' } },
  { name: 'list_trash', status: 200, question: { path: '/old-folder/?trash=true' } },
  { name: 'list_versions', status: 200, question: { path: '/document.pdf?versions=true' } },
  {
    name: 'restore',
    status: 201,
    question: { method: 'POST', path: '/old-folder/?restore=true' },
  },
  {
    name: 'purge',
    status: 200,
    question: { method: 'DELETE', path: '/old-folder/?purge=true&force=true' },
  },
  { name: 'sign_read', status: 200, question: { path: '/document.pdf?url=true' } },
  { name: 'search', status: 200, question: { path: '/?search=doc&full_tree=true' } },
  { name: 'list', status: 200, question: { path: '/old-folder/?full_tree=true' } },
  {
    name: 'read_properties',
    status: 200,
    question: { path: '/uploads/report.pdf?include_properties=true&content=true' },
  },
  { name: 'read', status: 200, question: { path: '/uploads/report.pdf' } },
  {
    name: 'write_named',
    status: 201,
    question: {
      method: 'POST',
      path: '/uploads/',
      headers: { 'X-File-Name': 'deep/named.txt' },
      body: 'named',
    },
  },
  {
    name: 'make_folder_named',
    status: 201,
    question: { method: 'POST', path: '/uploads/', headers: { 'X-Folder-Name': 'made' } },
  },
  {
    name: 'sign_write',
    status: 200,
    question: { method: 'POST', path: '/uploads/signed.bin?url=true' },
  },
  {
    name: 'write_form',
    status: 201,
    question: { method: 'POST', path: '/uploads/', headers: form, body: FORM },
  },
  {
    name: 'write_batch',
    status: 201,
    question: {
      method: 'POST',
      path: '/uploads/',
      ...json({
        resource: [
          { type: 'folder', name: 'batch' },
          { type: 'file', name: 'b.txt', content: 'b' },
          { type: 'file', source_path: 'document.pdf', name: 'copy.pdf' },
          { type: 'folder', source_path: 'old-folder', name: 'moved', delete_source: true },
        ],
      }),
    },
  },
  { name: 'make_folder', status: 201, question: { method: 'POST', path: '/new/' } },
  {
    name: 'write_form_file',
    status: 201,
    question: { method: 'POST', path: '/uploads/f.txt', headers: form, body: FORM },
  },
  {
    name: 'write',
    status: 201,
    question: {
      method: 'PUT',
      path: '/uploads/a.zip?extract=true',
      headers: { 'Content-Type': 'application/zip' },
      body: craftZip([
        { name: 'one.txt', data: 'one' },
        { name: 'in/two.txt', data: 'two' },
      ]),
    },
  },
  {
    name: 'update_folder',
    status: 200,
    question: { method: 'PATCH', path: '/images/', ...json({ owner: 'a' }) },
  },
  {
    name: 'update',
    status: 200,
    question: { method: 'PATCH', path: '/document.pdf', ...json({ metadata: { owner: 'a' } }) },
  },
  {
    name: 'remove_batch',
    status: 200,
    question: {
      method: 'DELETE',
      path: '/old-folder/?force=true',
      ...json({
        resource: [{ path: 'document.pdf' }, { name: 'a.txt' }, { name: 'sub', type: 'folder' }],
      }),
    },
  },
  {
    name: 'remove_folder',
    status: 200,
    question: { method: 'DELETE', path: '/old-folder/?force=true' },
  },
  { name: 'remove', status: 200, question: { method: 'DELETE', path: '/document.pdf' } },
  {
    name: 'upload_link',
    status: 201,
    question: {
      method: 'PUT',
      path: uploadPath(EXAMPLES_CONTAINER, {
        key: 'uploads/linked.txt',
        principal: { id: 'someone' },
      }),
      body: 'linked',
    },
  },
  {
    name: 'begin_upload',
    status: 201,
    question: {
      method: 'POST',
      path: '/uploads/resumed.bin',
      headers: { ...TUS, 'Upload-Length': '20000000' },
    },
  },
  {
    name: 'read_upload',
    status: 200,
    question: { path: session('uploads/read.txt'), headers: TUS },
  },
  {
    name: 'append_upload',
    status: 204,
    question: {
      method: 'PATCH',
      path: session('uploads/appended.txt'),
      headers: {
        ...TUS,
        'Upload-Offset': '0',
        'Content-Type': 'application/offset+octet-stream',
      },
      body: 'added',
    },
  },
  {
    name: 'cancel_upload',
    status: 204,
    question: { method: 'DELETE', path: session('uploads/cancelled.txt'), headers: TUS },
  },
  {
    name: 'upload_link_form',
    status: 201,
    question: {
      method: 'POST',
      path: uploadPath(EXAMPLES_CONTAINER, {
        key: 'uploads/posted.txt',
        principal: { id: 'someone' },
      }),
      headers: form,
      body: FORM,
    },
  },
  {
    name: 'make_ticket',
    status: 200,
    question: { method: 'POST', path: '/uploads/?ticket=true' },
  },
  {
    name: 'begin_direct',
    status: 200,
    question: {
      method: 'POST',
      path: '/_uploads/s3/multipart',
      ...json({ filename: 'uploads/direct.bin' }),
    },
  },
  { name: 'direct_parts', status: 200, question: { path: direct('uploads/direct.bin', '/1') } },
  {
    name: 'complete_direct',
    status: 200,
    question: { method: 'POST', path: direct(COMPLETED.key, '/complete'), ...json({}) },
  },
  {
    name: 'cancel_direct',
    status: 200,
    question: { method: 'DELETE', path: direct('uploads/direct.bin') },
  },
  {
    name: 'direct_form',
    status: 200,
    question: { path: '/_uploads/s3/params?filename=uploads/small.txt&type=text/plain' },
  },
];
