// The previous file manager (jQuery), request by request; what it reads of each answer.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { craftZip } from '../support/crafted-zip.ts';
import { formOf } from '../support/form.ts';
import { PDF } from '../support/fixture.ts';
import { PUBLIC_ADDRESS, startPublicHost, type PublicHost } from '../support/public-host.ts';
import type { Question } from '../support/service.ts';
import { availableStores } from '../support/stores.ts';
import { installed } from '../support/programs.ts';
import { unzipSync } from '../support/unzip.ts';
import { API_KEY, entriesOf, messageOf, startOriginal, type Original } from './original.ts';

const FORM_TYPE = 'application/x-www-form-urlencoded; charset=UTF-8';
const ZIP = craftZip([
  { name: 'in/', data: '' },
  { name: 'in/side.txt', data: 'unpacked' },
]);

describe.each(availableStores())('the previous file manager on $name', ({ open }) => {
  let original: Original;
  let outside: PublicHost;
  const send = (question: Question) =>
    original.service.ask({
      ...question,
      headers: { 'X-DreamFactory-API-Key': API_KEY, ...question.headers },
    });
  const keys = async (below: string) =>
    (await original.around.keys()).filter((key) => key.startsWith(below));

  beforeAll(async () => {
    outside = await startPublicHost((req, res) => res.end(req.url === '/a.zip' ? ZIP : 'fetched'));
    original = await startOriginal(await open(), { importFromUrl: true });
  });
  beforeEach(() =>
    original.around.plant({ 'docs/a.txt': { body: 'a' }, 'docs/b.txt': { body: 'b' } }),
  );
  afterAll(async () => {
    await original.close();
    await outside.close();
  });

  it('lists a folder with all that its table shows', async () => {
    const { last_modified } = await original.around.look('images/logo.png');
    const [entry] = entriesOf(await send({ path: '/images/' }));
    expect(entry).toMatchObject({
      name: 'logo.png',
      path: 'images/logo.png',
      type: 'file',
      last_modified,
      content_length: 3,
      content_type: 'image/png',
    });
  });

  it('uploads a dropped file raw with extract=true, which only unpacks archives', async () => {
    const dropped = await send({
      method: 'POST',
      path: '/drop/?&extract=true',
      headers: { 'X-File-Name': 'my report (1).txt', 'Content-Type': 'text/plain' },
      body: 'dropped',
    });
    expect(dropped.status).toBe(201);
    const again = await send({
      method: 'POST',
      path: '/drop/?&extract=true',
      headers: { 'X-File-Name': 'my report (1).txt', 'Content-Type': 'text/plain' },
      body: 'overwritten',
    });
    expect(again.status).toBe(201);
    const zip = await send({
      method: 'POST',
      path: '/drop/?&extract=true',
      headers: { 'X-File-Name': 'a.zip', 'Content-Type': 'application/zip' },
      body: ZIP,
    });
    expect([zip.status, zip.json()]).toEqual([201, { name: 'drop', path: 'drop/' }]);
    expect(await keys('drop/')).toEqual(['drop/in/', 'drop/in/side.txt', 'drop/my report (1).txt']);
    expect(String(await original.around.bytes('drop/my report (1).txt'))).toBe('overwritten');
  });

  it('uploads forms with the credentials in the query, and unpacks after emptying', async () => {
    await original.around.plant({ 'form/old.txt': { body: 'old' } });
    const credentials = `api_key=${API_KEY}&session_token=`;
    const plain = await original.service.ask({
      method: 'POST',
      path: `/form/?${credentials}`,
      ...formOf([{ name: 'files', filename: 'x.txt', type: 'text/plain', body: 'x' }]),
    });
    expect(plain.status).toBe(201);
    const unpacked = await original.service.ask({
      method: 'POST',
      path: `/form/?${credentials}&extract=true&clean=true`,
      ...formOf([{ name: 'files', filename: 'a.zip', type: 'application/zip', body: ZIP }]),
    });
    expect(unpacked.status).toBe(201);
    expect(await keys('form/')).toEqual(['form/', 'form/in/', 'form/in/side.txt']);
  });

  it('imports from a URL, and unpacks what it finds there', async () => {
    const url = (path: string) => encodeURIComponent(`http://${PUBLIC_ADDRESS}${path}`);
    const file = await send({ method: 'POST', path: `/import/?&url=${url('/notes.txt')}` });
    expect(file.status).toBe(201);
    expect(String(await original.around.bytes('import/notes.txt'))).toBe('fetched');
    const zip = await send({
      method: 'POST',
      path: `/import/?&url=${url('/a.zip')}&extract=true&clean=true`,
    });
    expect(zip.status).toBe(201);
    expect(await keys('import/')).toEqual(['import/', 'import/in/', 'import/in/side.txt']);
  });

  it('makes a folder by header, and shows the message when it is there', async () => {
    const make = () =>
      send({ method: 'POST', path: '/docs/', headers: { 'X-Folder-Name': 'sub' } });
    expect((await make()).status).toBe(201);
    const again = await make();
    expect([again.status, messageOf(again)]).toEqual([
      400,
      "Bad Request: Folder 'docs/sub/' already exists.",
    ]);
  });

  it('deletes one row', async () => {
    const answer = await send({
      method: 'POST',
      path: '/docs/a.txt?force=true',
      headers: { 'X-HTTP-Method': 'DELETE', 'Content-Length': '0' },
    });
    expect(answer.status).toBe(200);
    expect(await original.around.bytes('docs/a.txt')).toBeUndefined();
  });

  it('E17 deletes only the chosen rows, although the list comes as a form', async () => {
    const answer = await send({
      method: 'POST',
      path: '/docs/?force=true',
      headers: { 'X-HTTP-Method': 'DELETE', 'Content-Type': FORM_TYPE },
      body: '{"resource":[{"path":"docs/a.txt","type":"file"}]}',
    });
    expect([answer.status, answer.json()]).toEqual([
      200,
      { resource: [{ name: null, path: 'docs/a.txt', type: 'file' }] },
    ]);
    expect(await original.around.bytes('docs/b.txt')).toEqual(Buffer.from('b'));
    expect(await original.around.bytes('docs/a.txt')).toBeUndefined();
  });

  it.runIf(installed('python3'))('downloads by links that carry the key', async () => {
    const file = await original.service.ask({
      path: `/uploads/report.pdf?api_key=${API_KEY}&session_token=x&download=true`,
    });
    expect(file.body.equals(PDF)).toBe(true);
    expect(file.headers['content-disposition']).toBe('attachment; filename="report.pdf"');
    expect(file.headers['referrer-policy']).toBe('no-referrer');
    const folder = await original.service.ask({ path: `/docs/?zip=true&api_key=${API_KEY}` });
    expect(unzipSync(folder.body)).toMatchObject({ 'b.txt': 'b' });
  });

  it('opens a text in its editor and saves it', async () => {
    const opened = await send({ path: '/docs/b.txt?method=GET' });
    expect([opened.status, opened.text]).toEqual([200, 'b']);
    const saved = await send({
      method: 'PUT',
      path: '/docs/b.txt',
      headers: { 'X-File-Name': 'b.txt', 'Content-Type': FORM_TYPE },
      body: 'a=1&b=2',
    });
    expect(saved.status).toBe(201);
    expect(String(await original.around.bytes('docs/b.txt'))).toBe('a=1&b=2');
  });

  it('shows an image by its URL', async () => {
    const image = await original.service.ask({ path: `/images/logo.png?api_key=${API_KEY}` });
    expect([image.headers['content-type'], image.text]).toEqual(['image/png', 'PNG']);
    expect(image.headers['content-disposition']).toBe('inline; filename="logo.png"');
  });

  it('leaves no key of the query in the audit', () => {
    expect(JSON.stringify(original.service.audit)).not.toContain(API_KEY);
  });
});
