// Every way that a file can come by one request, with the files that it brings.
import { craftZip } from './crafted-zip.ts';
import { formOf } from './form.ts';
import { PUBLIC_ADDRESS } from './public-host.ts';
import { beginDraft } from './draft.ts';
import type { Answer, Question, RunningService } from './service.ts';
import { beginTus } from './tus.ts';
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

/** A way of several requests. */
export interface UploadSteps {
  readonly name: string;
  readonly via: string;
  /** Goes all of it; the answer to the last request. */
  readonly send: (service: RunningService) => Promise<Answer>;
  readonly paths: readonly string[];
}

const halvesOf = (content: Buffer): [Buffer, Buffer] => {
  const half = content.length >> 1;
  return [content.subarray(0, half), content.subarray(half)];
};

/** All ways of several requests to the file `in/a.txt`, for a service with `resumable` and `direct`. */
export function uploadSteps(content: Buffer): UploadSteps[] {
  const [first, second] = halvesOf(content);
  const length = { 'Upload-Length': String(content.length) };
  const way = (name: string, via: string, send: UploadSteps['send']): UploadSteps => ({
    name,
    via,
    send,
    paths: ['in/a.txt'],
  });
  const tus = async (service: RunningService, headers: Readonly<Record<string, string>>) => {
    const upload = await beginTus(service, '/in/a.txt', headers);
    await upload.patch(0, first);
    return upload.patch(first.length, second, length);
  };
  const draft = async (service: RunningService, headers: Readonly<Record<string, string>>) => {
    const upload = await beginDraft(service, '/in/a.txt', headers, first);
    return upload.append(first.length, second, true);
  };
  return [
    way('tus', 'tus', (service) => tus(service, length)),
    // Of an unknown length it is made by parts.
    way('tus, by parts', 'tus', (service) => tus(service, { 'Upload-Defer-Length': '1' })),
    way('Resumable Uploads for HTTP', 'http', (service) => draft(service, length)),
    way('Resumable Uploads for HTTP, by parts', 'http', (service) => draft(service, {})),
    way('parts straight to storage', 'direct', (service) => sendDirect(service, content)),
  ];
}

async function sendDirect(service: RunningService, content: Buffer): Promise<Answer> {
  const json = { 'Content-Type': 'application/json' };
  const body = JSON.stringify({ filename: 'in/a.txt', type: 'text/plain' });
  const path = '/_uploads/s3/multipart';
  const begun = await service.ask({ method: 'POST', path, headers: json, body });
  const { uploadId } = begun.json() as { uploadId: string };
  const at = (step: string): string => `${path}/${uploadId}${step}?key=in%2Fa.txt`;
  const { url } = (await service.ask({ path: at('/1') })).json() as { url: string };
  const to = new URL(url, `http://127.0.0.1:${service.port}`);
  const sent = await fetch(to, { method: 'PUT', body: new Uint8Array(content) });
  if (!sent.ok) throw new Error(`the part was answered with ${sent.status}`);
  const parts = [{ PartNumber: 1, ETag: sent.headers.get('etag') }];
  const end = { method: 'POST', path: at('/complete'), headers: json };
  return service.ask({ ...end, body: JSON.stringify({ parts }) });
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
