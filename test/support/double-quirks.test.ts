// The double as the stores that differ from AWS: each switch, and that it is off by default.
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, type SignedRequest } from './double-client.ts';
import { NO_QUIRKS, startDouble, type Double } from './double/index.ts';

const Bucket = 'bucket';

let double: Double;
let s3: S3Client;
let time = Date.now();

beforeAll(async () => {
  double = await startDouble({ minPartBytes: 1, now: () => time });
  s3 = new S3Client({
    endpoint: double.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'testaccess', secretAccessKey: 'testsecretkey' },
  });
});
afterEach(() => double.setQuirks(NO_QUIRKS));
afterAll(async () => {
  s3.destroy();
  await double.close();
});

const answerTo = async (asked: SignedRequest): Promise<string> => {
  const { status, code } = await ask(double.port, { time: new Date(time), ...asked });
  return `${status} ${code}`.trim();
};

const put = (target: string, headers: Record<string, string> = {}): SignedRequest => ({
  method: 'PUT',
  target,
  body: 'text',
  headers,
});

const DELETE = '<Delete><Object><Key>a</Key></Object></Delete>';
const deletion = (headers: Record<string, string>): SignedRequest => ({
  method: 'POST',
  target: '/bucket?delete',
  body: DELETE,
  headers,
});
const md5Of = (text: string) => ({
  'content-md5': createHash('md5').update(text).digest('base64'),
});
const MD5 = md5Of(DELETE);

describe('x-amz-* headers that were not signed, on a signed URL', () => {
  it.each(['x-amz-copy-source', 'x-amz-acl', 'x-amz-meta-note'])('%s', async (name) => {
    double.seed(Bucket, 'secret', 'another tenant');
    const key = `signed-${name}`;
    const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: key }));
    const value = { 'x-amz-copy-source': '/bucket/secret', 'x-amz-acl': 'public-read' }[name];
    const send = () => fetch(url, { method: 'PUT', headers: { [name]: value ?? 'v' } });
    const refused = await send();
    expect([refused.status, await refused.text()]).toEqual([
      403,
      expect.stringContaining('<Code>AccessDenied</Code>'),
    ]);
    double.setQuirks({ unsignedHeaders: 'honoured' });
    expect((await send()).status).toBe(200);
    const stored = double.objects(Bucket).get(key);
    if (name === 'x-amz-copy-source') expect(stored?.size).toBe('another tenant'.length);
    if (name === 'x-amz-meta-note') expect(stored?.metadata).toEqual({ note: 'v' });
  });
});

describe('writes', () => {
  it('are refused with 429 when they come twice a second for one key', async () => {
    double.setQuirks({ oneWriteASecond: true });
    expect(await answerTo(put('/bucket/often'))).toBe('200');
    expect(await answerTo(put('/bucket/often'))).toBe('429 TooManyRequests');
    expect(await answerTo(put('/bucket/other'))).toBe('200');
    time += 1000;
    expect(await answerTo(put('/bucket/often'))).toBe('200');
  });

  it('are refused without a digest', async () => {
    double.setQuirks({ writesNeedDigest: true });
    expect(await answerTo(put('/bucket/digest'))).toBe('400 InvalidRequest');
    expect(await answerTo(put('/bucket/digest', md5Of('text')))).toBe('200');
    const crc32 = { 'x-amz-checksum-crc32': 'AAAAAA==' };
    expect(await answerTo(put('/bucket/digest', crc32))).toBe('400 BadDigest');
  });

  it.each([
    ['quota', '403 QuotaExceeded'],
    ['disk', '507 XMinioStorageFull'],
  ] as const)('find no room: %s', async (full, expected) => {
    double.seed(Bucket, 'there', 'x');
    double.setQuirks({ full });
    expect(await answerTo(put('/bucket/room'))).toBe(expected);
    expect(await answerTo({ method: 'POST', target: '/bucket/room?uploads' })).toBe(expected);
    expect(await answerTo({ target: '/bucket/there' })).toBe('200');
    expect(await answerTo({ method: 'DELETE', target: '/bucket/there' })).toBe('204');
  });
});

