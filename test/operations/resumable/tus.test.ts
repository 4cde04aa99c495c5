// tus 1.0 (https://tus.io/protocols/resumable-upload), sentence by sentence: the core and each extension that is announced.
import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bypass, type Bypass } from '../../support/fixture.ts';
import { startService, type RunningService } from '../../support/service.ts';
import { doubleStore } from '../../support/stores.ts';
import { beginTus, metadataOf, postTus, tusUpload } from '../../support/tus.ts';
import { until } from '../../support/until.ts';

const PART = 5 * 2 ** 20;
let store: Awaited<ReturnType<typeof doubleStore>>;
let around: Bypass;
let service: RunningService;

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
  service = await startService(store, { resumable: true, partSize: PART, container: 'home' });
});
afterAll(async () => {
  await service.close();
  around.close();
  await store.close();
});
// Nothing is left of any upload, whatever became of it.
afterEach(async () => {
  await until(() => store.double.uploads(store.bucket).length === 0, { what: 'no open upload' });
  expect((await around.keys()).filter((key) => key.startsWith('home/.s3files/tails'))).toEqual([]);
});

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
/** The digest of what is stored under a key. */
const stored = async (key: string): Promise<string> =>
  digestOf((await around.bytes(`home/${key}`)) ?? Buffer.from('nothing'));
const length = (bytes: number) => ({ 'Upload-Length': String(bytes) });
const reasonOf = (text: string): string =>
  (JSON.parse(text) as { error: { reason: string } }).error.reason;

