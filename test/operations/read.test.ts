// What a download tells, and to whom: types, caches, and what is not there.
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect, it } from 'vitest';
import { onEveryStore } from '../support/places.ts';
import { client } from '../support/stores.ts';
import type { Question } from '../support/service.ts';

const LISTED = "a folder 'images/' does";
const MOVE = JSON.stringify({
  resource: [{ type: 'file', name: 'n', source_path: 'images', delete_source: true }],
});

onEveryStore(
  'a file that is not there, where a folder of its name is',
  {
    config: {
      authorize: ({ action, path }, { headers }) =>
        headers['x-lists'] !== undefined || action !== 'list' || path === '',
    },
  },
  (place) => {
    it.each<[string, Question]>([
      ['read', { path: '/images' }],
      ['read in several ranges', { path: '/images', headers: { range: 'bytes=0-1,3-4' } }],
      ['described', { path: '/images?include_properties=true' }],
      ['described with its content', { path: '/images?include_properties=true&content=true' }],
      ['signed', { path: '/images?url=true' }],
      ['changed', { method: 'PATCH', path: '/images', body: '{"metadata":{}}' }],
      ['removed', { method: 'DELETE', path: '/images' }],
      ['moved', { method: 'POST', path: '/', body: MOVE }],
    ])('is named when it is %s, to those who may list it', async (_, question) => {
      const silent = await place().ask(question);
      const told = await place().ask({
        ...question,
        headers: { ...question.headers, 'x-lists': '1' },
      });
      expect(silent.status).toBe(told.status);
      expect(silent.text).toContain("File 'images' does not exist in storage.");
      expect(silent.text).not.toContain('folder');
      expect(told.text).toContain(LISTED);
    });
  },
);

onEveryStore('a file that was stored without a type', {}, (place) => {
  it.each([
    ['pic.png', 'image/png', 'image/png'],
    ['notes.txt', 'text/plain', 'text/plain; charset=utf-8'],
    ['data', 'application/octet-stream', 'application/octet-stream'],
  ])('is one thing in listing and download: %s', async (name, listed, served) => {
    const { store } = place();
    const s3 = client(store);
    // The SDK itself would name a type.
    const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket: store.bucket, Key: name }));
    expect((await fetch(url, { method: 'PUT', body: Buffer.from('x') })).status).toBe(200);
    s3.destroy();
    const { json } = await place().ask({ path: `/?search=${name}` });
    const [entry] = (json() as { resource: { content_type: string }[] }).resource;
    const answer = await place().ask({ path: `/${name}` });
    const properties = await place().ask({ path: `/${name}?include_properties=true` });
    expect(entry?.content_type).toBe(listed);
    expect(answer.headers['content-type']).toBe(served);
    expect((properties.json() as { content_type: string }).content_type).toBe(served);
  });
});

onEveryStore(
  'a file whose stored Cache-Control is public',
  {
    config: {
      authenticate: ({ headers }) => (headers['x-user'] === undefined ? null : { id: 'alice' }),
    },
  },
  (place) => {
    const cacheControlOf = async (headers: Record<string, string>, path = '/document.pdf') => {
      const changed = await place().ask({
        method: 'PATCH',
        path: '/document.pdf',
        body: '{"cache_control":"public, max-age=60"}',
      });
      expect(changed.status).toBe(200);
      const answer = await place().ask({ path, headers });
      return [answer.status, answer.headers['cache-control']];
    };

    it('is for shared caches when its caller has no credentials', async () => {
      expect(await cacheControlOf({})).toEqual([200, 'public, max-age=60, no-transform']);
    });

    it.each<[string, Record<string, string>]>([
      ['somebody who is known', { 'x-user': 'alice' }],
      ['a cookie', { Cookie: 'session=1' }],
      ['a key', { 'X-API-Key': 'k' }],
      ['a session of the original server', { 'X-DreamFactory-Session-Token': 't' }],
      ['basic credentials', { Authorization: 'Basic eDp5' }],
    ])('is for one caller when it is asked by %s', async (_, headers) => {
      const expected = 'private, max-age=60, no-transform';
      expect(await cacheControlOf(headers)).toEqual([200, expected]);
      expect(await cacheControlOf({ ...headers, Range: 'bytes=0-4' })).toEqual([206, expected]);
    });

    it('names in Vary every header that can tell callers apart', async () => {
      const { headers } = await place().ask({ path: '/document.pdf' });
      expect(headers['vary']).toBe(
        'Authorization, Cookie, X-API-Key, X-DreamFactory-API-Key, X-DreamFactory-Session-Token',
      );
    });
  },
);
