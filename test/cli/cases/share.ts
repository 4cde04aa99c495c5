// `share` on every store: a signed URL past a service, a link of a service through one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import Keyv from 'keyv';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { apiKeys, roles } from '../../../src/index.ts';
import { startService, type RunningService } from '../../support/service.ts';
import { environmentOf } from '../../support/service.ts';
import { availableStores, client, type Store } from '../../support/stores.ts';
import type { Run } from '../run.ts';

/** Asks a command line for links. */
export function askShare(s3files: Run): void {
  describe.each(availableStores())('on $name', ({ open }) => {
    let store: Store;
    let service: RunningService;
    let running: Record<string, string>;
    beforeAll(async () => {
      store = await open();
      const truth = client(store);
      for (const Key of ['cli/docs/a b.txt', 'docs/a b.txt'])
        await truth.send(new PutObjectCommand({ Bucket: store.bucket, Key, Body: 'hello' }));
      truth.destroy();
      service = await startService(store, {
        authenticate: apiKeys(
          { secret: { id: 'me', roles: ['member'] } },
          { allowAnonymous: true },
        ),
        authorize: roles({ member: [{ path: '**', allow: '*' }] }),
        linkStore: new Keyv(),
      });
      const S3FILES_URL = `http://127.0.0.1:${service.port}${service.mount}`;
      running = { S3FILES_URL, S3FILES_KEY: 'secret' };
    });
    afterAll(async () => {
      await service.close();
      await store.close();
    });

    const read = async (url: string): Promise<[number, string, string | null]> => {
      const response = await fetch(url.trim());
      const { status, headers } = response;
      return [status, await response.text(), headers.get('content-disposition')];
    };

    it('gives a URL of storage that reads one file, without a service', async () => {
      const env = environmentOf(store, 'cli');
      const { code, out } = await s3files(['share', 'docs/a b.txt', '--expires=90m'], { env });
      expect([code, new URL(out.trim()).searchParams.get('X-Amz-Expires')]).toEqual([0, '5400']);
      expect((await read(out)).slice(0, 2)).toEqual([200, 'hello']);
      const saving = await s3files(['share', '--download', 'docs/a b.txt'], { env });
      expect((await read(saving.out))[2]).toMatch(/^attachment/);
    });

    it('says what is wrong with the path or the time', async () => {
      const env = environmentOf(store, 'cli');
      const missing = await s3files(['share', 'nothing.txt'], { env });
      expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('does not exist')]);
      const long = await s3files(['share', '--expires=8d', 'docs/a b.txt'], { env });
      expect([long.code, long.err]).toEqual([1, expect.stringContaining('604800')]);
    });

    it('gives a link of a service, to a folder too, with what revokes it', async () => {
      const { code, out } = await s3files(['share', 'docs/', '--json'], { env: running });
      expect(code).toBe(0);
      const { url, id } = JSON.parse(out) as { url: string; id: string };
      expect((await read(url))[0]).toBe(200);
      const headers = { 'X-API-Key': 'secret' };
      const target = `${running['S3FILES_URL']}/_links/${id}`;
      expect((await fetch(target, { method: 'DELETE', headers })).status).toBe(200);
      expect((await read(url))[0]).toBe(404);
    });

    it('gives a link that opens once, and one that asks for a password', async () => {
      const once = await s3files(['share', 'docs/a b.txt', '--max-uses=1'], { env: running });
      expect([(await read(once.out))[1], (await read(once.out))[0]]).toEqual(['hello', 404]);
      const env = { ...running, S3FILES_LINK_PASSWORD: 'open sesame' };
      const { out } = await s3files(['share', 'docs/a b.txt'], { env });
      const [, text] = await read(out);
      expect(text).not.toContain('hello');
    });
  });
}