describe('the core protocol', () => {
  it('uploads in pieces that fit no part, and answers each with the offset', async () => {
    const bytes = randomBytes(2 * PART + 12_345);
    const upload = await beginTus(service, '/film.bin', length(bytes.length));
    let offset = 0;
    for (const size of [100, PART, 3_000_000, bytes.length]) {
      const end = Math.min(offset + size, bytes.length);
      const answer = await upload.patch(offset, bytes.subarray(offset, end));
      expect([answer.status, answer.headers['upload-offset']]).toEqual([204, String(end)]);
      expect(answer.headers['tus-resumable']).toBe('1.0.0');
      if (end < bytes.length) expect(await upload.offset()).toBe(end);
      offset = end;
    }
    expect(await stored('film.bin')).toBe(digestOf(bytes));
  });

  // "The Server MUST always include the Upload-Offset header in the response for a HEAD request"; "If the size of the
  // upload is known, the Server MUST include the Upload-Length header"; "MUST prevent the client from caching".
  it('answers HEAD with offset and length, and has it cached by nobody', async () => {
    const upload = await beginTus(service, '/small.txt', length(10));
    await upload.patch(0, Buffer.from('four'));
    const { status, headers } = await upload.head();
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'upload-offset': '4',
      'upload-length': '10',
      'cache-control': 'no-store',
      'tus-resumable': '1.0.0',
      'referrer-policy': 'no-referrer',
    });
    await upload.patch(4, Buffer.from('teen x'));
    expect((await around.bytes('home/small.txt'))?.toString()).toBe('fourteen x');
  });

  it('tells of a finished upload that it is whole, and replays its last answer', async () => {
    const upload = await beginTus(service, '/done.txt', length(4));
    const last = await upload.patch(0, Buffer.from('done'));
    expect([last.status, last.headers['upload-offset']]).toEqual([204, '4']);
    expect(await upload.offset()).toBe(4);
    const again = await upload.patch(4, Buffer.alloc(0));
    expect([again.status, again.headers['etag']]).toEqual([204, last.headers['etag']]);
    const repeated = await upload.patch(0, Buffer.from('done'));
    expect(repeated.status).toBe(204);
  });

  // "If the offsets do not match, the Server MUST respond with the 409 Conflict status without modifying the upload".
  it.each([1, 9, PART, 3 * PART])('refuses the offset %d when it has another', async (offset) => {
    const upload = await beginTus(service, `/offset-${offset}.bin`, length(4 * PART));
    await upload.patch(0, Buffer.from('four'));
    const answer = await upload.patch(offset, Buffer.from('x'));
    expect([answer.status, reasonOf(answer.text), answer.headers['upload-offset']]).toEqual([
      409,
      'offset_mismatch',
      '4',
    ]);
    expect(await upload.offset()).toBe(4);
    expect((await upload.remove()).status).toBe(204);
  });

  // "MUST use Content-Type: application/offset+octet-stream, otherwise the server SHOULD return a 415".
  it('refuses a piece of another type', async () => {
    const upload = await beginTus(service, '/type.txt', length(4));
    const answer = await upload.patch(0, Buffer.from('four'), { 'Content-Type': 'text/plain' });
    expect([answer.status, answer.headers['accept-patch']]).toEqual([
      415,
      'application/offset+octet-stream',
    ]);
    expect(await upload.offset()).toBe(0);
  });

  // "If the version specified by the Client is not supported by the Server, it MUST respond with the 412 … MUST include
  // the Tus-Version header … MUST NOT process the request".
  it('refuses another version', async () => {
    const answer = await postTus(service, '/v.txt', { ...length(4), 'Tus-Resumable': '0.2.2' });
    expect([answer.status, answer.headers['tus-version']]).toEqual([412, '1.0.0']);
  });

  it('describes itself to OPTIONS', async () => {
    const { status, headers } = await service.ask({ method: 'OPTIONS', path: '/' });
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'tus-resumable': '1.0.0',
      'tus-version': '1.0.0',
      'tus-extension':
        'creation,creation-with-upload,creation-defer-length,expiration,termination,checksum',
      'tus-max-size': String(5 * 2 ** 30),
      'tus-checksum-algorithm': 'sha256,sha1,md5,crc32',
    });
  });

  it('takes a PATCH by POST where a network allows no other method', async () => {
    const upload = await beginTus(service, '/override.txt', length(4));
    const answer = await service.ask({
      method: 'POST',
      path: upload.url.slice(service.mount.length),
      headers: {
        'Tus-Resumable': '1.0.0',
        'X-HTTP-Method-Override': 'PATCH',
        'Upload-Offset': '0',
        'Content-Type': 'application/offset+octet-stream',
      },
      body: 'four',
    });
    expect(answer.status).toBe(204);
    expect((await around.bytes('home/override.txt'))?.toString()).toBe('four');
  });

  // "If the X-HTTP-Method-Override header is present … it MUST be interpreted as the request's method by the Server. The
  // actual method of the request MUST be ignored."
  it('takes a DELETE by POST too, and no other method than it knows', async () => {
    const upload = await beginTus(service, '/override-gone.bin', length(3 * PART));
    const as = (method: string) =>
      service.ask({
        method: 'POST',
        path: upload.url.slice(service.mount.length),
        headers: { 'Tus-Resumable': '1.0.0', 'X-HTTP-Method-Override': method },
      });
    expect((await as('OTHER')).status).toBe(405);
    expect((await as('delete')).status).toBe(204);
    expect((await upload.head()).status).toBe(404);
  });

  // "The Tus-Resumable header MUST be included in every request and response except for OPTIONS requests."
  it('says its version in every answer, and ignores that of an OPTIONS', async () => {
    const upload = await beginTus(service, '/versions.txt', length(4));
    const answers = [
      upload.answer,
      await upload.head(),
      await upload.patch(3, Buffer.from('x')),
      await upload.patch(0, Buffer.from('x'), { 'Content-Type': 'text/plain' }),
      await upload.patch(0, Buffer.from('x'), { 'Tus-Resumable': '0.1' }),
      await upload.patch(0, Buffer.from('four')),
      await postTus(service, '/versions.txt', {}),
      await tusUpload(service, `${upload.url}x`).head(),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 409, 415, 412, 204, 400, 404]);
    for (const { headers } of answers) expect(headers['tus-resumable']).toBe('1.0.0');
    // "The Client SHOULD NOT include the Tus-Resumable header in the request and the Server MUST ignore the header."
    const headers = { 'Tus-Resumable': '0.0.1' };
    const options = await service.ask({ method: 'OPTIONS', path: '/', headers });
    expect([options.status, options.headers['tus-version']]).toEqual([204, '1.0.0']);
  });

  // "If the resource is not found, the Server SHOULD return either the 404 Not Found, 410 Gone or 403 Forbidden status
  // without the Upload-Offset header"; of a PATCH: "the Server SHOULD return a 404".
  it('knows no upload that never was', async () => {
    const { url } = await beginTus(service, '/never.txt', length(4));
    const never = tusUpload(service, url.replace(/.{6}$/, 'AAAAAA'));
    for (const answer of [await never.head(), await never.patch(0, Buffer.from('x'))])
      expect([answer.status, answer.headers['upload-offset']]).toEqual([404, undefined]);
  });

  it('keeps what has come when the connection breaks, to the last byte that it read', async () => {
    const bytes = randomBytes(3 * PART);
    const upload = await beginTus(service, '/cut.bin', length(bytes.length));
    let offset = 0;
    for (const sent of [70_000, PART + 200_000, 1, 4_000_000]) {
      await upload.cut(offset, bytes.subarray(offset), sent);
      const before = offset;
      await until(async () => (offset = await upload.offset()) > before, { what: 'progress' });
      expect(offset).toBeLessThanOrEqual(before + sent);
    }
    expect((await upload.patch(offset, bytes.subarray(offset))).status).toBe(204);
    expect(await stored('cut.bin')).toBe(digestOf(bytes));
  });
});

