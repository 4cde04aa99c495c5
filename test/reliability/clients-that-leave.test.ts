// Three hundred clients that leave in the middle of an upload: nothing of them remains. R44, R150; finding 1.
import { ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bypass, type Bypass } from '../support/fixture.ts';
import { seededRandom } from '../support/random.ts';
import { openRaw } from '../support/raw.ts';
import { rawRequest } from '../support/raw-request.ts';
import { MOUNT } from '../support/service.ts';
import { inParallel, startServiceChild, type ServiceChild } from '../support/service-child.ts';
import { availableStores, client, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';

const LEAVERS = 300;
// Far fewer than leavers, so that one lost socket each would stop the service at once.
const SOCKETS = 16;
const MIB = 2 ** 20;

describe.each(availableStores())('on $name', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let s3: S3Client;
  let service: ServiceChild;

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    s3 = client(store);
    service = await startServiceChild(store, {
      maxSockets: SOCKETS,
      multipartThreshold: 5 * MIB,
      partSize: 5 * MIB,
    });
    expect(await service.upload('/kept.bin', 1000)).toBe(201);
  });
  afterAll(async () => {
    await service.child.kill();
    s3.destroy();
    around.close();
    await store.close();
  });

  /** Declares an upload, sends a part of it, and goes. */
  const leave = async (path: string, sent: number, { chunked = false, how = 'reset' } = {}) => {
    const connection = await openRaw(service.child.port);
    const headers: Record<string, string> = chunked
      ? { 'Transfer-Encoding': 'chunked' }
      : { 'Content-Length': `${sent + MIB}` };
    connection.send(rawRequest({ method: 'PUT', target: MOUNT + path, headers }));
    if (chunked) connection.send(`${(sent + MIB).toString(16)}\r\n`);
    connection.send(Buffer.alloc(sent, 'x'));
    await until(() => connection.socket.writableLength === 0, {
      what: 'the bytes to go out',
      deadlineMs: 20_000,
    });
    if (how === 'reset') connection.reset();
    else connection.close();
  };

  const audited = async (): Promise<number> => {
    const before = service.child.messages.length;
    service.child.send({ audited: true });
    await until(() => service.child.messages.length > before, { what: 'the count of events' });
    return (service.child.messages.at(-1) as { audited: number }).audited;
  };
  const uploads = async () => {
    const { Uploads = [] } = await s3.send(
      new ListMultipartUploadsCommand({ Bucket: store.bucket }),
    );
    return Uploads.map(({ Key }) => Key);
  };

  const expectNothingLeft = async (events: number): Promise<void> => {
    await until(async () => (await audited()) === events, {
      what: `${events} requests to end`,
      deadlineMs: 30_000,
      everyMs: 50,
    });
    const start = performance.now();
    const next = await service.ask({ path: '/kept.bin' });
    expect([next.status, next.body.length]).toEqual([200, 1000]);
    expect(performance.now() - start).toBeLessThan(1000);
    // Every socket of the pool can be had again, all at once.
    const all = await inParallel(4 * SOCKETS, 4 * SOCKETS, () =>
      service.ask({ path: '/kept.bin' }),
    );
    expect(all.filter(({ status }) => status !== 200)).toEqual([]);
    await until(async () => (await uploads()).length === 0, {
      what: 'open uploads to go',
      everyMs: 50,
    });
    expect(await around.keys()).toEqual(['tenant1/kept.bin']);
    expect(service.child.unhandled).toEqual([]);
  };

  it('nothing remains of bodies with a length', async () => {
    const seed = Date.now() % 100_000;
    const random = seededRandom(seed);
    const before = await audited();
    await inParallel(LEAVERS, 30, (index) =>
      leave(`/gone/${index}`, Math.floor(random() * 128 * 1024), {
        how: index % 2 === 0 ? 'reset' : 'close',
      }),
    );
    await expectNothingLeft(before + LEAVERS);
    await service.child.collectGarbage();
    await until(() => service.child.sockets() <= SOCKETS + 10, {
      what: `sockets to close, of ${service.child.sockets()}, seed ${seed}`,
    });
  }, 120_000);

  it('nothing remains of bodies of unknown length, whose parts are stored already', async () => {
    const before = await audited();
    await inParallel(20, 4, (index) => leave(`/parts/${index}`, 6 * MIB, { chunked: true }));
    await expectNothingLeft(before + 20);
  }, 120_000);

  it('an old file is what it was when its replacement is left', async () => {
    const old = await service.ask({ path: '/kept.bin' });
    const before = await audited();
    await inParallel(20, 20, () => leave('/kept.bin', 500));
    await expectNothingLeft(before + 20);
    const { headers, body } = await service.ask({ path: '/kept.bin' });
    expect([headers.etag, body]).toEqual([old.headers.etag, old.body]);
  }, 60_000);
});