describe('DeleteObjects', () => {
  it.each([
    ['taken', MD5, '200'],
    ['missing-501', MD5, '501 NotImplemented'],
    ['missing-400', MD5, '400 InvalidArgument'],
    ['no-checksum', { 'x-amz-checksum-crc32': 'AAAAAA==' }, '501 NotImplemented'],
    ['no-checksum', MD5, '200'],
    ['content-md5', { 'x-amz-checksum-crc32': 'AAAAAA==' }, '400 InvalidRequest'],
    ['content-md5', MD5, '200'],
  ] as const)('%s, asked with %o', async (batchDelete, headers, expected) => {
    double.setQuirks({ batchDelete });
    expect(await answerTo(deletion(headers))).toBe(expected);
  });
});

describe('reads', () => {
  it('give stored gzip decoded, without a length', async () => {
    const text = randomBytes(50_000).toString('hex');
    double.seed(Bucket, 'zipped', gzipSync(text), { contentEncoding: 'gzip' });
    double.setQuirks({ transcodesGzip: true });
    const { status, headers, body } = await ask(double.port, {
      target: '/bucket/zipped',
      time: new Date(time),
    });
    expect([status, headers['content-length'], headers['content-encoding'], body]).toEqual([
      200,
      undefined,
      undefined,
      text,
    ]);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'zipped' }));
    expect(head.ContentLength).toBeUndefined();
  });

  it('answer HEAD of the name of a folder', async () => {
    double.seed(Bucket, 'folder/file', 'x');
    expect(await answerTo({ method: 'HEAD', target: '/bucket/folder' })).toBe('404');
    double.setQuirks({ headsFolders: true });
    expect(await answerTo({ method: 'HEAD', target: '/bucket/folder' })).toBe('200');
    expect(await answerTo({ method: 'HEAD', target: '/bucket/fold' })).toBe('404');
  });

  it('list all prefixes in one element', async () => {
    for (const key of ['m/1/x', 'm/2/x', 'm/3']) double.seed(Bucket, key, '');
    double.setQuirks({ mergesPrefixes: true });
    const target = '/bucket?delimiter=%2F&list-type=2&prefix=m%2F';
    const { body } = await ask(double.port, { target, time: new Date(time) });
    expect(body).toContain(
      '<CommonPrefixes><Prefix>m/1/</Prefix><Prefix>m/2/</Prefix></CommonPrefixes>',
    );
    double.setQuirks(NO_QUIRKS);
    const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'm/', Delimiter: '/' }));
    expect(page.CommonPrefixes).toEqual([{ Prefix: 'm/1/' }, { Prefix: 'm/2/' }]);
  });
});

describe('what is no S3, or fails for some keys', () => {
  it.each(['GET', 'PUT', 'DELETE', 'POST', 'HEAD'])(
    'answers %s with a web page',
    async (method) => {
      double.setQuirks({ answersHtml: true });
      const { status, headers } = await ask(double.port, {
        method,
        target: '/bucket/page',
        body: 'x',
      });
      expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      expect(double.objects(Bucket).has('page')).toBe(false);
    },
  );

  it('fails every call for a poisoned key, and no other', async () => {
    for (const key of ['poison', 'sound']) double.seed(Bucket, key, 'x');
    double.setQuirks({ poisoned: /^poison$/ });
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE'])
      expect(await answerTo({ method, target: '/bucket/poison' })).toMatch(/^500/);
    expect(await answerTo({ target: '/bucket/sound' })).toBe('200');
    await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'sound' }))).resolves.toBeDefined();
  });

  it('is slowed down below one prefix, listings too', async () => {
    double.seed(Bucket, 'hot/a', 'x');
    double.seed(Bucket, 'cold/a', 'x');
    double.setQuirks({ slowDownBelow: 'hot/' });
    expect(await answerTo({ target: '/bucket/hot/a' })).toBe('503 SlowDown');
    expect(await answerTo({ target: '/bucket?list-type=2&prefix=hot%2F' })).toBe('503 SlowDown');
    expect(await answerTo({ target: '/bucket/cold/a' })).toBe('200');
    expect(await answerTo({ target: '/bucket?list-type=2&prefix=' })).toBe('200');
  });
});
