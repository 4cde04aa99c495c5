// What a scanner refuses is readable by nobody, not for a moment, whichever way it came; and what it allows is the file.
import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FileServiceConfig, Scan } from '../../src/index.ts';
import { bypass, type Bypass } from '../support/fixture.ts';
import { startPublicHost, type PublicHost } from '../support/public-host.ts';
import { startService, type Answer, type RunningService } from '../support/service.ts';
import { availableStores, doubleStore, type Store } from '../support/stores.ts';
import { UPLOAD_SECRET } from '../support/upload-link.ts';
import { hosted, uploadSteps, uploadWays, type UploadSteps } from '../support/upload-ways.ts';

// https://www.eicar.org/download-anti-malware-testfile/, in two pieces, so that no scanner refuses this file.
const EICAR = String.raw`X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR` + '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*';
// Behind enough other bytes that most of it has left for storage before the verdict.
const INFECTED = Buffer.concat([Buffer.from(EICAR), Buffer.alloc(300_000, '.')]);
const CLEAN = Buffer.alloc(300_000, 'clean\n');
const PRINCIPAL = { id: 'alice', roles: ['editor'], secret: 'of the host' };
const MODES = [false, true, 'keep'] as const;
const POLLS = 1000;

const errorOf = (answer: Answer): { reason: string; message: string } =>
  (answer.json() as { error: { reason: string; message: string } }).error;
const isOwn = (key: string): boolean => key.startsWith('.s3files/');

const bytesOf = async (stream: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};
const isClean: Scan = async (stream) => !(await bytesOf(stream)).includes(EICAR);

const config = (quarantine: boolean | 'keep', scan: Scan): Partial<FileServiceConfig> => ({
  scan,
  quarantine,
  importFromUrl: true,
  resumable: true,
  direct: true,
  partSize: 5 * 2 ** 20,
  uploadSecret: UPLOAD_SECRET,
  authenticate: () => PRINCIPAL,
});

/** Every way, by one request and by several. */
const waysOf = (bytes: Buffer): UploadSteps[] => [
  ...uploadWays(bytes, PRINCIPAL).map(({ question, ...way }) => ({
    ...way,
    send: (service: RunningService) => service.ask(question()),
  })),
  ...uploadSteps(bytes),
];

let outside: PublicHost;
let content = CLEAN;
beforeAll(async () => {
  outside = await startPublicHost((req, res) => res.end(hosted(content, req.url)));
});
afterAll(() => outside.close());

describe.each(MODES)('a file that is refused, quarantine %s', (quarantine) => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let service: RunningService;
  let polls = 0;
  let told: number;

  beforeAll(async () => {
    store = await doubleStore();
    content = INFECTED;
    service = await startService(store, {
      ...config(quarantine, async (stream) => {
        const bytes = await bytesOf(stream);
        // All bytes are there, and still nobody may see them.
        const enough = polls + POLLS / 2;
        while (polls < enough) await turn();
        return bytes.includes(EICAR) ? { allowed: false, message: 'It holds a virus.' } : true;
      }),
      // The verdict waits for the polls, however busy the machine is.
      timeouts: { hookMs: 60_000 },
      onUploaded: () => void (told += 1),
    });
  });
  beforeEach(() => {
    polls = 0;
    told = 0;
  });
  afterAll(async () => {
    await service.close();
    await store.close();
  });

  const readable = (): string[] =>
    [...store.double.objects(store.bucket)].map(([key]) => key).filter((key) => !isOwn(key));

  it.each(waysOf(INFECTED))('is never readable by $name', async ({ send, paths }) => {
    const seen: unknown[] = [];
    let answer: Answer | undefined;
    const asked = send(service).then((came) => (answer = came));
    for (polls = 1; answer === undefined || polls < POLLS; polls += 1) {
      seen.push(...readable());
      if (polls % 250 === 0)
        for (const path of [...paths.map((key) => `/${key}`), '/?full_tree=true&as_list=true']) {
          const { status, text } = await service.ask({ path });
          if (status !== 404 && text !== '{"resource":[]}') seen.push([path, status, text]);
        }
      await turn();
    }
    const refused = await asked;
    expect(seen).toEqual([]);
    expect([refused.status, errorOf(refused).reason, errorOf(refused).message]).toEqual([
      403,
      'rejected_by_scan',
      'Access Denied: It holds a virus.',
    ]);
    expect([readable(), told]).toEqual([[], 0]);
    const kept = [...store.double.objects(store.bucket).keys()];
    expect(kept.filter((key) => !key.startsWith('.s3files/quarantine/'))).toEqual([]);
    if (quarantine !== 'keep') expect(kept).toEqual([]);
    expect(store.double.uploads(store.bucket)).toEqual([]);
  });

  it('is readable by nobody where it is kept', async () => {
    const kept = [...store.double.objects(store.bucket).keys()];
    expect(kept.length > 0).toBe(quarantine === 'keep');
    for (const key of ['.s3files/', ...kept])
      expect((await service.ask({ path: `/${key}` })).status).toBe(400);
  });
});

