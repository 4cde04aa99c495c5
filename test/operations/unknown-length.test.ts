// Files whose length storage does not say: gzip that it decodes on the way out, as GCS does.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { startService, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const TEXT = 'how long this is nobody says\n'.repeat(10_000);

describe.each([true, false])('a file without a length, asked directly: %s', (leanCalls) => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let service: RunningService;

  beforeAll(async () => {
    store = await doubleStore({ quirks: { transcodesGzip: true } });
    store.double.seed(store.bucket, 'd/long.txt', gzipSync(TEXT), {
      contentType: 'text/plain',
      contentEncoding: 'gzip',
    });
    service = await startService(store, { leanCalls });
  });
  afterAll(async () => {
    await service.close();
    await store.close();
  });

  it('is served in chunks, whole', async () => {
    const answer = await service.ask({ path: '/d/long.txt' });
    expect([answer.status, answer.text]).toEqual([200, TEXT]);
    expect(answer.headers).toMatchObject({ 'transfer-encoding': 'chunked' });
    expect(answer.headers).not.toHaveProperty('content-length');
  });

  it('has null for its length in its properties', async () => {
    const answer = await service.ask({ path: '/d/long.txt?include_properties=true' });
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ path: 'd/long.txt', content_length: null });
  });

  it('has no Content-Length for HEAD either', async () => {
    const answer = await service.ask({ method: 'HEAD', path: '/d/long.txt' });
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('content-length');
  });

  it('is given as a whole to who asks for a range', async () => {
    const answer = await service.ask({ path: '/d/long.txt', headers: { Range: 'bytes=0-9' } });
    expect([answer.status, answer.text]).toEqual([200, TEXT]);
  });

  it('is in its content, as far as that may go', async () => {
    const path = '/d/long.txt?include_properties=true&content=true&is_base64=false';
    expect((await service.ask({ path })).json()).toMatchObject({ content: TEXT });
    const strict = await startService(store, { leanCalls, maxInlineBytes: TEXT.length - 1 });
    expect((await strict.ask({ path })).status).toBe(413);
    await strict.close();
  });
});
