// Resumable Uploads for HTTP: the sentences of the server sections of draft-ietf-httpbis-resumable-upload-12 (editors'
// copy of 1 July 2026), each with its test.
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bypass, type Bypass } from '../../support/fixture.ts';
import { ask, startService, type Answer, type RunningService } from '../../support/service.ts';
import { doubleStore } from '../../support/stores.ts';
import { until } from '../../support/until.ts';

const PART = 5 * 2 ** 20;
let store: Awaited<ReturnType<typeof doubleStore>>;
let around: Bypass;
let service: RunningService;

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
  const resumable = { maxAppendBytes: 4 * PART };
  service = await startService(store, { resumable, partSize: PART, container: 'home' });
});
afterAll(async () => {
  await service.close();
  around.close();
  await store.close();
});
afterEach(async () => {
  await until(() => store.double.uploads(store.bucket).length === 0, { what: 'no open upload' });
  expect((await around.keys()).filter((key) => key.startsWith('home/.s3files/tails'))).toEqual([]);
});

type Headers = Readonly<Record<string, string>>;
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const stored = async (key: string): Promise<string> =>
  digestOf((await around.bytes(`home/${key}`)) ?? Buffer.from('nothing'));
const reasonOf = (answer: Answer): string =>
  (answer.json() as { error: { reason: string } }).error.reason;

const begin = (path: string, headers: Headers, body?: Uint8Array, method = 'POST') =>
  service.ask({ method, path, headers: { 'Upload-Complete': '?0', ...headers }, body });

/** Begins an upload whose bytes come later; fails unless it is 201. */
async function begun(path: string, headers: Headers = {}, body?: Uint8Array) {
  const answer = await begin(path, headers, body);
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
  const url = answer.headers['location'] ?? '';
  const send = (method: string, more: Headers = {}, bytes?: Uint8Array) =>
    ask(service.port, { method, path: url, headers: more, body: bytes });
  return {
    answer,
    url,
    look: (method = 'HEAD') => send(method),
    append: (offset: number, bytes: Uint8Array, complete: boolean, more: Headers = {}) =>
      send(
        'PATCH',
        {
          'Content-Type': 'application/partial-upload',
          'Upload-Offset': String(offset),
          'Upload-Complete': complete ? '?1' : '?0',
          ...more,
        },
        bytes,
      ),
    cancel: () => send('DELETE'),
  };
}

