// Cursors: whose secret seals them, and who can open them.
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileServiceConfig } from '../../../src/index.ts';
import { bypass } from '../../support/fixture.ts';
import { startService, type RunningService } from '../../support/service.ts';
import { availableStores, type Store } from '../../support/stores.ts';

const SECRET = 'a secret of the host';

/** What 0.1 sealed with when credentials came from a provider: nothing but public names. */
const publicKey = ({ bucket, region }: Store): Buffer =>
  createHash('sha256')
    .update(JSON.stringify(['cursor', bucket, region, 's3files', '']))
    .digest();

const forge = (key: Buffer, listing: string): string => {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(listing));
  const position = JSON.stringify({ next: undefined, openFolder: '' });
  const sealed = Buffer.concat([cipher.update(position, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
};

describe.each(availableStores())('cursors over $name', ({ open }) => {
  let store: Store;
  const running: RunningService[] = [];

  beforeAll(async () => {
    store = await open();
    const around = bypass(store);
    await around.plant({ 'a.txt': {}, 'b.txt': {}, 'c.txt': {} });
    around.close();
  });
  afterAll(async () => {
    await Promise.all(running.map((service) => service.close()));
    await store.close();
  });

  const start = async (config: Partial<FileServiceConfig> = {}): Promise<RunningService> => {
    const service = await startService(store, config);
    running.push(service);
    return service;
  };
  const provided = (): Partial<FileServiceConfig> => ({
    key: undefined,
    secret: undefined,
    credentials: async () => ({
      accessKeyId: store.accessKeyId,
      secretAccessKey: store.secretAccessKey,
    }),
  });
  const cursorOf = async (service: RunningService): Promise<string> => {
    const page = await service.ask({ path: '/?limit=1' });
    return (page.json() as { next_cursor: string }).next_cursor;
  };
  const statusOf = async (service: RunningService, cursor: string): Promise<number> =>
    (await service.ask({ path: `/?limit=1&cursor=${cursor}` })).status;

  it('is opened by every instance that has the same static credentials', async () => {
    const [one, other] = [await start(), await start()];
    expect(await statusOf(other, await cursorOf(one))).toBe(200);
  });

  it('is opened by every instance that has the same cursorSecret, whatever their credentials', async () => {
    const one = await start({ ...provided(), cursorSecret: SECRET });
    const other = await start({ cursorSecret: SECRET });
    expect(await statusOf(other, await cursorOf(one))).toBe(200);
  });

  it('is refused by an instance with another cursorSecret', async () => {
    const one = await start({ cursorSecret: SECRET });
    const other = await start({ cursorSecret: `${SECRET} too` });
    expect(await statusOf(other, await cursorOf(one))).toBe(400);
  });

  it('cannot be forged from public names when credentials come from a provider', async () => {
    const service = await start(provided());
    expect(await statusOf(service, await cursorOf(service))).toBe(200);
    const tenant = createHash('sha256').update('').digest('base64url');
    const listing = JSON.stringify([tenant, '', false, true, true, '']);
    expect(await statusOf(service, forge(publicKey(store), listing))).toBe(400);
  });
});
