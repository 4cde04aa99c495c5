// The sentences with MUST and SHOULD of draft-ietf-httpbis-resumable-upload (editors' copy of 1 July 2026, version 12 and
// what followed) that are about servers and not in http.test.ts, interim.test.ts or rights.test.ts, each with its test.
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { AbortMultipartUploadCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendHeaders, beginDraft, postDraft, sendInformed } from '../../support/draft.ts';
import { bypass, type Bypass } from '../../support/fixture.ts';
import {
  ask,
  MOUNT,
  startService,
  type Answer,
  type RunningService,
} from '../../support/service.ts';
import { client, doubleStore } from '../../support/stores.ts';
import { tusUpload } from '../../support/tus.ts';
import { until } from '../../support/until.ts';

const PART = 5 * 2 ** 20;
let store: Awaited<ReturnType<typeof doubleStore>>;
let around: Bypass;
let service: RunningService;
let informing: RunningService;

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
  const common = { partSize: PART, maxUploadBytes: 8 * PART, acceptEncodings: ['gzip'] };
  service = await startService(store, { ...common, resumable: { maxAppendBytes: 4 * PART } });
  informing = await startService(store, { ...common, resumable: { interim: true } });
});
afterAll(async () => {
  await service.close();
  await informing.close();
  around.close();
  await store.close();
});

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const stored = async (key: string): Promise<string> =>
  digestOf((await around.bytes(key)) ?? Buffer.from('nothing'));
const reasonOf = (answer: Answer): string =>
  (answer.json() as { error: { reason: string } }).error.reason;
const limits = (answer: Answer): Record<string, number> =>
  Object.fromEntries(
    (answer.headers['upload-limit'] ?? '').split(', ').map((member) => {
      const [name = '', value] = member.split('=');
      return [name, Number(value)];
    }),
  );