describe.each(availableStores())('files that are judged where they are staged over $name', (at) => {
  let store: Store;
  let around: Bypass;
  let service: RunningService;
  let scan: Scan;

  beforeAll(async () => {
    store = await at.open();
    around = bypass(store);
    content = CLEAN;
    service = await startService(store, {
      ...config('keep', (stream, info) => scan(stream, info)),
      cacheEnabled: true,
      cacheTtl: 60,
      onError: () => {},
      timeouts: { hookMs: 2000 },
    });
  });
  beforeEach(() => {
    scan = isClean;
  });
  afterEach(async () => {
    for (const key of await around.keys()) await around.remove(key);
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  it.each(waysOf(CLEAN))('are the files, whole, by $name', async ({ via, send, paths }) => {
    const answer = await send(service);
    expect([200, 201, 204]).toContain(answer.status);
    expect((await around.keys()).toSorted()).toEqual(
      [...paths, ...(via === 'extract' ? ['in/in/'] : [])].toSorted(),
    );
    for (const path of paths) expect((await around.bytes(path))?.equals(CLEAN)).toBe(true);
    for (const path of paths) await service.ask({ method: 'DELETE', path: `/${path}` });
  });

  it('keep what was said of them', async () => {
    const sha = createHash('sha256').update(CLEAN).digest('base64');
    const headers = {
      'Content-Type': 'text/x-mine',
      'Content-Language': 'en',
      'X-File-Cache-Control': 'max-age=60',
      'X-Meta-Author': 'Zoë',
      'Repr-Digest': `sha-256=:${sha}:`,
    };
    await service.ask({ method: 'PUT', path: '/said.txt', headers, body: CLEAN });
    const answer = await service.ask({ path: '/said.txt' });
    expect(answer.headers).toMatchObject({
      'content-language': 'en',
      'cache-control': 'max-age=60, no-transform',
      'repr-digest': `sha-256=:${sha}:`,
    });
    const properties = await service.ask({ path: '/said.txt?include_properties=true' });
    expect(properties.json()).toMatchObject({
      content_type: 'text/x-mine',
      metadata: { author: 'Zoë' },
    });
  });

  it('replace only what they may', async () => {
    await around.plant({ 'there.txt': { body: 'old' } });
    const { etag } = await around.look('there.txt');
    const put = async (headers: Record<string, string>, method = 'PUT') =>
      (await service.ask({ method, path: '/there.txt', headers, body: 'new' })).status;
    expect([
      await put({}, 'POST'),
      await put({ 'If-None-Match': '*' }),
      await put({ 'If-Match': '"other"' }),
      (await around.bytes('there.txt'))?.toString(),
    ]).toEqual([409, 412, 412, 'old']);
    expect([
      await put({ 'If-Match': etag }),
      (await around.bytes('there.txt'))?.toString(),
    ]).toEqual([201, 'new']);
    expect(await around.keys()).toEqual(['there.txt']);
  });

  it('are empty files too', async () => {
    const answer = await service.ask({ method: 'PUT', path: '/empty.txt', body: '' });
    expect([answer.status, (await around.bytes('empty.txt'))?.length]).toEqual([201, 0]);
  });

  it('are put away for an operator when they are refused, with what was to become of them', async () => {
    scan = () => ({ allowed: false, message: 'It holds a virus.' });
    const headers = { 'Content-Type': 'text/plain' };
    await service.ask({ method: 'PUT', path: '/bad.txt', headers, body: 'bad' });
    const keys = await around.keys();
    expect(keys).toEqual([
      expect.stringMatching(/^\.s3files\/quarantine\/[0-9a-f-]{36}\/about\.json$/),
      expect.stringMatching(/^\.s3files\/quarantine\/[0-9a-f-]{36}\/file$/),
    ]);
    expect((await around.bytes(keys[1] ?? ''))?.toString()).toBe('bad');
    expect(JSON.parse(String(await around.bytes(keys[0] ?? '')))).toEqual({
      path: 'bad.txt',
      content_type: 'text/plain',
      content_length: 3,
      via: 'request',
      principal: { id: 'alice', roles: ['editor'] },
      refused_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
      message: 'Access Denied: It holds a virus.',
    });
  });

  it.each<[string, Scan]>([
    ['throws', () => Promise.reject(new Error('the scanner broke'))],
    ['never answers', () => new Promise(() => {})],
  ])('leave nothing when the scanner %s', async (_, failing) => {
    scan = failing;
    const answer = await service.ask({ method: 'PUT', path: '/a.txt', body: 'x' });
    expect([answer.status, errorOf(answer).reason]).toEqual([503, 'authorization_unavailable']);
    expect(await around.keys()).toEqual([]);
  });
});
