// The faults of the proxy that change what storage says, on a real store.
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';
import { commitThenSilence, unasked304, unaskedPart, webPage, withBody } from './faults.ts';
import { availableStores, client, type Store } from './stores.ts';
import { until } from './until.ts';

describe.each(availableStores())('in front of $name', ({ open }) => {
  let store: Store;
  let proxy: FaultProxy;
  let s3: S3Client;
  let truth: S3Client;

  beforeAll(async () => {
    store = await open();
    proxy = await startFaultProxy({ target: store.endpoint });
    s3 = client({ ...store, endpoint: proxy.endpoint });
    truth = client(store);
    const file = { Bucket: store.bucket, Key: 'file', Body: 'x'.repeat(100) };
    await truth.send(new PutObjectCommand(file));
  });
  afterEach(() => {
    proxy.heal();
    proxy.forget();
  });
  afterAll(async () => {
    s3.destroy();
    truth.destroy();
    await proxy.close();
    await store.close();
  });

  const put = (Key: string, abortSignal?: AbortSignal) =>
    s3.send(new PutObjectCommand({ Bucket: store.bucket, Key, Body: 'text' }), { abortSignal });
  const read = () => s3.send(new GetObjectCommand({ Bucket: store.bucket, Key: 'file' }));

  it('lets storage store, and says nothing', async () => {
    proxy.fail({ operation: 'PutObject', fault: commitThenSilence() });
    const waiting = new AbortController();
    const writing = put('quiet', waiting.signal).catch(({ name }: Error) => name);
    const head = new HeadObjectCommand({ Bucket: store.bucket, Key: 'quiet' });
    const isThere = () =>
      truth.send(head).then(
        () => true,
        () => false,
      );
    await until(isThere, { what: 'the object' });
    expect(proxy.calls.map(({ status }) => status)).toEqual([undefined]);
    waiting.abort();
    expect(await writing).toBe('AbortError');
  });

  it('adds a body to what storage says', async () => {
    proxy.fail({ operation: 'PutObject', fault: withBody('<Stored/>') });
    expect((await put('chatty')).ETag).toMatch(/1cb251ec0d568de6a929b520c4aed8d1/);
    expect(proxy.calls.map(({ bytesOut }) => bytesOut)).toEqual(['<Stored/>'.length]);
  });

  it('gives a part that was not asked for', async () => {
    proxy.fail({ operation: 'GetObject', fault: unaskedPart(5) });
    const { ContentRange, ContentLength, Body } = await read();
    expect([ContentRange, ContentLength, await Body?.transformToString()]).toEqual([
      'bytes 0-4/100',
      5,
      'xxxxx',
    ]);
  });

  it('says 304 to whoever asks without a condition', async () => {
    proxy.fail({ operation: 'GetObject', fault: unasked304() });
    const said = await read().catch((error: { $metadata: { httpStatusCode: number } }) => error);
    expect(said.$metadata.httpStatusCode).toBe(304);
  });

  it('gives a web page for a listing, and asks storage nothing', async () => {
    proxy.fail({ fault: webPage() });
    const answer = await fetch(`${proxy.endpoint}/${store.bucket}?list-type=2`);
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'text/html; charset=utf-8',
      expect.stringContaining('<!doctype html>'),
    ]);
    proxy.heal();
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: store.bucket }));
    expect(Contents.map(({ Key }) => Key)).toContain('file');
  });
});
