// How an uploader of a page is told where to send: absolute wherever a browser says what it calls us.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MOUNT, startService, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const APP = 'https://app.example';
const EVIL = 'https://evil.example';

describe('the address of a form, a part or a ticket', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let service: RunningService;
  let named: RunningService;
  beforeAll(async () => {
    store = await doubleStore({ quirks: { unsignedHeaders: 'honoured' } });
    const config = { direct: true, cors: { origins: [APP] } };
    service = await startService(store, config);
    named = await startService(store, { ...config, publicUrl: 'https://files.example/f' });
  });
  afterAll(async () => {
    await service.close();
    await named.close();
    await store.close();
  });

  const addressesOf = async (
    { ask }: RunningService,
    headers: Readonly<Record<string, string>>,
  ): Promise<unknown[]> => {
    const url = async (method: string, path: string, body?: string) => {
      const answer = await ask({ method, path, headers, ...(body === undefined ? {} : { body }) });
      expect(answer.status, answer.text).toBe(200);
      return answer.json() as Record<string, string>;
    };
    const form = await url('GET', '/_uploads/s3/params?filename=a.txt');
    const ticket = await url('POST', '/in/?ticket=true');
    const begun = await url('POST', '/_uploads/s3/multipart', '{"filename":"b.bin"}');
    const upload = `/_uploads/s3/multipart/${begun['uploadId']}`;
    const part = await url('GET', `${upload}/1?key=b.bin`);
    await url('DELETE', `${upload}?key=b.bin`);
    return [form['url'], ticket['endpoint'], part['url']].map((address) =>
      address?.replace(/_uploads\/.*/, ''),
    );
  };

  it.each<[what: string, headers: Record<string, string>, origin: string]>([
    ['a page of our own', { Referer: `${APP}/page?x`, 'Sec-Fetch-Site': 'same-origin' }, APP],
    ['a write of such a page', { Origin: APP, 'Sec-Fetch-Site': 'same-origin' }, APP],
    [
      'an older browser',
      { Referer: 'http://own.example/', Host: 'own.example' },
      'http://own.example',
    ],
    ['a page of another origin', { Origin: APP, 'Sec-Fetch-Site': 'cross-site' }, ''],
    ['an older browser on another page', { Referer: `${APP}/`, Host: 'own.example' }, ''],
    ['a page without an origin', { Referer: 'data:,', 'Sec-Fetch-Site': 'same-origin' }, ''],
    ['nobody who says it', {}, ''],
  ])('names the origin for %s', async (_, headers, origin) => {
    expect(await addressesOf(service, headers)).toEqual(Array(3).fill(`${origin}${MOUNT}/`));
  });

  it('is what the host calls itself, whoever asks', async () => {
    const all: Record<string, string>[] = [
      {},
      { Referer: `${EVIL}/`, 'Sec-Fetch-Site': 'same-origin' },
    ];
    for (const headers of all)
      expect(await addressesOf(named, headers)).toEqual(Array(3).fill('https://files.example/f/'));
  });
});