describe('state', () => {
  // "Representation data processed by the upload resource cannot be removed again and, therefore, the offset MUST NOT
  // decrease."
  it('has an offset that never falls', async () => {
    const bytes = randomBytes(2 * PART);
    const upload = await beginDraft(service, '/rises.bin', {
      'Upload-Length': String(bytes.length),
    });
    let seen = 0;
    for (const size of [1000, PART, 7, 100_000]) {
      await upload.append(seen, bytes.subarray(seen, seen + size), false);
      const refused = await upload.append(seen, Buffer.from('again'), false);
      expect(refused.status).toBe(409);
      const told = Number((await upload.look()).headers['upload-offset']);
      expect(told).toBe(seen + size);
      seen = told;
    }
    await upload.cancel();
  });

  // "If the server loses any part of the state, it MUST deactivate the upload resource and reject further interaction
  // with it."
  it('that is lost in part ends the upload', async () => {
    const upload = await beginDraft(service, '/lost.bin', {}, randomBytes(PART + 1));
    const s3 = client(store);
    for (const { key, uploadId } of store.double
      .uploads(store.bucket)
      .filter(({ key }) => key === 'lost.bin'))
      await s3.send(
        new AbortMultipartUploadCommand({ Bucket: store.bucket, Key: key, UploadId: uploadId }),
      );
    s3.destroy();
    const answers = [
      await upload.look(),
      await upload.append(PART + 1, Buffer.from('x'), true),
      await upload.cancel(),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  // "Its value is a non-negative Integer … Other values MUST cause the entire header field to be ignored."
  it.each(['-1', '"0"', '0.5', '?0', '1000000000000000', ''])(
    'takes Upload-Length: %s and Upload-Offset: %s for no headers',
    async (value) => {
      const upload = await beginDraft(service, '/ignored.bin', { 'Upload-Length': value });
      expect((await upload.look()).headers['upload-length']).toBeUndefined();
      const answer = await upload.append(0, Buffer.from('x'), false, { 'Upload-Offset': value });
      expect([answer.status, reasonOf(answer)]).toEqual([400, 'invalid_header']);
      await upload.cancel();
    },
  );

  // "If multiple requests include indicators, their indicated values MUST match."
  it('holds a client to the length that it has said later', async () => {
    const upload = await beginDraft(service, '/said-later.bin');
    expect(
      (await upload.append(0, Buffer.from('ab'), false, { 'Upload-Length': '4' })).status,
    ).toBe(204);
    expect((await upload.look()).headers['upload-length']).toBe('4');
    const other = await upload.append(2, Buffer.from('c'), true);
    expect([other.status, reasonOf(other)]).toEqual([400, 'length_mismatch']);
    expect((await upload.append(2, Buffer.from('cd'), true)).status).toBe(201);
  });
});

describe('limits', () => {
  // "When responding to an OPTIONS request without the Upload-Complete header field … the server MUST include the
  // Upload-Limit header field with the corresponding limits in the response."
  it.each(['/', '/folder/', '/file.bin'])('stand in the answer to OPTIONS %s', async (path) => {
    const answer = await service.ask({ method: 'OPTIONS', path });
    expect(limits(answer)).toEqual({
      'max-size': 8 * PART,
      'max-append-size': 4 * PART,
      'max-age': 86_400,
    });
  });

  // "max-size and max-append-size SHOULD NOT decrease"; "the end of the upload resource's lifetime as implied by max-age
  // SHOULD NOT decrease"; "the limits announced in an OPTIONS response SHOULD NOT be less restrictive".
  it('stay as they were', async () => {
    const before = limits(await service.ask({ method: 'OPTIONS', path: '/limits.bin' }));
    const upload = await beginDraft(service, '/limits.bin');
    const answers = [
      upload.answer,
      await upload.append(0, Buffer.from('a'), false),
      await upload.look(),
    ];
    for (const answer of answers) {
      const { 'max-age': age, ...sizes } = limits(answer);
      expect(sizes).toEqual({
        'max-size': before['max-size'],
        'max-append-size': before['max-append-size'],
      });
      expect(age).toBeGreaterThan(86_340);
    }
    await upload.cancel();
  });

  // "A server responding with a 413 (Content Too Large) status code as a result of its upload limits SHOULD include the
  // Upload-Limit header field in this response".
  it('stand in the refusal of what is larger', async () => {
    const long = { 'Upload-Length': String(8 * PART + 1) };
    const begun = await postDraft(service, '/too-long.bin', long);
    const upload = await beginDraft(service, '/too-large.bin');
    const appended = await upload.append(0, Buffer.alloc(4 * PART + 1), false);
    for (const answer of [begun, appended]) {
      expect([answer.status, reasonOf(answer)]).toEqual([413, 'too_large']);
      expect(limits(answer)).toMatchObject({ 'max-append-size': 4 * PART });
      expect(answer.headers['upload-complete']).toBe('?0');
    }
    await upload.cancel();
  });
});

describe('upload creation', () => {
  // "The server MUST record the length … if the Upload-Length or Upload-Complete: ?1 header fields are included".
  it('records the length', async () => {
    const upload = await beginDraft(service, '/length.bin', { 'Upload-Length': '12' });
    expect((await upload.look()).headers['upload-length']).toBe('12');
    await upload.cancel();
  });

  // "all interim and final response messages for the same request MUST contain an identical Location value."
  it('names the upload alike in its interim and its last answer', async () => {
    const question = {
      method: 'POST',
      path: `${MOUNT}/named-once.bin`,
      headers: { 'Upload-Complete': '?0', 'Upload-Draft-Interop-Version': '8' },
    };
    const { interim, status, headers } = await sendInformed(informing, question, [randomBytes(10)]);
    expect([status, interim.map((one) => one.status)]).toEqual([201, [104]]);
    expect(interim[0]?.headers['location']).toBe(headers['location']);
    expect(interim[0]?.headers['upload-limit']).toBe(headers['upload-limit']);
    await ask(informing.port, { method: 'DELETE', path: headers['location'] ?? '' });
  });

  // "The server SHOULD include the Upload-Complete header field in the response to indicate whether it is the result of
  // processing the uploaded representation."
  it('tells a refusal of the file from one of the request', async () => {
    const path = '/refusals.bin';
    const late = await beginDraft(service, path, { 'Upload-Length': '4' });
    const misfit = await beginDraft(service, '/misfit.bin', {
      'Upload-Length': '4',
      'Repr-Digest': `sha-256=:${createHash('sha256').update('else').digest('base64')}:`,
    });
    await around.plant({ 'refusals.bin': { body: 'there' } });
    const answers = [
      [await late.append(0, Buffer.from('late'), true), 409, '?1'],
      [await misfit.append(0, Buffer.from('four'), true), 400, '?1'],
      [await late.append(3, Buffer.from('x'), true), 409, '?0'],
      [await late.append(0, Buffer.from('x'), false, { 'Content-Type': 'text/plain' }), 415, '?0'],
    ] as const;
    expect(answers.map(([{ status, headers }]) => [status, headers['upload-complete']])).toEqual(
      answers.map(([, status, complete]) => [status, complete]),
    );
  });

  // "when responding to an upload creation … to indicate that the request includes inconsistent upload length values".
  it('refuses contradicting lengths as a problem', async () => {
    const headers = { 'Upload-Length': '2', 'Transfer-Encoding': 'chunked' };
    const answer = await postDraft(service, '/contradicts.bin', headers, Buffer.from('three'));
    expect([answer.status, answer.headers['content-type']]).toEqual([
      400,
      'application/problem+json',
    ]);
    expect(await around.bytes('contradicts.bin')).toBeUndefined();
  });
});

// "The value of true means that the semantics of the targeted resource apply".
describe('an upload that is taken for a plain one', () => {
  it('is refused as complete, and told the limits when it is too large', async () => {
    await around.plant({ 'plain.bin': { body: 'there' } });
    const send = (method: string, headers: Record<string, string>, size: number) =>
      service.ask({
        method,
        path: '/plain.bin',
        headers: { 'Upload-Complete': '?1', ...headers },
        body: Buffer.alloc(size),
      });
    const there = await send('POST', {}, 10);
    const misfit = await send('PUT', { 'If-Match': '"other"' }, 10);
    const large = await send('PUT', {}, 8 * PART + 1);
    expect(
      [there, misfit, large].map(({ status, headers }) => [status, headers['upload-complete']]),
    ).toEqual([
      [409, '?1'],
      [412, '?1'],
      [413, '?1'],
    ]);
    expect(limits(large)).toMatchObject({ 'max-size': 8 * PART });
    expect(there.headers['upload-limit']).toBeUndefined();
    const unasked = await service.ask({ method: 'POST', path: '/plain.bin', body: 'x' });
    expect([unasked.status, unasked.headers['upload-complete']]).toEqual([409, undefined]);
  });
});

describe('offset retrieval', () => {
  // "The resource SHOULD NOT generate a response with the 301 (Moved Permanently) and 302 (Found) status codes".
  it('redirects nowhere, whatever stands behind the URL', async () => {
    const upload = await beginDraft(service, '/moved.bin');
    for (const more of ['/', '?a=b', '//'])
      expect([204, 404]).toContain(
        (await ask(service.port, { method: 'HEAD', path: upload.url + more })).status,
      );
    await upload.cancel();
  });
});

describe('upload append', () => {
  // "the server SHOULD append as much of the patch document as possible … the upload resource MUST NOT be considered
  // complete then."
  it('keeps what has come of a request that breaks off, and is not complete', async () => {
    const bytes = randomBytes(PART + 500_000);
    const upload = await beginDraft(service, '/breaks.bin', {
      'Upload-Length': String(bytes.length),
    });
    await tusUpload(service, upload.url, {}, appendHeaders(0, true)).cut(0, bytes, PART + 100_000);
    let answer = await upload.look();
    await until(
      async () => {
        answer = await upload.look();
        return Number(answer.headers['upload-offset']) > 0;
      },
      { what: 'bytes to be kept' },
    );
    expect(answer.headers['upload-complete']).toBe('?0');
    const offset = Number(answer.headers['upload-offset']);
    expect((await upload.append(offset, bytes.subarray(offset), true)).status).toBe(201);
    expect(await stored('breaks.bin')).toBe(digestOf(bytes));
  });

  // "the server SHOULD generate the response that matches what the resource, that was targeted by the initial upload
  // creation, would have generated if it had processed the entire representation in the initial request."
  it('ends with the answer of a plain upload', async () => {
    const bytes = Buffer.from('the same bytes');
    const headers = { 'Content-Type': 'text/x-mine' };
    const plain = await service.ask({ method: 'POST', path: '/same.txt', headers, body: bytes });
    await around.remove('same.txt');
    const upload = await beginDraft(service, '/same.txt', headers, bytes.subarray(0, 3));
    const last = await upload.append(3, bytes.subarray(3), true);
    const file = { ...(plain.json() as object), etag: last.headers['etag'] };
    expect([last.status, last.json()]).toEqual([plain.status, file]);
    expect(last.headers['location']).toBe(plain.headers['location']);
  });

  // "If the length is known, the server MUST prevent the offset from exceeding the upload length by rejecting the request
  // once the offset exceeds the length, marking the upload resource invalid and rejecting any further interaction with it."
  it.each([10, 2 * PART])(
    'of more than its length of %d ends the upload for good',
    async (size) => {
      const path = `/exceeds-${size}.bin`;
      const upload = await beginDraft(service, path, { 'Upload-Length': String(size) });
      const chunked = { 'Transfer-Encoding': 'chunked' };
      const answer = await upload.append(0, Buffer.alloc(size + 1), false, chunked);
      expect([answer.status, reasonOf(answer)]).toEqual([400, 'length_mismatch']);
      expect((await upload.look()).status).toBe(404);
      expect((await upload.append(0, Buffer.alloc(size), true)).status).toBe(404);
      expect(await around.bytes(path.slice(1))).toBeUndefined();
    },
  );

  // "While the request content is being processed, the server SHOULD send interim responses with a 104 … and the
  // Upload-Offset header field set to the current offset … These interim responses MUST NOT include the Location header
  // field."
  it('tells by interim answers how far it is', async () => {
    const bytes = randomBytes(3 * PART);
    const upload = await beginDraft(informing, '/progress.bin', {
      'Upload-Length': String(bytes.length),
    });
    const question = {
      method: 'PATCH',
      path: upload.url,
      headers: appendHeaders(0, true, { 'Upload-Draft-Interop-Version': '8' }),
    };
    const pieces = [0, 1, 2].map((n) => bytes.subarray(n * PART, (n + 1) * PART));
    // Progress is told once a second at most.
    const parts = () =>
      store.double.calls.filter(({ operation }) => operation === 'UploadPart').length;
    let sent = 0;
    const before = parts();
    let since = performance.now();
    const next = async () => {
      await until(() => parts() >= before + sent - 1 && performance.now() - since > 1100, {
        what: 'a part to be stored and a second to pass',
      });
      since = performance.now();
      sent += 1;
    };
    const { interim, status } = await sendInformed(informing, question, pieces, next);
    expect(status).toBe(201);
    expect(interim.length).toBeGreaterThan(0);
    for (const one of interim) {
      expect(one.status).toBe(104);
      expect(one.headers).toMatchObject({
        'upload-draft-interop-version': '8',
        'upload-offset': expect.stringMatching(/^\d+$/) as string,
      });
      expect(Number(one.headers['upload-offset']) % PART).toBe(0);
      expect(one.headers['location']).toBeUndefined();
    }
  });
});

describe('upload cancellation and concurrency', () => {
  // "The server SHOULD terminate any in-flight requests to the upload resource before sending the response by abruptly
  // terminating their HTTP connection(s)".
  it('ends what is under way', async () => {
    const tails = async () => (await around.keys()).filter((key) => key.includes('/tails/'));
    const before = await tails();
    const upload = await beginDraft(service, '/under-way.bin');
    const running = tusUpload(service, upload.url, {}, appendHeaders(0, false)).stall(
      0,
      Buffer.alloc(PART),
      1000,
    );
    await running.isStalled;
    expect((await upload.cancel()).status).toBe(204);
    // Broken, which the client of the test takes for gone; nothing more was sent.
    expect((await running.answer).status).toBe(404);
    expect((await upload.look()).status).toBe(404);
    expect(await tails()).toEqual(before);
  });

  // "the server MUST NOT send outdated information in responses when retrieving the offset … the offset sent by the
  // server MUST be accepted in a subsequent request to append representation data".
  it('tells an offset that the next append may begin at', async () => {
    const bytes = randomBytes(PART + 10);
    const upload = await beginDraft(service, '/accepted.bin', {
      'Upload-Length': String(bytes.length),
    });
    for (let turn = 0; turn < 5; turn += 1) {
      const from = Number((await upload.look()).headers['upload-offset']);
      const stale = tusUpload(service, upload.url, {}, appendHeaders(from, true)).stall(
        from,
        bytes.subarray(from),
        100_000,
      );
      await stale.isStalled;
      const offset = Number((await upload.look()).headers['upload-offset']);
      const answer = await upload.append(offset, bytes.subarray(offset, offset + 10), false);
      expect([answer.status, answer.headers['upload-offset']]).toEqual([204, String(offset + 10)]);
      await stale.answer;
    }
    await upload.cancel();
  });
});

describe('status code 104', () => {
  // "the server MUST NOT omit the 100 (Continue) response because it has sent an interim response with the 104".
  it('comes beside 100', async () => {
    const question = {
      method: 'PUT',
      path: `${MOUNT}/expects.bin`,
      headers: {
        'Upload-Complete': '?1',
        'Upload-Draft-Interop-Version': '8',
        Expect: '100-continue',
      },
    };
    const { interim, status } = await sendInformed(informing, question, [randomBytes(2 * PART)]);
    expect(status).toBe(201);
    expect(interim.map((one) => one.status).toSorted((a, b) => a - b)).toEqual([100, 104]);
  });
});

describe('codings', () => {
  // "both the client and the server always compute the values for Upload-Offset and optionally Upload-Length on the
  // content coded data … the content codings are retained throughout the entire upload".
  it('counts coded bytes, and keeps the coding', async () => {
    const bytes = gzipSync(randomBytes(20_000));
    const headers = { 'Content-Encoding': 'gzip', 'Upload-Length': String(bytes.length) };
    const upload = await beginDraft(service, '/coded.bin', headers, bytes.subarray(0, 500));
    expect(upload.answer.headers['upload-offset']).toBe('500');
    expect((await upload.append(500, bytes.subarray(500), true)).status).toBe(201);
    expect(await stored('coded.bin')).toBe(digestOf(bytes));
    const read = await service.ask({ path: '/coded.bin' });
    expect(read.headers['content-encoding']).toBe('gzip');
  });

  // "a server is responsible for transfer decoding the message before computing the upload offset."
  it('counts bytes without their transfer coding', async () => {
    const upload = await beginDraft(service, '/chunks.bin');
    const chunked = { 'Transfer-Encoding': 'chunked' };
    const answer = await upload.append(0, Buffer.alloc(70_000), false, chunked);
    expect(answer.headers['upload-offset']).toBe('70000');
    await upload.cancel();
  });
});
