// What the tests of tus-node-server (packages/server/src/test and packages/utils/src/test) ask of a server, asked of ours,
// in our own words. Where ours answers otherwise the row says why.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bypass, type Bypass } from '../../support/fixture.ts';
import { startService, type RunningService } from '../../support/service.ts';
import { doubleStore } from '../../support/stores.ts';
import { beginTus, postTus, tusUpload } from '../../support/tus.ts';

let store: Awaited<ReturnType<typeof doubleStore>>;
let around: Bypass;
let service: RunningService;
const told: string[] = [];

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
  service = await startService(store, {
    resumable: true,
    maxUploadBytes: 1000,
    onUploaded: ({ path }) => void told.push(path),
  });
});
afterAll(async () => {
  await service.close();
  around.close();
  await store.close();
});

const length = (value: string) => ({ 'Upload-Length': value });
const post = async (headers: Record<string, string>, path = '/new.bin?check_exist=false') =>
  (await postTus(service, path, headers)).status;

describe('HeaderValidator', () => {
  it.each(['1', '0', '1000'])('takes Upload-Length: %s', async (value) => {
    expect(await post(length(value))).toBe(201);
  });
  it.each(['-1', 'hello', '0100', '0asd100', '1asd100', '1.3', '-0', '+0', 'NaN', '+Infinity'])(
    'refuses Upload-Length: %s',
    async (value) => {
      expect(await post(length(value))).toBe(400);
    },
  );
  it.each(['-4', 'hello', '0100', '0asd100', '1asd100'])(
    'refuses Upload-Offset: %s',
    async (value) => {
      const upload = await beginTus(service, '/offset.bin', length('4'));
      expect((await upload.patch(0, Buffer.from('x'), { 'Upload-Offset': value })).status).toBe(
        400,
      );
    },
  );
  it('takes Upload-Defer-Length: 1', async () => {
    const headers = { 'Upload-Defer-Length': '1' };
    const upload = await beginTus(service, '/deferred.bin', headers);
    expect((await upload.remove()).status).toBe(204);
  });
  it.each(['0', '1234', '-1', '+1', 'hello'])('refuses Upload-Defer-Length: %s', async (value) => {
    expect(await post({ 'Upload-Defer-Length': value })).toBe(400);
  });
  // A concatenation is not announced, so that every kind of it is refused: 400 where theirs says 501.
  it.each(['partial', 'final;/files/a /files/b', 'PARTIAL', 'invalid-value'])(
    'refuses Upload-Concat: %s',
    async (value) => {
      expect(await post({ ...length('1'), 'Upload-Concat': value })).toBe(400);
    },
  );
  it.each(['0.0.0', '0.1.0', '2.0.0'])('refuses Tus-Resumable: %s', async (value) => {
    expect(await post({ ...length('1'), 'Tus-Resumable': value })).toBe(412);
  });
});

describe('Upload-Metadata', () => {
  const FILENAME = 'filename dGVzdC5tcDQ=';
  it.each([
    'file/name dGVzdC5tcDQ=,size OTYwMjQ0,type! dmlkZW8vbXA0,video,withWhitespace',
    'is_confidential',
    'video ',
    FILENAME,
  ])('takes %s', async (value) => {
    const metadata = { 'Upload-Metadata': value };
    const upload = await beginTus(service, '/meta.bin?check_exist=false', {
      ...length('1'),
      ...metadata,
    });
    // Node trims values.
    expect((await upload.head()).headers['upload-metadata']).toBe(value.trim());
  });
  it.each([
    ['a key twice', `${FILENAME}, filename cGFja2FnZS5qc29u`],
    ['a key twice, once without a value', 'video ,video dHJ1ZQ=='],
    ['a key twice, both without', 'size,size '],
    ['too many spaces', 'too-many   spaces'],
    ['a key with a space', 'test, te st '],
    ['a key that is none', 'test,,test'],
    ['a key that is no ASCII', '\u00e4 ZW1vamk='],
    ['Base64 without its end', 'key ZW1vamk'],
    ['no Base64', 'key invalid-base64=='],
    ['Base64 with spaces', 'key =ZW1vamk'],
  ])('refuses %s', async (_, value) => {
    expect(await post({ ...length('1'), 'Upload-Metadata': value })).toBe(400);
  });
  // Theirs refuses an empty header, which says nothing of the file.
  it('takes an empty one for none', async () => {
    expect(await post({ ...length('1'), 'Upload-Metadata': '' })).toBe(201);
  });
});

describe('handlers', () => {
  it('POST ignores a Content-Type that is not that of a piece', async () => {
    const headers = { ...length('10'), 'Content-Type': 'application/false' };
    expect(await post(headers)).toBe(201);
  });
  it('POST tells of an empty file, and of one that comes with it', async () => {
    told.length = 0;
    expect(await post(length('0'), '/empty.bin')).toBe(201);
    await beginTus(service, '/with.bin', length('4'), Buffer.from('four'));
    expect(told).toEqual(['empty.bin', 'with.bin']);
  });
  it('POST refuses more than the largest file, and PATCH what is said later, or comes', async () => {
    expect(await post(length('1001'))).toBe(413);
    const later = await beginTus(service, '/later.bin', { 'Upload-Defer-Length': '1' });
    expect((await later.patch(0, Buffer.from('x'), length('1001'))).status).toBe(413);
    expect((await later.patch(0, Buffer.alloc(1001))).status).toBe(413);
    const chunked = { 'Transfer-Encoding': 'chunked' };
    expect((await later.patch(0, Buffer.alloc(1001), chunked)).status).toBe(413);
    expect(await later.offset()).toBe(0);
    await later.remove();
  });
  // Theirs says 403 to a PATCH without offset or type; the protocol asks for 415 of the type.
  it('PATCH refuses to be without its offset or its type', async () => {
    const { url } = await beginTus(service, '/without.bin', length('4'));
    const ask = async (headers: Record<string, string>) => {
      const path = url.slice(service.mount.length);
      const all = { 'Tus-Resumable': '1.0.0', ...headers };
      return (await service.ask({ method: 'PATCH', path, headers: all, body: 'x' })).status;
    };
    expect(await ask({ 'Content-Type': 'application/offset+octet-stream' })).toBe(400);
    expect(await ask({ 'Upload-Offset': '0' })).toBe(415);
  });
  // Theirs refuses a length that is said twice; the same one says nothing new.
  it('PATCH declares the length once, and takes the same again', async () => {
    const upload = await beginTus(service, '/declared.bin', { 'Upload-Defer-Length': '1' });
    const first = await upload.patch(0, Buffer.from('a'), length('3'));
    const same = await upload.patch(1, Buffer.from('b'), length('3'));
    const other = await upload.patch(2, Buffer.from('c'), length('4'));
    expect([first, same, other].map(({ status }) => status)).toEqual([204, 204, 400]);
    expect((await upload.head()).headers['upload-length']).toBe('3');
    await upload.remove();
  });
  it('DELETE leaves a file alone that is finished', async () => {
    const upload = await beginTus(service, '/finished.bin', length('4'), Buffer.from('four'));
    expect((await upload.remove()).status).toBe(404);
    expect((await around.bytes('finished.bin'))?.toString()).toBe('four');
  });
  it.each(['..%2f..%2fetc', '%2e%2e/x', '..', 'a%00b', ''])('knows no upload %s', async (id) => {
    const upload = tusUpload(service, `${service.mount}/_uploads/${id}`);
    for (const answer of [await upload.head(), await upload.remove()])
      expect([400, 404, 405]).toContain(answer.status);
  });
});
