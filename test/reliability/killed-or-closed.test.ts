// B60, B61: a service that is killed or closed in the middle of uploads.
import { createHash } from 'node:crypto';
import { CreateMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chunk, rawRequest } from '../support/raw-request.ts';
import { openRaw, type RawConnection } from '../support/raw.ts';
import { MOUNT } from '../support/service.ts';
import { startServiceChild, type ServiceChild } from '../support/service-child.ts';
import { availableStores, client, doubleStore, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';

const MIB = 2 ** 20;
const CONFIG = { partSize: 5 * MIB, timeouts: { idleMs: 20_000 } };

const begin = async (
  { child }: ServiceChild,
  path: string,
  headers: Record<string, string>,
  bytes: Buffer,
): Promise<RawConnection> => {
  const connection = await openRaw(child.port);
  connection.send(rawRequest({ method: 'PUT', target: MOUNT + path, headers }));
  connection.send(bytes);
  await until(() => connection.socket.writableLength === 0, { what: 'the bytes to go out' });
  return connection;
};

describe.each(availableStores())('B60 a service over $name that is killed', ({ open }) => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  it('leaves no part of a file, and the next one sweeps its uploads and no other', async () => {
    const s3 = client(store);
    const foreign = { Bucket: store.bucket, Key: 'tenant1/foreign' };
    await s3.send(new CreateMultipartUploadCommand(foreign));
    const uploads = async (): Promise<string[]> => {
      const listed = await s3.send(new ListMultipartUploadsCommand({ Bucket: store.bucket }));
      return (listed.Uploads ?? []).map(({ Key = '' }) => Key);
    };
    const first = await startServiceChild(store, CONFIG);
    expect((await first.ask({ method: 'PUT', path: '/single', body: 'old' })).status).toBe(201);
    const length = { 'Content-Length': `${8 * MIB}` };
    await begin(first, '/single', length, Buffer.alloc(4 * MIB));
    const unknown = { 'Transfer-Encoding': 'chunked' };
    await begin(first, '/parts', unknown, chunk(Buffer.alloc(12 * MIB)));
    await until(async () => (await uploads()).includes('tenant1/parts'), {
      what: 'the upload to begin',
    });
    await first.child.kill('SIGKILL');

    const second = await startServiceChild(store, CONFIG);
    expect((await second.ask({ path: '/single' })).text).toBe('old');
    expect((await second.ask({ path: '/parts' })).status).toBe(404);
    await until(
      async () => {
        second.child.send({ sweep: true });
        return (await uploads()).join() === 'tenant1/foreign';
      },
      { what: 'the sweep to leave the foreign upload alone', deadlineMs: 10_000, everyMs: 300 },
    );
    expect(second.child.unhandled).toEqual([]);
    await second.child.kill();
    s3.destroy();
  }, 60_000);
});

describe('B61 a service that is closed', () => {
  it('refuses new work, lets running uploads finish, and cuts those that do not', async () => {
    const store = await doubleStore();
    const service = await startServiceChild(store, CONFIG);
    const body = Buffer.alloc(MIB, 'b');
    const length = { 'Content-Length': `${2 * MIB}` };
    const running = await Promise.all(
      Array.from({ length: 5 }, (_, index) => begin(service, `/running/${index}`, length, body)),
    );
    await until(
      () => store.double.calls.filter(({ operation }) => operation === 'PutObject').length === 5,
      {
        what: 'five uploads to begin',
      },
    );
    service.child.send({ close: 2000 });
    await until(
      async () => {
        const { status, headers } = await service.ask({ path: '/' });
        return status === 503 && headers['connection'] === 'close';
      },
      { what: 'new work to be refused' },
    );
    // Four finish within the grace; the fifth never does.
    for (const connection of running.slice(0, 4)) connection.send(body);
    const answers = await Promise.all(running.map((connection) => connection.response()));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, undefined]);
    await until(() => service.child.messages.length > 0, { what: 'the service to be closed' });
    expect(service.child.messages).toEqual([{ closed: true }]);
    const md5 = createHash('md5')
      .update(Buffer.concat([body, body]))
      .digest('hex');
    const stored = [...store.double.objects(store.bucket)].map(([key, { etag }]) => [key, etag]);
    expect(stored).toEqual([0, 1, 2, 3].map((index) => [`tenant1/running/${index}`, `"${md5}"`]));
    expect(service.child.unhandled).toEqual([]);
    await service.child.kill();
    await store.close();
  }, 30_000);
});