describe('creation', () => {
  it('names the file of a folder by its metadata, and its type', async () => {
    const metadata = metadataOf({ filename: 'naïve name.svg', filetype: 'image/svg+xml', x: 'y' });
    const upload = await beginTus(service, '/docs/', {
      ...length(5),
      'Upload-Metadata': metadata,
      'X-Meta-Owner': 'alice',
    });
    expect((await upload.head()).headers['upload-metadata']).toBe(metadata);
    await upload.patch(0, Buffer.from('<svg>'));
    expect(await around.look('home/docs/naïve name.svg')).toMatchObject({
      content_type: 'image/svg+xml',
      metadata: { owner: 'alice' },
    });
  });

  it('follows the path that Uppy gives for a file in a folder', async () => {
    const relativePath = 'photos/2026/a.png';
    const headers = {
      ...length(0),
      'Upload-Metadata': metadataOf({ name: 'a.png', relativePath }),
    };
    expect((await postTus(service, '/in/', headers)).status).toBe(201);
    expect((await around.bytes('home/in/photos/2026/a.png'))?.length).toBe(0);
  });

  it('makes an empty file at once', async () => {
    const answer = await postTus(service, '/empty.txt', length(0));
    expect([answer.status, answer.headers['upload-offset']]).toEqual([201, '0']);
    expect((await around.bytes('home/empty.txt'))?.length).toBe(0);
  });

  it.each<[string, Record<string, string>, number, string]>([
    ['no length', {}, 400, 'invalid_header'],
    ['a length that is no number', { 'Upload-Length': 'ten' }, 400, 'invalid_header'],
    ['a negative length', { 'Upload-Length': '-1' }, 400, 'invalid_header'],
    ['both', { ...length(1), 'Upload-Defer-Length': '1' }, 400, 'invalid_header'],
    ['a deferred length that is not 1', { 'Upload-Defer-Length': '2' }, 400, 'invalid_header'],
    ['a length above the limit', length(6 * 2 ** 30), 413, 'too_large'],
    [
      'metadata that is no Base64',
      { ...length(1), 'Upload-Metadata': 'a !' },
      400,
      'invalid_header',
    ],
    [
      'a key given twice',
      { ...length(1), 'Upload-Metadata': 'a YQ==,a YQ==' },
      400,
      'invalid_header',
    ],
    [
      'more than a kilobyte of metadata',
      { ...length(1), 'Upload-Metadata': metadataOf({ a: 'x'.repeat(1000) }) },
      413,
      'too_large',
    ],
    [
      'a part of a concatenation',
      { ...length(1), 'Upload-Concat': 'partial' },
      400,
      'invalid_header',
    ],
  ])('refuses %s', async (_, headers, status, reason) => {
    const answer = await postTus(service, '/refused.bin', headers);
    expect([answer.status, reasonOf(answer.text)]).toEqual([status, reason]);
  });

  it('refuses a folder without a name, and a name that is none', async () => {
    const nameless = await postTus(service, '/docs/', length(1));
    expect([nameless.status, reasonOf(nameless.text)]).toEqual([400, 'invalid_header']);
    const metadata = metadataOf({ filename: '../x' });
    const outside = await postTus(service, '/docs/', { ...length(1), 'Upload-Metadata': metadata });
    expect([outside.status, reasonOf(outside.text)]).toEqual([400, 'invalid_path']);
  });

  it('refuses a file that is there: before a large one is sent, a small one at its end', async () => {
    await around.plant({ 'home/there.bin': { body: 'there' } });
    const large = await postTus(service, '/there.bin', length(3 * PART));
    expect([large.status, reasonOf(large.text)]).toEqual([409, 'already_exists']);
    const small = await beginTus(service, '/there.bin', length(4));
    const answer = await small.patch(0, Buffer.from('late'));
    expect([answer.status, reasonOf(answer.text)]).toEqual([409, 'already_exists']);
    expect((await around.bytes('home/there.bin'))?.toString()).toBe('there');
    const replacing = await beginTus(service, '/there.bin?check_exist=false', length(4));
    expect((await replacing.patch(0, Buffer.from('late'))).status).toBe(204);
    expect((await around.bytes('home/there.bin'))?.toString()).toBe('late');
  });

  it('takes the first bytes with it', async () => {
    const bytes = randomBytes(PART + 500);
    const first = bytes.subarray(0, 300);
    const upload = await beginTus(service, '/with.bin', length(bytes.length), first);
    expect(upload.answer.headers['upload-offset']).toBe('300');
    await upload.patch(300, bytes.subarray(300));
    expect(await stored('with.bin')).toBe(digestOf(bytes));
    const whole = await beginTus(service, '/whole.txt', length(5), Buffer.from('whole'));
    expect(whole.answer.headers['upload-offset']).toBe('5');
    expect((await around.bytes('home/whole.txt'))?.toString()).toBe('whole');
  });

  it('takes the length later, and holds the client to it', async () => {
    const bytes = randomBytes(PART + 7);
    const upload = await beginTus(service, '/later.bin', { 'Upload-Defer-Length': '1' });
    await upload.patch(0, bytes.subarray(0, 1000));
    const before = await upload.head();
    expect([before.headers['upload-length'], before.headers['upload-defer-length']]).toEqual([
      undefined,
      '1',
    ]);
    await upload.patch(1000, bytes.subarray(1000, 2000), length(bytes.length));
    const after = await upload.head();
    expect([after.headers['upload-length'], after.headers['upload-offset']]).toEqual([
      String(bytes.length),
      '2000',
    ]);
    const other = await upload.patch(2000, bytes.subarray(2000), length(bytes.length + 1));
    expect([other.status, reasonOf(other.text)]).toEqual([400, 'length_mismatch']);
    expect((await upload.patch(2000, bytes.subarray(2000))).status).toBe(204);
    expect(await stored('later.bin')).toBe(digestOf(bytes));
  });
});

