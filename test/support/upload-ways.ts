// Every way that a file can come by one request, with the files that it brings.
import { craftZip } from './crafted-zip.ts';
import { formOf } from './form.ts';
import { PUBLIC_ADDRESS } from './public-host.ts';
import type { Question } from './service.ts';
import { uploadPath } from './upload-link.ts';

/** One way, and what comes by it. */
export interface UploadWay {
  readonly name: string;
  /** What `onUploaded` calls it. */
  readonly via: string;
  /** Asks anew each time: the token of a link lives for an hour. */
  readonly question: () => Question;
  /** The files that it brings, in order. */
  readonly paths: readonly string[];
}

/** What a host outside has to answer for imports: the content, and an archive of it under a name in `.zip`. */
export function hosted(content: Buffer, url: string | undefined): Buffer {
  return url?.endsWith('.zip') === true ? zipOf(content) : content;
}

/** All ways to the folder `in/`, for a service with `UPLOAD_SECRET`, `importFromUrl` and no container. */
export function uploadWays(content: Buffer, principal: { readonly id: string }): UploadWay[] {
  const one = ['in/a.txt'];
  const entries = ['in/one.txt', 'in/in/two.txt'];
  const zip = zipOf(content);
  const form = (...names: string[]) =>
    formOf(names.map((filename) => ({ name: 'files', filename, body: content })));
  const request = (name: string, question: Question): UploadWay => ({
    name,
    via: 'request',
    question: () => question,
    paths: one,
  });
  const way = (name: string, via: string, question: Question, paths = one): UploadWay => ({
    ...request(name, question),
    via,
    paths,
  });
  return [
    request('PUT', { method: 'PUT', path: '/in/a.txt', body: content }),
    request('POST', { method: 'POST', path: '/in/a.txt', body: content }),
    request('chunks', {
      method: 'PUT',
      path: '/in/a.txt',
      headers: { 'Transfer-Encoding': 'chunked' },
      body: content,
    }),
    request('X-File-Name', {
      method: 'POST',
      path: '/in/',
      headers: { 'X-File-Name': 'a.txt' },
      body: content,
    }),
    way(
      'a form into a folder',
      'form',
      { method: 'POST', path: '/in/', ...form('a.txt', 'b.txt') },
      ['in/a.txt', 'in/b.txt'],
    ),
    way('a form to a file', 'form', { method: 'POST', path: '/in/a.txt', ...form('x.txt') }),
    way('a JSON list', 'batch', {
      method: 'POST',
      path: '/in/',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        resource: [
          { type: 'file', name: 'a.txt', content: content.toString('base64'), is_base64: true },
        ],
      }),
    }),
    way(
      'an archive',
      'extract',
      { method: 'POST', path: '/in/a.zip?extract=true', body: zip },
      entries,
    ),
    way(
      'an archive in a form',
      'extract',
      {
        method: 'POST',
        path: '/in/?extract=true',
        ...formOf([{ name: 'files', filename: 'a.zip', body: zip }]),
      },
      entries,
    ),
    way('a URL', 'import', imported('a.txt')),
    way('an archive at a URL', 'extract', imported('a.zip', '&extract=true'), entries),
    {
      ...way('an upload link', 'link', { path: '' }),
      question: () => ({
        method: 'PUT',
        path: uploadPath('', { key: 'in/a.txt', principal }),
        body: content,
      }),
    },
  ];
}

function zipOf(content: Buffer): Buffer {
  return craftZip([
    { name: 'one.txt', data: content },
    { name: 'in/', data: '' },
    { name: 'in/two.txt', data: content },
  ]);
}

function imported(file: string, more = ''): Question {
  const url = encodeURIComponent(`http://${PUBLIC_ADDRESS}/${file}`);
  return { method: 'POST', path: `/in/?url=${url}${more}` };
}
