// A folder of 25,001 files: every answer right, no call to storage too many, memory flat.
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MOUNT, startService, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const COUNT = 25_001;
const PAGES = Math.ceil(COUNT / 1000);
const nameOf = (index: number) => `f${String(index).padStart(5, '0')}.txt`;

describe('25,001 files', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let service: RunningService;
  /** Calls to storage by name, since the last look. */
  const calls = () => {
    const counts: Record<string, number> = {};
    for (const { operation } of store.double.calls)
      counts[operation] = (counts[operation] ?? 0) + 1;
    store.double.clearCalls();
    return counts;
  };
  const paths = async (path: string) => {
    const { json } = await service.ask({ path });
    return (json() as { resource: { path: string }[] }).resource.map((line) => line.path);
  };
  const all = Array.from({ length: COUNT }, (_, index) => `big/${nameOf(index)}`);

  beforeAll(async () => {
    store = await doubleStore();
    service = await startService(store, { timeouts: { requestMs: 60_000 } });
    for (const key of all) store.double.seed(store.bucket, key, '');
    // The first conditional copy asks storage what it can; that is none of this.
    store.double.seed(store.bucket, 'one', '');
    const body = '{"resource":[{"type":"file","source_path":"one","name":"two"}]}';
    await service.ask({ method: 'POST', path: '/', body });
    store.double.clearCalls();
  });
  afterAll(async () => {
    await service.close();
    await store.close();
  });

  it('E16 R174 are listed by one call a thousand', async () => {
    expect(await paths('/big/')).toEqual(all);
    expect(calls()).toEqual({ ListObjectsV2: PAGES });
  });

  it('are searched by one call a thousand', async () => {
    expect(await paths('/big/?search=F0001&full_tree=true')).toEqual(
      all.filter((key) => key.includes('f0001')),
    );
    expect(calls()).toEqual({ ListObjectsV2: PAGES });
  });

  it('are paged by one call a page', async () => {
    const { json } = await service.ask({ path: '/big/?limit=1000' });
    const { resource, next_cursor: cursor } = json() as { resource: object[]; next_cursor: string };
    expect([resource.length, (await paths(`/big/?limit=1000&cursor=${cursor}`))[0]]).toEqual([
      1000,
      'big/f01000.txt',
    ]);
    expect(calls()).toEqual({ ListObjectsV2: 2 });
  });

  it('are zipped without opening the empty ones', async () => {
    const head = await service.ask({ method: 'HEAD', path: '/big/?zip=true' });
    const { headers, body } = await service.ask({ path: '/big/?zip=true' });
    expect([head.headers['content-length'], headers['content-length']]).toEqual([
      String(body.length),
      String(body.length),
    ]);
    expect(calls()).toEqual({ ListObjectsV2: 2 * PAGES });
  });

  it('stream with flat memory to a slow reader', async () => {
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().external;
    let most = 0;
    let bytes = 0;
    await new Promise<void>((resolve, reject) => {
      const asking = request({ port: service.port, path: `${MOUNT}/big/` }, (answer) => {
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          const { arrayBuffers, external } = process.memoryUsage();
          most = Math.max(most, arrayBuffers + external - before);
        });
        answer.on('end', resolve);
      });
      asking.on('error', reject);
      asking.end();
    });
    expect(bytes).toBeGreaterThan(4 * 2 ** 20);
    expect(most).toBeLessThan(32 * 2 ** 20);
    calls();
  });

  it('are copied by one call each, and what it takes to list them', async () => {
    const body = '{"resource":[{"type":"folder","source_path":"big","name":"copy"}]}';
    const answer = await service.ask({ method: 'POST', path: '/', body });
    expect(answer.json()).toEqual({ resource: [{ name: 'copy', path: 'copy/', type: 'folder' }] });
    expect(calls()).toEqual({ ListObjectsV2: PAGES + 1, CopyObject: COUNT });
    const keys = [...store.double.objects(store.bucket).keys()];
    expect(keys.filter((key) => key.startsWith('copy/')).length).toBe(COUNT);
  }, 120_000);

  it('are deleted by one call a thousand, no byte read', async () => {
    const answer = await service.ask({ method: 'DELETE', path: '/big/?force=true' });
    expect([answer.status, answer.json()]).toEqual([200, { name: 'big', path: 'big/' }]);
    expect(calls()).toEqual({ ListObjectsV2: PAGES, DeleteObjects: PAGES });
    expect(
      [...store.double.objects(store.bucket).keys()].some((key) => key.startsWith('big/')),
    ).toBe(false);
  });
});
