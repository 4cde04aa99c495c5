// Uploads whose parts go straight to storage, in the wire form of Companion: by cookies, or by a ticket.
import { createHash, randomBytes } from 'node:crypto';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FileServiceConfig, Scan, UploadDetails } from '../../src/index.ts';
import { FileServiceError } from '../../src/index.ts';
import { bypass, type Bypass } from '../support/fixture.ts';
import { formOf } from '../support/form.ts';
import { ask, MOUNT, startService, type Answer, type RunningService } from '../support/service.ts';
import { availableStores, client, doubleStore, type Store } from '../support/stores.ts';
import { UPLOAD_SECRET } from '../support/upload-link.ts';

const MIB = 2 ** 20;
const PART = 5 * MIB;
const EICAR = String.raw`X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR` + '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*';

interface Begun {
  readonly key: string;
  readonly uploadId: string;
}
const reasonOf = (answer: Answer): unknown =>
  (answer.json() as { error?: { reason: string } }).error?.reason;
const json = (value: unknown) => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});

/** Speaks as Uppy does, below an endpoint. */
const companion = (service: RunningService, endpoint: string, headers: Record<string, string>) => {
  const send = (method: string, path: string, body?: unknown) => {
    const sent = body === undefined ? { headers: {} } : json(body);
    return ask(service.port, {
      method,
      path: `${endpoint}/s3/${path}`,
      ...sent,
      headers: { ...sent.headers, ...headers },
    });
  };
  const at = ({ uploadId }: Begun, step = '') => `multipart/${uploadId}${step}`;
  const keyed = ({ key }: Begun) => `?key=${encodeURIComponent(key)}`;
  return {
    send,
    begin: (filename: string, more: object = {}) =>
      send('POST', 'multipart', { filename, ...more }),
    urlOf: (begun: Begun, part: number) => send('GET', at(begun, `/${part}`) + keyed(begun)),
    parts: (begun: Begun) => send('GET', at(begun) + keyed(begun)),
    complete: (begun: Begun, numbers?: readonly number[]) =>
      send(
        'POST',
        at(begun, '/complete') + keyed(begun),
        numbers && { parts: numbers.map((PartNumber) => ({ PartNumber, ETag: 'anything' })) },
      ),
    cancel: (begun: Begun) => send('DELETE', at(begun) + keyed(begun)),
  };
};

const USERS: FileServiceConfig['authenticate'] = ({ headers }) => {
  const id = headers['x-user'];
  if (id === undefined) throw new FileServiceError('unauthorized', 'No key.');
  return { id };
};

