// Folder objects that hold bytes and attributes of other tools: what this service does to a folder keeps them.
import { expect, it } from 'vitest';
import { craftZip } from '../support/crafted-zip.ts';
import { formOf } from '../support/form.ts';
import { onEveryStore } from '../support/places.ts';
import type { Question } from '../support/service.ts';

const zip = craftZip([{ name: 'sub/' }, { name: 'sub/new.txt', data: 'new' }]);

onEveryStore(
  'folder objects with bytes',
  {
    config: { authorize: ({ verb }) => verb !== 'PUT' && verb !== 'DELETE' },
    fixture: { 'f2/sub/': { body: 'kept', contentType: 'text/x-folder' } },
  },
  (place) => {
    const folder = async () => [
      String(await place().around.bytes('f2/sub/')),
      (await place().around.look('f2/sub/')).content_type,
    ];

    it.each<[string, Question]>([
      ['a raw body', { path: '/f2/a.zip?extract=true', body: zip }],
      [
        'a named body',
        { path: '/f2/?extract=true', headers: { 'X-File-Name': 'a.zip' }, body: zip },
      ],
      [
        'a form',
        {
          path: '/f2/?extract=true',
          ...formOf([{ name: 'files', filename: 'a.zip', body: zip }]),
        },
      ],
    ])('an archive in %s does not replace a folder that it names', async (_, question) => {
      const answer = await place().ask({ method: 'POST', ...question });
      expect([answer.status, await folder()]).toEqual([201, ['kept', 'text/x-folder']]);
      expect(String(await place().around.bytes('f2/sub/new.txt'))).toBe('new');
    });

    it('PATCH keeps the bytes and the type of a folder', async () => {
      const answer = await place().ask({ method: 'PATCH', path: '/f2/sub/', body: '{"a":"1"}' });
      expect([answer.status, await folder()]).toEqual([200, ['kept', 'text/x-folder']]);
      expect((await place().around.look('f2/sub/')).metadata).toEqual({ a: '1' });
    });
  },
);