describe('upload creation', () => {
  it('names the upload and its limits, and how far it has come', async () => {
    const upload = await begun('/film.bin', { 'Upload-Length': String(3 * PART) });
    expect(upload.answer.headers).toMatchObject({
      location: expect.stringMatching(/^\/api\/v2\/s3files\/_uploads\/[\w-]+$/) as string,
      'upload-complete': '?0',
      'upload-offset': '0',
      'upload-limit': expect.stringMatching(
        /^max-size=5368709120, max-append-size=20971520, max-age=86(?:400|3\d\d)$/,
      ) as string,
    });
    await upload.cancel();
  });

  it('takes the first bytes, and gives the answer of a plain upload in the end', async () => {
    const bytes = randomBytes(PART + 1000);
    const headers = { 'Content-Type': 'video/mp4', 'X-Meta-Owner': 'alice' };
    const upload = await begun('/a/film.mp4', headers, bytes.subarray(0, 500));
    expect(upload.answer.headers['upload-offset']).toBe('500');
    const last = await upload.append(500, bytes.subarray(500), true);
    expect(last.json()).toEqual({
      name: 'film.mp4',
      path: 'a/film.mp4',
      content_type: 'video/mp4',
      content_length: bytes.length,
      type: 'file',
      etag: last.headers['etag'],
    });
    expect([last.status, last.headers['upload-complete'], last.headers['location']]).toEqual([
      201,
      '?1',
      '/api/v2/s3files/a/film.mp4',
    ]);
    expect(await around.look('home/a/film.mp4')).toMatchObject({
      content_type: 'video/mp4',
      metadata: { owner: 'alice' },
    });
    expect(await stored('a/film.mp4')).toBe(digestOf(bytes));
  });

  it('names the file of a folder by Content-Disposition, or X-File-Name', async () => {
    const disposed = await begun('/docs/', {
      'Content-Disposition': `inline; filename="plain.txt"; filename*=UTF-8''na%C3%AFve.txt`,
    });
    await disposed.append(0, Buffer.from('a'), true);
    const named = await begun('/docs/', { 'X-File-Name': 'named.txt' });
    await named.append(0, Buffer.from('b'), true);
    expect((await around.bytes('home/docs/naïve.txt'))?.toString()).toBe('a');
    expect((await around.bytes('home/docs/named.txt'))?.toString()).toBe('b');
    expect((await begin('/docs/', {})).status).toBe(400);
  });

  it('creates by POST, replaces by PUT, and keeps the conditions until the end', async () => {
    await around.plant({ 'home/there.txt': { body: 'there' } });
    expect(reasonOf(await begin('/there.txt', { 'Upload-Length': String(2 * PART) }))).toBe(
      'already_exists',
    );
    const none = await begin('/there.txt', { 'If-None-Match': '*' }, undefined, 'PUT');
    expect([none.status, reasonOf(none)]).toEqual([412, 'precondition_failed']);
    const put = await begin('/there.txt', {}, undefined, 'PUT');
    const answer = await ask(service.port, {
      method: 'PATCH',
      path: put.headers['location'] ?? '',
      headers: {
        'Content-Type': 'application/partial-upload',
        'Upload-Offset': '0',
        'Upload-Complete': '?1',
      },
      body: 'other',
    });
    expect(answer.status).toBe(201);
    const { etag } = await around.look('home/there.txt');
    const matched = await begin('/there.txt', { 'If-Match': etag }, undefined, 'PUT');
    await around.plant({ 'home/there.txt': { body: 'changed' } });
    const late = await ask(service.port, {
      method: 'PATCH',
      path: matched.headers['location'] ?? '',
      headers: {
        'Content-Type': 'application/partial-upload',
        'Upload-Offset': '0',
        'Upload-Complete': '?1',
      },
      body: 'late',
    });
    expect([late.status, reasonOf(late)]).toEqual([412, 'precondition_failed']);
    expect((await around.bytes('home/there.txt'))?.toString()).toBe('changed');
  });

  // "Other values MUST cause the entire header field to be ignored."
  it.each(['1', '?2', 'true', '', '?0, ?0'])(
    'takes Upload-Complete: %s for no header',
    async (value) => {
      const path = `/plain-${encodeURIComponent(value)}.txt`;
      const answer = await service.ask({
        method: 'PUT',
        path,
        headers: { 'Upload-Complete': value },
        body: 'plain',
      });
      expect([answer.status, answer.headers['upload-complete']]).toEqual([201, undefined]);
    },
  );

  it('takes a whole upload as a plain one, and says that it is complete', async () => {
    const answer = await service.ask({
      method: 'PUT',
      path: '/whole.bin',
      headers: { 'Upload-Complete': '?1', 'Upload-Draft-Interop-Version': '8' },
      body: randomBytes(2 * PART),
    });
    expect([answer.status, answer.headers['upload-complete']]).toEqual([201, '?1']);
  });

  // "If indicators (1) and (2) are both present in the same request, their indicated lengths MUST match."
  it('refuses lengths that contradict each other, as a problem', async () => {
    const upload = await begun('/lengths.bin', { 'Upload-Length': '10' });
    for (const [bytes, headers] of [
      [Buffer.from('four'), {}],
      [Buffer.from('0123456789'), { 'Upload-Length': '11' }],
    ] as const) {
      const answer = await upload.append(0, bytes, true, headers);
      expect([answer.status, answer.headers['content-type']]).toEqual([
        400,
        'application/problem+json',
      ]);
      expect(answer.json()).toMatchObject({
        type: 'https://iana.org/assignments/http-problem-types#inconsistent-upload-length',
        error: { reason: 'length_mismatch' },
      });
    }
    expect((await upload.append(0, Buffer.from('0123456789'), true)).status).toBe(201);
  });
});