describe('checksum', () => {
  const sum = (algorithm: string, bytes: Uint8Array): string => {
    if (algorithm !== 'crc32') return createHash(algorithm).update(bytes).digest('base64');
    const value = Buffer.alloc(4);
    value.writeUInt32BE(crc32(bytes));
    return value.toString('base64');
  };

  it.each(['sha256', 'sha1', 'md5', 'crc32'])(
    'takes bytes that have their %s',
    async (algorithm) => {
      const bytes = Buffer.from('checked');
      const upload = await beginTus(service, `/${algorithm}.txt`, length(bytes.length));
      const wrong = { 'Upload-Checksum': `${algorithm} ${sum(algorithm, Buffer.from('other'))}` };
      const refused = await upload.patch(0, bytes, wrong);
      // "If the checksums do not match, the Server MUST respond with the 460 Checksum Mismatch status and MUST NOT modify
      // the upload".
      expect([refused.status, reasonOf(refused.text)]).toEqual([460, 'checksum_mismatch']);
      expect(await upload.offset()).toBe(0);
      const right = { 'Upload-Checksum': `${algorithm} ${sum(algorithm, bytes)}` };
      expect((await upload.patch(0, bytes, right)).status).toBe(204);
      expect(await stored(`${algorithm}.txt`)).toBe(digestOf(bytes));
    },
  );

  it.each([1, 3])('leaves the offset when %d parts came of bytes that differ', async (parts) => {
    const bytes = randomBytes((parts + 1) * PART);
    const upload = await beginTus(service, `/wrong-${parts}.bin`, length(bytes.length));
    await upload.patch(0, bytes.subarray(0, 1000));
    const piece = bytes.subarray(1000, 1000 + parts * PART);
    const wrong = { 'Upload-Checksum': `md5 ${sum('md5', bytes)}` };
    const refused = await upload.patch(1000, randomBytes(piece.length), wrong);
    expect(refused.status).toBe(460);
    expect(await upload.offset()).toBe(1000);
    const right = { 'Upload-Checksum': `md5 ${sum('md5', piece)}` };
    expect((await upload.patch(1000, piece, right)).status).toBe(204);
    const rest = 1000 + piece.length;
    expect((await upload.patch(rest, bytes.subarray(rest))).status).toBe(204);
    expect(await stored(`wrong-${parts}.bin`)).toBe(digestOf(bytes));
  });

  it('refuses an algorithm that it does not announce', async () => {
    const upload = await beginTus(service, '/alg.txt', length(4));
    const answer = await upload.patch(0, Buffer.from('four'), { 'Upload-Checksum': 'sha3 YQ==' });
    expect(answer.status).toBe(400);
    expect(await upload.offset()).toBe(0);
  });
});