describe.each([
  ...availableStores().filter(({ name }) => name !== 's3rver'),
  {
    name: 'double that takes headers which were not signed',
    open: () => doubleStore({ quirks: { unsignedHeaders: 'honoured' } }),
  },
])('uploads straight to storage over $name', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;
  let scan: Scan;
  let permit: (path: string) => boolean;
  let told: UploadDetails[];

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    service = await startService(store, {
      direct: true,
      scan: (stream, info) => scan(stream, info),
      maxUploadBytes: 24 * MIB,
      uploadSecret: UPLOAD_SECRET,
      authenticate: USERS,
      authorize: ({ path }) => permit(path),
      onUploaded: (file, details) => {
        told.push(details);
        return { told: file.path };
      },
    });
  });
  beforeEach(() => {
    scan = () => true;
    permit = () => true;
    told = [];
  });
  afterEach(async () => {
    for (const key of await around.keys()) await around.remove(key);
    const s3 = client(store);
    const { Uploads = [] } = await s3.send(
      new ListMultipartUploadsCommand({ Bucket: store.bucket }),
    );
    s3.destroy();
    expect(Uploads.map(({ Key }) => Key)).toEqual([]);
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  const alice = () => companion(service, `${MOUNT}/_uploads`, { 'x-user': 'alice' });
  const begun = async (filename: string, more = {}): Promise<Begun> => {
    const answer = await alice().begin(filename, more);
    expect(answer.status, answer.text).toBe(200);
    return answer.json() as Begun;
  };
  /** Sends a part where its URL says, without any other credential. */
  const put = async (answer: Answer, body: Uint8Array): Promise<Response> => {
    const { url } = answer.json() as { url: string };
    return fetch(new URL(url, `http://127.0.0.1:${service.port}`), {
      method: 'PUT',
      body: Buffer.from(body),
    });
  };
  const send = async (upload: Begun, bytes: Uint8Array, size = PART): Promise<number[]> => {
    const numbers: number[] = [];
    for (let start = 0; start < Math.max(1, bytes.length); start += size) {
      const number = numbers.push(numbers.length + 1);
      const sent = await put(
        await alice().urlOf(upload, number),
        bytes.subarray(start, start + size),
      );
      expect([sent.status, sent.headers.get('etag')]).toEqual([
        200,
        expect.stringMatching(/^"[0-9a-f]{32}"$/),
      ]);
    }
    return numbers;
  };

  it.each([0, 1, PART, 12 * MIB])('store %i bytes, and tell of them', async (size) => {
    const bytes = randomBytes(size);
    const upload = await begun('in/a.bin', { type: 'application/x-mine' });
    expect(upload.key).toBe('in/a.bin');
    const numbers = await send(upload, bytes);
    const parts = (await alice().parts(upload)).json() as { PartNumber: number; Size: number }[];
    expect(parts.map(({ PartNumber }) => PartNumber)).toEqual(numbers);
    expect(await around.bytes('in/a.bin')).toBeUndefined();
    const answer = await alice().complete(upload, numbers);
    const { etag } = await around.look('in/a.bin');
    expect([answer.status, answer.json()]).toEqual([
      200,
      { location: `${MOUNT}/in/a.bin`, key: 'in/a.bin', etag, data: { told: 'in/a.bin' } },
    ]);
    const sum = (of: Uint8Array) => createHash('sha256').update(of).digest('hex');
    expect(sum((await around.bytes('in/a.bin')) ?? Buffer.alloc(0))).toBe(sum(bytes));
    expect(told.map(({ principal, upload: { via } }) => [principal?.id, via])).toEqual([
      ['alice', 'direct'],
    ]);
    const read = await service.ask({ path: '/in/a.bin', headers: { 'x-user': 'alice' } });
    expect(read.headers['content-type']).toBe('application/x-mine');
    expect(await around.keys()).toEqual(['in/a.bin']);
  });

  it('answer a repeated completion alike, with the same id', async () => {
    const upload = await begun('again.bin');
    const numbers = await send(upload, randomBytes(10));
    const first = await alice().complete(upload, numbers);
    const second = await alice().complete(upload, numbers);
    expect([second.status, second.json()]).toEqual([200, first.json()]);
    expect(told.length).toBe(2);
    expect(told[0]?.upload.id).toBe(told[1]?.upload.id);
  });

  it('give URLs for many parts at once', async () => {
    const upload = await begun('many.bin');
    const path = `multipart/${upload.uploadId}/batch?key=many.bin&partNumbers=`;
    const answer = await alice().send('GET', `${path}1,2,5`);
    const { presignedUrls } = answer.json() as { presignedUrls: Record<string, string> };
    expect(Object.keys(presignedUrls)).toEqual(['1', '2', '5']);
    for (const numbers of ['', '0', 'x', '1,', Array.from({ length: 101 }, () => 1).join()])
      expect((await alice().send('GET', path + numbers)).status).toBe(400);
    expect((await alice().cancel(upload)).status).toBe(200);
  });

  it('leave nothing when they are given up', async () => {
    const upload = await begun('gone.bin');
    await send(upload, randomBytes(10));
    const cancelled = await alice().cancel(upload);
    expect([cancelled.status, cancelled.json()]).toEqual([200, {}]);
    const answers = [await alice().complete(upload, [1]), await alice().parts(upload)];
    expect(answers.map(reasonOf)).toEqual(['upload_gone', 'upload_gone']);
    expect(await around.keys()).toEqual([]);
  });

  it('are the uploader’s: no other caller, key or container goes on with them', async () => {
    const upload = await begun('mine.bin');
    await send(upload, randomBytes(10));
    const bob = companion(service, `${MOUNT}/_uploads`, { 'x-user': 'bob' });
    const nobody = companion(service, `${MOUNT}/_uploads`, {});
    const other = { ...upload, key: 'other.bin' };
    const altered = {
      ...upload,
      uploadId: upload.uploadId.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
    };
    for (const [speaker, named, status] of [
      [bob, upload, 403],
      [nobody, upload, 401],
      [alice(), other, 404],
      [alice(), altered, 404],
    ] as const)
      for (const answer of [
        await speaker.urlOf(named, 1),
        await speaker.parts(named),
        await speaker.complete(named, [1]),
        await speaker.cancel(named),
      ])
        expect(answer.status).toBe(status);
    expect((await alice().complete(upload, [1])).status).toBe(200);
  });

  it('are refused before they begin where the caller may not, or the name is none', async () => {
    permit = (path) => !path.startsWith('secret/');
    expect((await alice().begin('secret/a.bin')).status).toBe(403);
    for (const name of ['../a', '', 'a/', '.s3files/a', '_uploads/x', 7])
      expect((await alice().begin(name as string)).status).toBe(400);
    await around.plant({ 'there.bin': { body: 'old' } });
    expect((await alice().begin('there.bin')).status).toBe(409);
  });

  it('ask for the right again at their end, and leave nothing when it was withdrawn', async () => {
    const upload = await begun('withdrawn.bin');
    const numbers = await send(upload, randomBytes(10));
    permit = () => false;
    expect((await alice().complete(upload, numbers)).status).toBe(403);
    permit = () => true;
    expect(await around.keys()).toEqual([]);
    await alice().cancel(upload);
  });

  it('replace nothing that came meanwhile', async () => {
    const upload = await begun('race.bin');
    const numbers = await send(upload, randomBytes(10));
    await around.plant({ 'race.bin': { body: 'first' } });
    const answer = await alice().complete(upload, numbers);
    expect([answer.status, reasonOf(answer)]).toEqual([409, 'already_exists']);
    expect((await around.bytes('race.bin'))?.toString()).toBe('first');
    expect(await around.keys()).toEqual(['race.bin']);
  });

  it('are refused without every part, and go on', async () => {
    const upload = await begun('holes.bin');
    const bytes = randomBytes(PART + 10);
    await put(await alice().urlOf(upload, 2), bytes.subarray(PART));
    for (const numbers of [undefined, [1, 2], [2], []])
      expect((await alice().complete(upload, numbers)).status).toBe(400);
    await put(await alice().urlOf(upload, 1), bytes.subarray(0, PART));
    for (const numbers of [[1], [1, 2, 3], [1, 1], ['1', '2']])
      expect((await alice().complete(upload, numbers as number[])).status).toBe(400);
    expect((await alice().complete(upload, [1, 2])).status).toBe(200);
    expect((await around.bytes('holes.bin'))?.equals(bytes)).toBe(true);
  });

  it('are refused when their parts are not of one size', async () => {
    const upload = await begun('uneven.bin');
    for (const [index, size] of [PART, PART + 1, 10].entries())
      await put(await alice().urlOf(upload, index + 1), randomBytes(size));
    const answer = await alice().complete(upload, [1, 2, 3]);
    expect([answer.status, reasonOf(answer)]).toEqual([400, 'invalid_body']);
    await alice().cancel(upload);
  });

  it('cannot be larger than they may be, whatever their sender signs', async () => {
    const upload = await begun('huge.bin');
    expect((await alice().urlOf(upload, 6)).status).toBe(413);
    // Five parts may be asked for; what each of them holds no signature bounds.
    for (let part = 1; part <= 5; part += 1)
      await put(await alice().urlOf(upload, part), randomBytes(PART));
    const answer = await alice().complete(upload, [1, 2, 3, 4, 5]);
    expect([answer.status, reasonOf(answer)]).toEqual([413, 'too_large']);
    expect(await around.keys()).toEqual([]);
    expect((await alice().parts(upload)).status).toBe(404);
  });

  it('give no URL behind the last part, and take no part that is larger than the file may be', async () => {
    const upload = await begun('attack.bin');
    const urls = await Promise.all(
      Array.from({ length: 100 }, (_, index) => alice().urlOf(upload, index + 1)),
    );
    expect(urls.map(({ status }) => status)).toEqual(
      urls.map((_, index) => (index < 5 ? 200 : 413)),
    );
    // One part with all of it: no signature bounds that, the end does.
    const first = urls[0];
    if (first === undefined) throw new Error('there is no first part');
    const sent = await put(first, randomBytes(24 * MIB + 1)).catch(() => undefined);
    if (sent?.ok === true) {
      const answer = await alice().complete(upload, [1]);
      expect([answer.status, reasonOf(answer)]).toEqual([413, 'too_large']);
    } else await alice().cancel(upload);
    expect((await alice().parts(upload)).status).toBe(404);
    expect(await around.keys()).toEqual([]);
  });

  it('are judged where nobody can read them', async () => {
    const seen: unknown[] = [];
    let polls = 0;
    scan = async (stream) => {
      let text = '';
      for await (const chunk of stream) text += Buffer.from(chunk).toString('latin1');
      const enough = polls + 100;
      while (polls < enough) await new Promise((resolve) => setTimeout(resolve, 1));
      return !text.includes(EICAR);
    };
    const upload = await begun('virus.txt');
    const bytes = Buffer.alloc(PART + 100, EICAR);
    const numbers = await send(upload, bytes);
    let answer: Answer | undefined;
    const completing = alice()
      .complete(upload, numbers)
      .then((came) => (answer = came));
    for (polls = 1; answer === undefined; polls += 1) {
      const read = await service.ask({ path: '/virus.txt', headers: { 'x-user': 'alice' } });
      if (read.status !== 404) seen.push([read.status, read.text.slice(0, 20)]);
    }
    const refused = await completing;
    expect([refused.status, reasonOf(refused), seen, told]).toEqual([
      403,
      'rejected_by_scan',
      [],
      [],
    ]);
    expect(polls).toBeGreaterThan(100);
    expect(await around.keys()).toEqual([]);
  });

  describe('by a ticket', () => {
    const ticket = async (query = '', folder = '/drop/'): Promise<string> => {
      const answer = await service.ask({
        method: 'POST',
        path: `${folder}?ticket=true${query}`,
        headers: { 'x-user': 'alice' },
      });
      expect(answer.status, answer.text).toBe(200);
      const { endpoint, expires_at } = answer.json() as { endpoint: string; expires_at: string };
      expect(endpoint).toMatch(new RegExp(`^${MOUNT}/_uploads/t/[\\w-]+$`));
      expect(Date.parse(expires_at)).toBeGreaterThan(Date.now());
      return endpoint;
    };

    it('go into its folder in the name of its maker, without any other credential', async () => {
      const guest = companion(service, await ticket(), {});
      const upload = (await guest.begin('sub/a.bin')).json() as Begun;
      expect(upload.key).toBe('drop/sub/a.bin');
      const bytes = randomBytes(100);
      expect((await put(await guest.urlOf(upload, 1), bytes)).status).toBe(200);
      expect((await guest.complete(upload, [1])).status).toBe(200);
      expect((await around.bytes('drop/sub/a.bin'))?.equals(bytes)).toBe(true);
      expect(told.map(({ principal }) => principal?.id)).toEqual(['alice']);
    });

    it('replace nothing and go nowhere else', async () => {
      await around.plant({ 'drop/there.bin': { body: 'old' } });
      const endpoint = await ticket();
      const guest = companion(service, endpoint, {});
      expect((await guest.begin('there.bin')).status).toBe(409);
      expect((await guest.begin('../a.bin')).status).toBe(400);
      for (const path of [endpoint, `${endpoint}/`, `${endpoint}/drop/`])
        expect((await ask(service.port, { path })).status).toBe(404);
    });

    it('obey its types, its size and its end', async () => {
      const guest = companion(service, await ticket('&types=image/*,text/plain&max_bytes=100'), {});
      expect((await guest.begin('a.bin', { type: 'application/x-other' })).status).toBe(415);
      const upload = (await guest.begin('a.png', { type: 'image/png' })).json() as Begun;
      expect((await guest.urlOf(upload, 2)).status).toBe(413);
      await put(await guest.urlOf(upload, 1), randomBytes(101)).catch(() => undefined);
      const refused = await guest.complete(upload, [1]);
      expect([400, 413]).toContain(refused.status);
      await guest.cancel(upload);
      expect(await around.keys()).toEqual([]);
      for (const query of ['&expires=0', '&expires=604801', '&types=png', '&max_bytes=x'])
        expect(
          (
            await service.ask({
              method: 'POST',
              path: `/drop/?ticket=true${query}`,
              headers: { 'x-user': 'alice' },
            })
          ).status,
        ).toBe(400);
    });

    it('are no more files than it takes, begun or sent in forms', async () => {
      const guest = companion(service, await ticket('&max_files=3'), {});
      await around.plant({ 'drop/there.bin': { body: 'old' } });
      const first = (await guest.begin('1.bin')).json() as Begun;
      // One that does not begin counts for nothing.
      expect((await guest.begin('there.bin')).status).toBe(409);
      expect((await guest.send('GET', 'params?filename=2.txt&type=text%2Fplain')).status).toBe(200);
      const third = (await guest.begin('3.bin')).json() as Begun;
      for (const answer of [
        await guest.begin('4.bin'),
        await guest.send('GET', 'params?filename=4.txt&type=text%2Fplain'),
      ])
        expect([answer.status, reasonOf(answer)]).toEqual([413, 'too_large']);
      for (const upload of [first, third]) expect((await guest.cancel(upload)).status).toBe(200);
      // Another ticket counts for itself.
      const other = companion(service, await ticket('&max_files=1'), {});
      const fifth = (await other.begin('5.bin')).json() as Begun;
      expect((await other.cancel(fifth)).status).toBe(200);
    });

    it('are nobody else’s: another caller’s credentials with it are refused', async () => {
      const endpoint = await ticket();
      const bob = companion(service, endpoint, { 'x-user': 'bob' });
      expect((await bob.begin('a.bin')).status).toBe(403);
      const altered = companion(service, `${endpoint.slice(0, -2)}AA`, {});
      expect((await altered.begin('a.bin')).status).toBe(404);
    });

    it('end with the right of its maker', async () => {
      const guest = companion(service, await ticket(), {});
      permit = () => false;
      expect((await guest.begin('a.bin')).status).toBe(403);
    });

    it('of small files are one form, to a link that takes it once', async () => {
      const guest = companion(service, await ticket('&max_bytes=1000'), {});
      const answer = await guest.send('GET', 'params?filename=note.txt&type=text%2Fplain');
      const { method, url, fields } = answer.json() as {
        method: string;
        url: string;
        fields: Record<string, string>;
      };
      expect([method, fields]).toEqual(['POST', { key: 'drop/note.txt' }]);
      const form = (body: string) =>
        formOf([
          { name: 'key', body: fields['key'] ?? '' },
          { name: 'file', filename: 'blob', type: 'text/html', body },
        ]);
      const post = (body: string) => ask(service.port, { method, path: url, ...form(body) });
      expect((await post('x'.repeat(1001))).status).toBe(413);
      const stored = await post('hello');
      expect([stored.status, stored.headers['etag']]).toEqual([
        201,
        (await around.look('drop/note.txt')).etag,
      ]);
      expect(stored.headers['location']).toBe(`${MOUNT}/drop/note.txt`);
      expect((await around.look('drop/note.txt')).content_type).toMatch(/^text\/plain/);
      expect((await post('again')).status).toBe(409);
    });
  });
});

describe('without `direct`', () => {
  it('there is no endpoint and no ticket, and credentials that change need a secret', async () => {
    const store = await doubleStore();
    const service = await startService(store);
    const begin = await service.ask({
      method: 'POST',
      path: '/_uploads/s3/multipart',
      ...json({ filename: 'a' }),
    });
    const ticket = await service.ask({ method: 'POST', path: '/drop/?ticket=true' });
    expect([begin.status, ticket.status]).toEqual([404, 404]);
    await service.close();
    const credentials = async () => ({ accessKeyId: 'a', secretAccessKey: 'b' });
    const start = (config: Partial<FileServiceConfig>) =>
      startService(store, { key: undefined, secret: undefined, credentials, ...config });
    await expect(start({ direct: true })).rejects.toThrow('`direct` needs an `uploadSecret`');
    const named = await start({ direct: true, uploadSecret: UPLOAD_SECRET });
    await named.close();
    await store.close();
  });
});