describe('offset retrieval', () => {
  // "MUST include the offset … MUST include Upload-Complete … MUST include the length … MUST indicate the limits …
  // SHOULD include Cache-Control: no-store".
  it.each(['HEAD', 'GET'])('answers %s', async (method) => {
    const upload = await begun(
      '/look.bin',
      { 'Upload-Length': String(2 * PART) },
      Buffer.from('abc'),
    );
    const { status, headers, body } = await upload.look(method);
    expect([status, body.length]).toEqual([204, 0]);
    expect(headers).toMatchObject({
      'upload-offset': '3',
      'upload-complete': '?0',
      'upload-length': String(2 * PART),
      'cache-control': 'no-store',
    });
    const age = /max-age=(\d+)/.exec(headers['upload-limit'] ?? '')?.[1];
    expect(Number(age)).toBeGreaterThan(86_300);
    await upload.cancel();
  });

  it('tells that an upload is complete, and replays its last answer', async () => {
    const upload = await begun('/twice.txt');
    const first = await upload.append(0, Buffer.from('twice'), true);
    const { headers } = await upload.look();
    expect([headers['upload-complete'], headers['upload-offset']]).toEqual(['?1', '5']);
    const again = await upload.append(5, Buffer.alloc(0), true);
    expect([again.status, again.text]).toEqual([first.status, first.text]);
  });
});

describe('upload append', () => {
  // "MUST reject the request with a 409 (Conflict) status code and the Upload-Complete header field set to false. The
  // response MUST include the correct offset".
  it('refuses another offset, as a problem that names both', async () => {
    const upload = await begun('/offset.bin', {}, Buffer.from('abc'));
    const answer = await upload.append(7, Buffer.from('x'), false);
    expect([answer.status, answer.headers['content-type']]).toEqual([
      409,
      'application/problem+json',
    ]);
    expect(answer.headers).toMatchObject({ 'upload-offset': '3', 'upload-complete': '?0' });
    expect(answer.json()).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#mismatching-upload-offset',
      'expected-offset': 3,
      'provided-offset': 7,
      error: { code: 409, reason: 'offset_mismatch' },
    });
    expect((await upload.append(3, Buffer.from('d'), true)).status).toBe(201);
  });

  it('is complete only when it is said to be, also where every byte is there', async () => {
    for (const size of [0, 10, PART, 2 * PART]) {
      const bytes = randomBytes(size);
      const path = `/said-${size}.bin`;
      const upload = await begun(path, { 'Upload-Length': String(size) });
      const kept = await upload.append(0, bytes, false);
      expect([kept.status, kept.headers['upload-offset']]).toEqual([204, String(size)]);
      const { headers } = await upload.look();
      expect([headers['upload-complete'], headers['upload-offset']]).toEqual(['?0', String(size)]);
      expect((await upload.append(size, Buffer.alloc(0), true)).status).toBe(201);
      expect(await stored(path.slice(1))).toBe(digestOf(bytes));
    }
  });

  it('takes a file whose length nobody knows until its end', async () => {
    for (const size of [0, 1, PART - 1, PART, PART + 1, 2 * PART]) {
      const bytes = randomBytes(size);
      const upload = await begun(`/unknown-${size}.bin`, {}, bytes.subarray(0, size >> 1));
      const last = await upload.append(size >> 1, bytes.subarray(size >> 1), true);
      expect(last.status).toBe(201);
      expect(await stored(`unknown-${size}.bin`)).toBe(digestOf(bytes));
    }
  });

  // "the server MUST prevent the offset from exceeding the upload length by rejecting the request once the offset exceeds
  // the length, marking the upload resource invalid … It is not sufficient to rely on Content-Length".
  it('ends an upload that brings more than its length', async () => {
    const upload = await begun('/more.bin', { 'Upload-Length': '10' });
    const announced = await upload.append(0, Buffer.from('01234567890'), false);
    expect([announced.status, reasonOf(announced)]).toEqual([400, 'length_mismatch']);
    expect((await upload.look()).headers['upload-offset']).toBe('0');
    const chunked = await upload.append(0, Buffer.from('01234567890'), false, {
      'Transfer-Encoding': 'chunked',
    });
    expect([chunked.status, reasonOf(chunked)]).toEqual([400, 'length_mismatch']);
    expect(await around.bytes('home/more.bin')).toBeUndefined();
    // Of a small upload a word stays that it has ended, until it would have expired.
    for (const key of await around.keys()) if (key.endsWith('/gone')) await around.remove(key);
  });

  it('refuses other types, and headers that are missing', async () => {
    const upload = await begun('/type.bin');
    const typed = await upload.append(0, Buffer.from('x'), true, { 'Content-Type': 'text/plain' });
    expect([typed.status, typed.headers['accept-patch']]).toEqual([
      415,
      'application/partial-upload',
    ]);
    for (const missing of ['Upload-Offset', 'Upload-Complete']) {
      const answer = await upload.append(0, Buffer.from('x'), true, { [missing]: 'nonsense' });
      expect([answer.status, reasonOf(answer)]).toEqual([400, 'invalid_header']);
    }
    await upload.cancel();
  });

  it('refuses more than one request may bring, and names the limit', async () => {
    const upload = await begun('/large.bin');
    const answer = await upload.append(0, Buffer.alloc(4 * PART + 1), false);
    expect([answer.status, reasonOf(answer)]).toEqual([413, 'too_large']);
    expect(answer.headers['upload-limit']).toContain(`max-append-size=${4 * PART}`);
    await upload.cancel();
  });
});