describe('expiration and termination', () => {
  it('says when an upload ends', async () => {
    const upload = await beginTus(service, '/expires.bin', length(3 * PART));
    const expires = Date.parse(upload.answer.headers['upload-expires'] ?? '');
    expect(Math.abs(expires - Date.now() - 86_400_000)).toBeLessThan(5000);
    expect((await upload.head()).headers['upload-expires']).toBe(
      upload.answer.headers['upload-expires'],
    );
    // "This header MUST be included in every PATCH response if the upload is going to expire."
    expect((await upload.patch(0, Buffer.from('x'))).headers['upload-expires']).toBe(
      upload.answer.headers['upload-expires'],
    );
    await upload.remove();
  });

  // "After this request any requests to the upload URL SHOULD respond with 404 or 410".
  it.each([10, 3 * PART])('gives up an upload of %d bytes, and knows it no more', async (size) => {
    const upload = await beginTus(service, `/given-up-${size}.bin`, length(size));
    await upload.patch(0, Buffer.from('four'));
    expect((await upload.remove()).status).toBe(204);
    const later = [upload.head(), upload.patch(4, Buffer.from('x')), upload.remove()];
    for (const answer of await Promise.all(later)) expect(answer.status).toBe(404);
    expect(await around.bytes(`home/given-up-${size}.bin`)).toBeUndefined();
    // Of a small upload a word stays that it was given up, until it would have expired.
    await around.remove(
      (await around.keys()).find((key) => key.endsWith('/gone')) ?? 'home/nothing',
    );
  });

  it('gives a token of another service nothing', async () => {
    const other = await startService(store, {
      resumable: { secret: 'another secret of sixteen' },
      container: 'home',
    });
    const upload = await beginTus(other, '/foreign.bin', length(10));
    const here = tusUpload(service, upload.url);
    expect((await here.head()).status).toBe(404);
    expect((await here.patch(0, Buffer.from('x'))).status).toBe(404);
    await other.close();
  });
});