describe('digests', () => {
  const sha256 = (bytes: Uint8Array): string =>
    `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;

  it('adds nothing of a piece that does not have its Content-Digest', async () => {
    const bytes = randomBytes(2 * PART);
    const upload = await begun('/piece.bin');
    const wrong = { 'Content-Digest': sha256(Buffer.from('other')) };
    const answer = await upload.append(0, bytes, true, wrong);
    expect([answer.status, reasonOf(answer)]).toEqual([400, 'checksum_mismatch']);
    expect((await upload.look()).headers['upload-offset']).toBe('0');
    const right = { 'Content-Digest': sha256(bytes) };
    expect((await upload.append(0, bytes, true, right)).status).toBe(201);
    expect(await stored('piece.bin')).toBe(digestOf(bytes));
  });

  it.each([1000, 3 * PART])(
    'never shows a file of %d bytes that does not have its Repr-Digest',
    async (size) => {
      const bytes = randomBytes(size);
      const path = `/digest-${size}.bin`;
      const send = async (digest: string) => {
        const upload = await begun(path, { 'Repr-Digest': digest, 'Upload-Length': String(size) });
        const third = Math.floor(size / 3);
        await upload.append(0, bytes.subarray(0, third), false);
        await upload.append(third, bytes.subarray(third, 2 * third), false);
        return upload.append(2 * third, bytes.subarray(2 * third), true);
      };
      const wrong = await send(sha256(Buffer.from('other')));
      expect([wrong.status, reasonOf(wrong)]).toEqual([400, 'checksum_mismatch']);
      expect(await around.bytes(`home${path}`)).toBeUndefined();
      expect((await send(sha256(bytes))).status).toBe(201);
      expect(await stored(path.slice(1))).toBe(digestOf(bytes));
      expect((await around.keys()).filter((key) => key.includes('staged'))).toEqual([]);
    },
  );
});

describe('upload cancellation', () => {
  it('gives an upload up', async () => {
    const upload = await begun('/up.bin', {}, randomBytes(PART + 10));
    expect((await upload.cancel()).status).toBe(204);
    expect((await upload.look()).status).toBe(404);
    expect((await upload.append(PART + 10, Buffer.alloc(0), true)).status).toBe(404);
    expect(await around.bytes('home/up.bin')).toBeUndefined();
  });
});
