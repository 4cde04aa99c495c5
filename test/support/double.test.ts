import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { request, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
  type ListMultipartUploadsCommandOutput,
  type ListObjectsV2CommandInput,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, exchange, sha256, sign, signedChunks } from './double-client.ts';
import { startDouble, type Double } from './double/index.ts';
import { until } from './until.ts';

const Bucket = 'bucket';
const GIB = 1024 ** 3;

let double: Double;
let s3: S3Client;

const clientOf = (endpoint: string): S3Client =>
  new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'testaccess', secretAccessKey: 'testsecretkey' },
  });

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

// A failure of the SDK in two words.
const failureOf = (sent: Promise<unknown>): Promise<string> =>
  sent.then(
    () => 'ok',
    (error: { name: string; $metadata?: { httpStatusCode?: number } }) =>
      `${error.$metadata?.httpStatusCode ?? 'none'} ${error.name}`,
  );

const textOf = (key: string): string =>
  Buffer.from(double.objects(Bucket).get(key)?.bytes() ?? []).toString();

const statusOf = async (asked: Parameters<typeof ask>[1]): Promise<string> => {
  const { status, code } = await ask(double.port, asked);
  return `${status} ${code}`.trim();
};

const put = (target: string, body: string, headers: Record<string, string> = {}) =>
  ask(double.port, { method: 'PUT', target, body, headers });

beforeAll(async () => {
  double = await startDouble({ buckets: [Bucket, 'list', 'other'], minPartBytes: 10 });
  s3 = clientOf(double.endpoint);
});

beforeEach(() => {
  double.clearFaults();
  double.clearCalls();
});

afterAll(async () => {
  s3.destroy();
  await double.close();
});

describe('authentication', () => {
  it.each([
    ['a wrong secret', { secretAccessKey: 'wrong' }, '403 SignatureDoesNotMatch'],
    ['an unknown key', { accessKeyId: 'nobody' }, '403 InvalidAccessKeyId'],
    ['another region', { region: 'eu-west-1' }, '400 AuthorizationHeaderMalformed'],
    ['a late clock', { time: new Date(Date.now() - 16 * 60_000) }, '403 RequestTimeTooSkewed'],
    ['an early clock', { time: new Date(Date.now() + 16 * 60_000) }, '403 RequestTimeTooSkewed'],
    ['an unsigned x-amz- header', { unsigned: { 'x-amz-acl': 'private' } }, '403 AccessDenied'],
    ['a changed signed header', { unsigned: { host: 'elsewhere' } }, '403 SignatureDoesNotMatch'],
    ['a bucket that is not there', { target: '/nowhere/key' }, '404 NoSuchBucket'],
    ['a path signed as it is, not encoded', { target: '/bucket/(' }, '403 SignatureDoesNotMatch'],
    ['an unsigned header of no weight', { unsigned: { 'x-note': '1' } }, '404 NoSuchKey'],
  ])('answers a request with %s', async (_what, asked, expected) => {
    expect(await statusOf({ target: '/bucket/none', ...asked })).toBe(expected);
  });

  it('refuses a request without a signature', async () => {
    const { status, code } = await exchange(double.port, 'GET', '/bucket/none', {});
    expect({ status, code }).toEqual({ status: 403, code: 'AccessDenied' });
  });

  it('refuses a body that is not the one that was hashed', async () => {
    const asked = { method: 'PUT', target: '/bucket/tampered', payloadHash: sha256('signed') };
    expect(await statusOf({ ...asked, body: 'other!' })).toBe('400 XAmzContentSHA256Mismatch');
    expect(await statusOf({ ...asked, body: 'signed' })).toBe('200');
  });

  it('takes signed URLs, and refuses them changed, for another method or late', async () => {
    let time = Date.now();
    const dated = await startDouble({ now: () => time });
    dated.seed(Bucket, 'a b', 'signed');
    const client = clientOf(dated.endpoint);
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'a b' }), {
      expiresIn: 60,
    });
    const answer = async (address: string, init?: RequestInit) => {
      const response = await fetch(address, init);
      return [response.status, /<Code>(.*)<\/Code>/.exec(await response.text())?.[1]];
    };
    expect(await answer(url)).toEqual([200, undefined]);
    expect(await answer(url.replace('a%20b', 'a%20c'))).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await answer(url, { method: 'DELETE' })).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await answer(url.replace('Expires=60', 'Expires=604801'))).toEqual([
      400,
      'AuthorizationQueryParametersError',
    ]);
    time += 61_000;
    expect(await answer(url)).toEqual([403, 'AccessDenied']);
    time -= 20 * 60_000;
    expect(await answer(url)).toEqual([403, 'AccessDenied']);
    client.destroy();
    await dated.close();
  });

  it('serves the bucket in the host name', async () => {
    double.seed(Bucket, 'hosted', 'by name');
    const asked = { target: '/hosted', headers: { host: 'bucket.localhost' } };
    expect((await ask(double.port, asked)).body).toBe('by name');
  });
});

describe('keys', () => {
  it.each([
    'plain.txt',
    'a b+c&d=e?f#g%25',
    'a//b',
    '/lead',
    './a/../b',
    '..',
    'quote\'"()*!~',
    '\u{1f600}/\u00fc/\ufeff',
    '\ufeffbom',
    'tab\tand\u0001control',
    'line\r\nbreak',
    '<&>',
    'k'.repeat(1024),
  ])('keeps the key %j as it is, in every operation', async (Key) => {
    await s3.send(new PutObjectCommand({ Bucket: 'other', Key, Body: Key }));
    const got = await s3.send(new GetObjectCommand({ Bucket: 'other', Key }));
    const listed = await s3.send(new ListObjectsV2Command({ Bucket: 'other' }));
    const deleted = await s3.send(
      new DeleteObjectsCommand({ Bucket: 'other', Delete: { Objects: [{ Key }] } }),
    );
    expect(await got.Body?.transformToString()).toBe(Key);
    expect(listed.Contents?.map((entry) => entry.Key)).toEqual([Key]);
    expect(deleted.Deleted).toEqual([{ Key }]);
    expect(double.objects('other').size).toBe(0);
  });

  it.each([
    ['more than 1024 bytes', `/bucket/${'%C3%BC'.repeat(513)}`, '400 KeyTooLongError'],
    ['invalid UTF-8', '/bucket/%ff', '400 InvalidURI'],
    ['an overlong slash', '/bucket/%c0%af', '400 InvalidURI'],
    ['a bare percent', '/bucket/%zz', '400 InvalidURI'],
    ['a sub-resource that is not there', '/bucket/key?torrent', '501 NotImplemented'],
    ['the first version of listing', '/bucket?prefix=a', '501 NotImplemented'],
  ])('refuses %s', async (_what, target, expected) => {
    expect(await statusOf({ target })).toBe(expected);
  });
});

describe('PutObject', () => {
  it('returns what it was given', async () => {
    const given = {
      ContentType: 'text/x-note',
      CacheControl: 'max-age=5',
      ContentDisposition: 'attachment; filename="a.txt"',
      ContentEncoding: 'identity',
      ContentLanguage: 'de',
      StorageClass: 'STANDARD_IA' as const,
      ServerSideEncryption: 'AES256' as const,
      Metadata: { owner: 'me', under_score: '1' },
    };
    const stored = await s3.send(
      new PutObjectCommand({ Bucket, Key: 'attributes', Body: 'x', ...given }),
    );
    const head = await s3.send(
      new HeadObjectCommand({ Bucket, Key: 'attributes', ChecksumMode: 'ENABLED' }),
    );
    expect(stored.ServerSideEncryption).toBe('AES256');
    expect(head.LastModified?.getMilliseconds()).toBe(0);
    expect(head).toEqual({
      ...given,
      ETag: `"${md5('x')}"`,
      ContentLength: 1,
      AcceptRanges: 'bytes',
      ChecksumCRC32: 'jNwWgw==',
      ChecksumType: 'FULL_OBJECT',
      LastModified: head.LastModified,
      $metadata: head.$metadata,
    });
  });

  it('takes a stream in the aws-chunked framing and checks its trailer', async () => {
    const Body = Readable.from([Buffer.alloc(9000, 'a'), Buffer.alloc(9000, 'b')]);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'stream', Body, ContentLength: 18_000 }));
    const view = double.objects(Bucket).get('stream');
    expect(view?.etag).toBe(`"${md5('a'.repeat(9000) + 'b'.repeat(9000))}"`);
    expect(view?.contentEncoding).toBeUndefined();
    expect(double.calls[0]?.headers['x-amz-trailer']).toBe('x-amz-checksum-crc32');
  });

  const framing = (crc: string, size = 5) => ({
    method: 'PUT',
    target: '/bucket/framed',
    payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    headers: {
      'x-amz-decoded-content-length': String(size),
      'x-amz-trailer': 'x-amz-checksum-crc32',
    },
    body: `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${crc}\r\n\r\n`,
  });

  it.each([
    ['a right trailer', framing('NhCmhg=='), '200'],
    ['a wrong trailer', framing('AAAAAA=='), '400 BadDigest'],
    ['another length than announced', framing('NhCmhg==', 6), '400 IncompleteBody'],
    [
      'a missing trailer',
      { ...framing(''), body: '5\r\nhello\r\n0\r\n\r\n' },
      '400 MalformedTrailerError',
    ],
    ['bytes that are no framing', { ...framing(''), body: 'hello' }, '400 IncompleteBody'],
    [
      'a short chunk before the last',
      { ...framing('NhCmhg=='), body: '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n' },
      '403 InvalidChunkSizeError',
    ],
  ])('answers a framed body with %s', async (_what, asked, expected) => {
    expect(await statusOf(asked)).toBe(expected);
  });

  it('verifies the signature of every chunk', async () => {
    const pieces = ['a'.repeat(8192), 'end'];
    const asked = {
      method: 'PUT',
      target: '/bucket/signed-chunks',
      payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      headers: { 'x-amz-decoded-content-length': '8195' },
    };
    const signed = sign(`127.0.0.1:${double.port}`, asked);
    const body = signedChunks(signed, pieces);
    const send = (bytes: string) =>
      exchange(
        double.port,
        'PUT',
        asked.target,
        { ...signed.headers, 'content-length': bytes.length },
        bytes,
      );
    expect((await send(body)).status).toBe(200);
    expect((await send(body.replace('\r\nend\r\n', '\r\nEnd\r\n'))).code).toBe(
      'SignatureDoesNotMatch',
    );
    expect(textOf('signed-chunks')).toBe(pieces.join(''));
  });

  it.each([
    ['content-md5', 'not base64', '400 InvalidDigest'],
    ['content-md5', Buffer.alloc(16).toString('base64'), '400 BadDigest'],
    ['content-md5', createHash('md5').update('123456789').digest('base64'), '200'],
    ['x-amz-checksum-crc32', 'y/Q5Jg==', '200'],
    ['x-amz-checksum-crc32', 'AAAAAA==', '400 BadDigest'],
    ['x-amz-checksum-crc32', 'short', '400 InvalidRequest'],
    // The check values of the catalogue of CRC algorithms, for "123456789".
    ['x-amz-checksum-crc32c', Buffer.from('e3069283', 'hex').toString('base64'), '200'],
    ['x-amz-checksum-crc64nvme', Buffer.from('ae8b14860a799888', 'hex').toString('base64'), '200'],
    ['x-amz-checksum-sha1', createHash('sha1').update('123456789').digest('base64'), '200'],
    ['x-amz-checksum-sha256', createHash('sha256').update('123456789').digest('base64'), '200'],
    ['x-amz-checksum-sha256', Buffer.alloc(32).toString('base64'), '400 BadDigest'],
    ['x-amz-sdk-checksum-algorithm', 'CRC32', '400 InvalidRequest'],
  ])('checks %s: %s', async (name, value, expected) => {
    const asked = { method: 'PUT', target: '/bucket/checked', body: '123456789' };
    expect(await statusOf({ ...asked, headers: { [name]: value } })).toBe(expected);
  });

  it('wants a length', async () => {
    const asked = { method: 'PUT', target: '/bucket/lengthless', withLength: false };
    const chunked = { ...asked, unsigned: { 'transfer-encoding': 'chunked' }, body: 'x' };
    expect(await statusOf(chunked)).toBe('411 MissingContentLength');
    // A bare socket, for Node adds the length of an empty body by itself.
    const { headers } = sign(`127.0.0.1:${double.port}`, asked);
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const socket = connect(double.port, '127.0.0.1');
    socket.write(`PUT ${asked.target} HTTP/1.1\r\n${head.join('')}\r\n`);
    // The event carries the bytes alone.
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(data.toString()).toMatch(/^HTTP\/1.1 411 /);
    socket.destroy();
  });

  it('refuses more than 5 GiB before the body and 2 KB of metadata', async () => {
    const framed = framing('');
    const huge = { ...framed.headers, 'x-amz-decoded-content-length': String(5 * GIB + 1) };
    expect(await statusOf({ ...framed, headers: huge })).toBe('400 EntityTooLarge');
    const { code } = await put('/bucket/meta', 'x', { 'x-amz-meta-a': 'x'.repeat(2048) });
    expect(code).toBe('MetadataTooLarge');
  });

  it('shows nothing of a body whose client went away', async () => {
    const signed = sign(`127.0.0.1:${double.port}`, { method: 'PUT', target: '/bucket/torn' });
    const req = request({
      port: double.port,
      host: '127.0.0.1',
      method: 'PUT',
      path: '/bucket/torn',
      headers: { ...signed.headers, 'content-length': 100_000 },
    });
    req.on('error', () => {});
    req.write(Buffer.alloc(50_000));
    await until(() => double.calls[0]?.bytesIn === 50_000, { what: 'half of the body' });
    req.destroy();
    expect((await put('/bucket/after', 'x')).status).toBe(200);
    expect(double.objects(Bucket).has('torn')).toBe(false);
    expect(double.calls[0]).toMatchObject({ status: undefined, complete: false });
  });

  it('asks for the body only when the headers are right', async () => {
    const asked = { method: 'PUT', target: '/bucket/expect' };
    const continues = async (secretAccessKey: string) => {
      const signed = sign(`127.0.0.1:${double.port}`, { ...asked, secretAccessKey });
      const req = request({
        port: double.port,
        host: '127.0.0.1',
        method: 'PUT',
        path: asked.target,
        headers: { ...signed.headers, 'content-length': 1, expect: '100-continue' },
      });
      let isAsked = false;
      req.on('continue', () => {
        isAsked = true;
        req.end('x');
      });
      req.flushHeaders();
      // The second value of an event's arguments does not exist.
      const [res] = (await once(req, 'response')) as [IncomingMessage];
      res.resume();
      req.destroy();
      return [isAsked, res.statusCode];
    };
    expect(await continues('testsecretkey')).toEqual([true, 200]);
    expect(await continues('wrong')).toEqual([false, 403]);
  });
});

describe('conditional writes', () => {
  it('lets exactly one of a race with If-None-Match: * win', async () => {
    const racers = Array.from({ length: 20 }, (_none, index) =>
      failureOf(
        s3.send(new PutObjectCommand({ Bucket, Key: 'race', Body: `${index}`, IfNoneMatch: '*' })),
      ),
    );
    const outcomes = (await Promise.all(racers)).sort();
    expect(outcomes).toEqual([...Array<string>(19).fill('412 PreconditionFailed'), 'ok']);
  });

  it.each([
    ['the ETag', `"${md5('old')}"`, '200'],
    ['the ETag without quotes', md5('old'), '200'],
    ['another ETag', '"stale"', '412 PreconditionFailed'],
  ])('answers If-Match with %s', async (_what, etag, expected) => {
    double.seed(Bucket, 'if-match', 'old');
    const { status, code } = await put('/bucket/if-match', 'new', { 'if-match': etag });
    expect(`${status} ${code}`.trim()).toBe(expected);
  });

  it('answers If-Match of what is not there with NoSuchKey', async () => {
    const { status, code } = await put('/bucket/never', 'new', { 'if-match': '"x"' });
    expect([status, code]).toEqual([404, 'NoSuchKey']);
  });

  it('deletes under If-Match only what matches', async () => {
    double.seed(Bucket, 'kept', 'x');
    const remove = (IfMatch: string) =>
      failureOf(s3.send(new DeleteObjectCommand({ Bucket, Key: 'kept', IfMatch })));
    expect(await remove('"other"')).toBe('412 PreconditionFailed');
    expect(await remove(`"${md5('x')}"`)).toBe('ok');
    expect(await remove('"other"')).toBe('ok');
  });

  it('ignores the conditions of writes when told to', async () => {
    const loose = await startDouble({ conditionalWrites: false });
    loose.seed(Bucket, 'there', 'x');
    const headers = { 'if-none-match': '*', 'if-match': '"stale"' };
    const asked = { method: 'PUT', target: '/bucket/there', body: 'y', headers };
    expect((await ask(loose.port, asked)).status).toBe(200);
    await loose.close();
  });
});

describe('GetObject', () => {
  const lastModified = new Date('2024-05-01T00:00:00Z');
  const etag = `"${md5('0123456789')}"`;

  beforeAll(() => {
    const attributes = { lastModified, contentType: 'text/plain', cacheControl: 'max-age=1' };
    double.seed(Bucket, 'ten', '0123456789', attributes);
    double.seed(Bucket, 'empty', '');
  });

  it.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=8-', 206, '89', 'bytes 8-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-30', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=5-100', 206, '56789', 'bytes 5-9/10'],
    ['bytes=5-2', 200, '0123456789', undefined],
    ['bytes=0-1,3-4', 200, '0123456789', undefined],
    ['lines=0-1', 200, '0123456789', undefined],
  ])('answers Range %s', async (range, status, body, contentRange) => {
    const answer = await ask(double.port, { target: '/bucket/ten', headers: { range } });
    expect([answer.status, answer.body, answer.headers['content-range']]).toEqual([
      status,
      body,
      contentRange,
    ]);
  });

  it.each([
    ['ten', 'bytes=10-', '10'],
    ['ten', 'bytes=-0', '10'],
    ['empty', 'bytes=0-0', '0'],
    ['empty', 'bytes=-1', '0'],
  ])('answers 416 with the size for %s %s', async (key, range, size) => {
    const answer = await ask(double.port, { target: `/bucket/${key}`, headers: { range } });
    expect([answer.status, answer.code]).toEqual([416, 'InvalidRange']);
    expect(answer.body).toContain(`<ActualObjectSize>${size}</ActualObjectSize>`);
  });

  const before = 'Tue, 30 Apr 2024 00:00:00 GMT';
  const after = 'Thu, 02 May 2024 00:00:00 GMT';

  // RFC 9110 section 13.2.2.
  it.each([
    [{ 'if-match': '"other"' }, 412],
    [{ 'if-match': `"other", ${etag}` }, 200],
    [{ 'if-match': etag, 'if-unmodified-since': before }, 200],
    [{ 'if-unmodified-since': before }, 412],
    [{ 'if-unmodified-since': after }, 200],
    [{ 'if-none-match': etag }, 304],
    [{ 'if-none-match': `W/${etag}` }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"other"', 'if-modified-since': after }, 200],
    [{ 'if-modified-since': lastModified.toUTCString() }, 304],
    [{ 'if-modified-since': before }, 200],
    [{ 'if-modified-since': 'no date' }, 200],
  ])('answers %j with %i', async (headers, status) => {
    const given = Object.fromEntries(Object.entries(headers));
    const get = await ask(double.port, { target: '/bucket/ten', headers: given });
    const asked = { method: 'HEAD', target: '/bucket/ten', headers: given };
    const head = await ask(double.port, asked);
    expect([get.status, head.status, head.body]).toEqual([status, status, '']);
  });

  it('keeps the validators and Cache-Control in a 304', async () => {
    const asked = { target: '/bucket/ten', headers: { 'if-none-match': etag } };
    const { headers, body } = await ask(double.port, asked);
    expect([headers.etag, headers['last-modified'], headers['cache-control'], body]).toEqual([
      etag,
      'Wed, 01 May 2024 00:00:00 GMT',
      'max-age=1',
      '',
    ]);
  });

  it('overrides headers on demand, and refuses what is not ISO-8859-1', async () => {
    const target = '/bucket/ten?response-content-type=a%2Fb&response-cache-control=no-store';
    const { headers } = await ask(double.port, { target });
    expect([headers['content-type'], headers['cache-control']]).toEqual(['a/b', 'no-store']);
    const bad = '/bucket/ten?response-content-disposition=a%0D%0Ab';
    expect(await statusOf({ target: bad })).toBe('400 InvalidArgument');
  });

  it('answers an error with what S3 tells, and a HEAD with nothing', async () => {
    const get = await ask(double.port, { target: '/bucket/no%3Cpe' });
    expect(get.body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code>' +
        '<Message>The specified key does not exist.</Message><Key>no&lt;pe</Key>' +
        '<Resource>/bucket/no&lt;pe</Resource><RequestId>S3DOUBLEREQUEST000001</RequestId>' +
        '<HostId>s3double-host-id-1</HostId></Error>',
    );
    const head = await ask(double.port, { method: 'HEAD', target: '/bucket/nope' });
    expect([head.status, head.body]).toEqual([404, '']);
  });

  it('serves a sparse object of 5 GiB by its ranges', async () => {
    double.sparse(Bucket, 'sparse', 5 * GIB);
    const range = `bytes=${5 * GIB - 3}-`;
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'sparse', Range: range }));
    expect([...((await got.Body?.transformToByteArray()) ?? [])]).toEqual([0, 0, 0]);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'sparse' }));
    expect(head.ContentLength).toBe(5 * GIB);
  });

  it('stops writing when the client stops reading', async () => {
    double.sparse(Bucket, 'flood', 200 * 1024 * 1024);
    const signed = sign(`127.0.0.1:${double.port}`, { target: '/bucket/flood' });
    const head = Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const socket = connect(double.port, '127.0.0.1');
    socket.pause();
    socket.write(`GET /bucket/flood HTTP/1.1\r\n${head.join('')}\r\n`);
    let last = -1;
    const isStill = () => {
      const now = double.calls[0]?.bytesOut ?? 0;
      const same = now === last && now > 0;
      last = now;
      return same;
    };
    await until(isStill, { what: 'the double to stop writing', everyMs: 100 });
    expect(last).toBeLessThan(100 * 1024 * 1024);
    const sockets = double.openSockets();
    socket.destroy();
    await until(() => double.openSockets() < sockets, { what: 'the socket to close' });
    expect(double.calls[0]?.complete).toBe(false);
  });
});

describe('ListObjectsV2', () => {
  const keys = ['a', 'b/1', 'b/2', 'b0', 'c//x', 'c/y', '\uffee', '\u{1f600}'];

  beforeAll(() => {
    // Not in order, so that the order is the double's.
    for (const key of keys.toReversed()) double.seed('list', key, key);
  });

  const list = async (input: Partial<ListObjectsV2CommandInput>) => {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: 'list', ...input }));
    return {
      names: (page.Contents ?? []).map((entry) => entry.Key),
      groups: (page.CommonPrefixes ?? []).map((group) => group.Prefix),
      count: page.KeyCount,
      more: page.IsTruncated,
      next: page.NextContinuationToken,
    };
  };

  it.each<[Partial<ListObjectsV2CommandInput>, string[], string[]]>([
    [{}, keys, []],
    [{ Delimiter: '/' }, ['a', 'b0', '\uffee', '\u{1f600}'], ['b/', 'c/']],
    [{ Prefix: 'c/', Delimiter: '/' }, ['c/y'], ['c//']],
    [{ Delimiter: '//' }, keys.filter((key) => key !== 'c//x'), ['c//']],
    [{ Prefix: 'b' }, ['b/1', 'b/2', 'b0'], []],
    [{ StartAfter: 'b/1' }, keys.slice(2), []],
    [{ Prefix: 'b', StartAfter: 'b/1', Delimiter: '/' }, ['b0'], ['b/']],
    [{ Prefix: 'none' }, [], []],
    [{ MaxKeys: 0 }, [], []],
  ])('answers %j in the order of UTF-8', async (input, names, groups) => {
    expect(await list(input)).toEqual({
      names,
      groups,
      count: names.length + groups.length,
      more: false,
      next: undefined,
    });
  });

  it.each([1, 2, 3, 5])('pages by %i, groups counted as keys', async (MaxKeys) => {
    const seen: (string | undefined)[] = [];
    let token: string | undefined;
    let pages = 0;
    do {
      const page = await list({ MaxKeys, Delimiter: '/', ContinuationToken: token });
      expect(page.count).toBeLessThanOrEqual(MaxKeys);
      expect(page.more).toBe(page.next !== undefined);
      seen.push(...page.names, ...page.groups);
      token = page.next;
      pages += 1;
    } while (token !== undefined && pages < 10);
    expect(pages).toBe(Math.ceil(6 / MaxKeys));
    expect(new Set(seen)).toEqual(new Set(['a', 'b/', 'b0', 'c/', '\u{1f600}', '\uffee']));
    expect(seen.length).toBe(6);
  });

  it('encodes names when asked, and refuses what it did not make', async () => {
    double.seed('other', 'a b/\u0001+', 'x');
    const page = await s3.send(new ListObjectsV2Command({ Bucket: 'other', EncodingType: 'url' }));
    expect([page.Contents?.[0]?.Key, page.EncodingType]).toEqual(['a+b/%01%2B', 'url']);
    expect(await statusOf({ target: '/other?list-type=2&continuation-token=bm9wZQ' })).toBe(
      '400 InvalidArgument',
    );
    expect(await statusOf({ target: '/other?list-type=2&max-keys=-1' })).toBe(
      '400 InvalidArgument',
    );
    await s3.send(new DeleteObjectCommand({ Bucket: 'other', Key: 'a b/\u0001+' }));
  });

  it('writes control characters as references', async () => {
    double.seed('other', 'x\u0001\r&', 'x');
    const { body } = await ask(double.port, { target: '/other?list-type=2' });
    expect(/<Key>(.*)<\/Key>/.exec(body)?.[1]).toBe('x&#x1;&#xd;&amp;');
    await s3.send(new DeleteObjectCommand({ Bucket: 'other', Key: 'x\u0001\r&' }));
  });
});

describe('DeleteObjects', () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    ask(double.port, {
      method: 'POST',
      target: '/bucket?delete',
      body,
      headers: { 'content-md5': createHash('md5').update(body).digest('base64'), ...headers },
    });
  const object = (key: string) => `<Object><Key>${key}</Key></Object>`;

  it('answers for every key, and fails those that a fault names', async () => {
    double.seed(Bucket, 'gone', 'x');
    double.seed(Bucket, 'stuck', 'x');
    double.inject({
      operation: 'DeleteObject:inBatch',
      key: /^stuck$/,
      kind: 'status',
      code: 'AccessDenied',
    });
    const Objects = ['gone', 'stuck', 'never'].map((Key) => ({ Key }));
    const result = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(result.Deleted).toEqual([{ Key: 'gone' }, { Key: 'never' }]);
    expect(result.Errors?.map(({ Key, Code }) => [Key, Code])).toEqual([['stuck', 'AccessDenied']]);
    expect([double.objects(Bucket).has('gone'), double.objects(Bucket).has('stuck')]).toEqual([
      false,
      true,
    ]);
  });

  it('names only failures when quiet', async () => {
    const { body } = await post(`<Delete><Quiet>true</Quiet>${object('a')}</Delete>`);
    expect(body).not.toContain('<Deleted>');
  });

  it.each([
    ['no key', '<Delete></Delete>'],
    ['1001 keys', `<Delete>${object('a').repeat(1001)}</Delete>`],
    ['a DOCTYPE', `<!DOCTYPE Delete [<!ENTITY a "b">]><Delete>${object('&a;')}</Delete>`],
    ['an unknown entity', `<Delete>${object('&a;')}</Delete>`],
    ['a bare ampersand', `<Delete>${object('a&b')}</Delete>`],
    ['tags that cross', '<Delete><Object><Key>a</Object></Key></Delete>'],
    ['two roots', `<Delete>${object('a')}</Delete><Delete/>`],
    ['another root', `<Remove>${object('a')}</Remove>`],
    ['a comment', `<Delete><!-- x -->${object('a')}</Delete>`],
  ])('refuses %s', async (_what, body) => {
    const { status, code } = await post(body);
    expect([status, code]).toEqual([400, 'MalformedXML']);
  });

  it('decodes entities', async () => {
    double.seed(Bucket, '<&>\u{1f600}"A', 'x');
    const { body } = await post(`<Delete>${object('&lt;&amp;&gt;&#x1F600;&quot;&#65;')}</Delete>`);
    expect(body).toContain('<Deleted><Key>&lt;&amp;&gt;\u{1f600}&quot;A</Key></Deleted>');
    expect(double.objects(Bucket).has('<&>\u{1f600}"A')).toBe(false);
  });

  it('wants a checksum', async () => {
    const body = `<Delete>${object('a')}</Delete>`;
    const asked = { method: 'POST', target: '/bucket?delete', body };
    expect(await statusOf(asked)).toBe('400 InvalidRequest');
  });
});

describe('CopyObject', () => {
  const later = new Date('2024-05-02T00:00:00Z');
  const copy = (input: Record<string, unknown>) =>
    s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: 'bucket/from', ...input }));

  beforeAll(() => {
    const lastModified = new Date('2024-05-01T00:00:00Z');
    const attributes = { contentType: 'a/b', metadata: { kept: 'yes' }, lastModified };
    double.seed(Bucket, 'from', 'source', attributes);
    double.seed(Bucket, 'odd ?+%\u00fc', 'odd');
  });

  it('copies the attributes, or takes those of the request', async () => {
    const { CopyObjectResult } = await copy({});
    const view = () => {
      const { contentType, metadata } = double.objects(Bucket).get('copy') ?? {};
      return { contentType, metadata };
    };
    expect(CopyObjectResult?.ETag).toBe(`"${md5('source')}"`);
    expect(view()).toEqual({ contentType: 'a/b', metadata: { kept: 'yes' } });
    await copy({ MetadataDirective: 'REPLACE', ContentType: 'c/d', Metadata: { its: 'own' } });
    expect(view()).toEqual({ contentType: 'c/d', metadata: { its: 'own' } });
  });

  it('decodes the source', async () => {
    await copy({ CopySource: `/bucket/${encodeURIComponent('odd ?+%\u00fc')}`, Key: 'even' });
    expect(double.objects(Bucket).get('even')?.etag).toBe(`"${md5('odd')}"`);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['onto itself', { Key: 'from' }, '400 InvalidRequest'],
    ['of a missing key', { CopySource: 'bucket/missing' }, '404 NoSuchKey'],
    ['of a missing bucket', { CopySource: 'missing/from' }, '404 NoSuchBucket'],
    ['of no key', { CopySource: 'bucket' }, '400 InvalidArgument'],
    ['If-Match', { CopySourceIfMatch: '"x"' }, '412 PreconditionFailed'],
    ['If-None-Match', { CopySourceIfNoneMatch: `"${md5('source')}"` }, '412 PreconditionFailed'],
    ['If-Modified-Since', { CopySourceIfModifiedSince: later }, '412 PreconditionFailed'],
    ['onto what is there', { Key: 'even', IfNoneMatch: '*' }, '412 PreconditionFailed'],
    ['onto itself with new metadata', { Key: 'from', MetadataDirective: 'REPLACE' }, 'ok'],
  ])('answers a copy %s', async (_what, input, expected) => {
    expect(await failureOf(copy(input))).toBe(expected);
  });

  it('refuses a source above 5 GiB, which parts can copy', async () => {
    double.sparse(Bucket, 'huge', 5 * GIB + 1);
    expect(await failureOf(copy({ CopySource: 'bucket/huge' }))).toBe('400 InvalidRequest');
    const target = { Bucket, Key: 'huge-copy' };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
    const ranges = [`bytes=0-${4 * GIB - 1}`, `bytes=${4 * GIB}-${5 * GIB}`];
    const Parts = await Promise.all(
      ranges.map(async (CopySourceRange, index) => {
        const PartNumber = index + 1;
        const part = { ...target, UploadId, PartNumber, CopySource: 'bucket/huge' };
        const { CopyPartResult } = await s3.send(
          new UploadPartCopyCommand({ ...part, CopySourceRange }),
        );
        return { PartNumber, ETag: CopyPartResult?.ETag };
      }),
    );
    await s3.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
    );
    expect(double.objects(Bucket).get('huge-copy')?.size).toBe(5 * GIB + 1);
  });
});

describe('multipart', () => {
  const begin = async (Key: string, input: Record<string, unknown> = {}) => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...input }));
    return { Bucket, Key, UploadId };
  };
  const upload = (to: Awaited<ReturnType<typeof begin>>, PartNumber: number, Body: string) =>
    s3.send(new UploadPartCommand({ ...to, PartNumber, Body }));
  const complete = (
    to: Awaited<ReturnType<typeof begin>>,
    parts: [number, string][],
    input: Record<string, unknown> = {},
  ) =>
    s3.send(
      new CompleteMultipartUploadCommand({
        ...to,
        MultipartUpload: {
          Parts: parts.map(([PartNumber, body]) => ({ PartNumber, ETag: `"${md5(body)}"` })),
        },
        ...input,
      }),
    );
  const [first, second] = ['first part', 'second part'];

  it('joins the parts that are named, and gives the ETag of S3', async () => {
    const to = await begin('joined', { ContentType: 'a/b', Metadata: { m: '1' } });
    await upload(to, 7, second);
    await upload(to, 2, 'replaced');
    await upload(to, 2, first);
    await upload(to, 5, 'left out');
    const { ETag } = await complete(to, [
      [2, first],
      [7, second],
    ]);
    const digests = Buffer.from(md5(first) + md5(second), 'hex');
    expect(ETag).toBe(`"${createHash('md5').update(digests).digest('hex')}-2"`);
    const joined = double.objects(Bucket).get('joined');
    expect([joined?.etag, joined?.metadata, joined?.contentType, textOf('joined')]).toEqual([
      ETag,
      { m: '1' },
      'a/b',
      first + second,
    ]);
    expect(await failureOf(complete(to, [[2, first]]))).toBe('404 NoSuchUpload');
    const part = await s3.send(new GetObjectCommand({ Bucket, Key: 'joined', PartNumber: 2 }));
    expect([await part.Body?.transformToString(), part.PartsCount]).toEqual([second, 2]);
  });

  it.each<[string, [number, string][], string]>([
    ['a part that is not there', [[9, first]], '400 InvalidPart'],
    ['another ETag', [[1, 'other']], '400 InvalidPart'],
    [
      'another order',
      [
        [2, second],
        [1, first],
      ],
      '400 InvalidPartOrder',
    ],
    [
      'a part twice',
      [
        [1, first],
        [1, first],
      ],
      '400 InvalidPartOrder',
    ],
    [
      'a part that is too small',
      [
        [3, 'tiny'],
        [4, second],
      ],
      '400 EntityTooSmall',
    ],
    ['no part', [], '400 MalformedXML'],
  ])('refuses to complete with %s', async (_what, parts, expected) => {
    const to = await begin('refused');
    await Promise.all([
      upload(to, 1, first),
      upload(to, 2, second),
      upload(to, 3, 'tiny'),
      upload(to, 4, second),
    ]);
    expect(await failureOf(complete(to, parts))).toBe(expected);
    expect(double.objects(Bucket).has('refused')).toBe(false);
    await s3.send(new AbortMultipartUploadCommand(to));
  });

  it('honours If-None-Match on completion and keeps the upload', async () => {
    double.seed(Bucket, 'taken', 'x');
    const to = await begin('taken');
    await upload(to, 1, first);
    const racing = complete(to, [[1, first]], { IfNoneMatch: '*' });
    expect(await failureOf(racing)).toBe('412 PreconditionFailed');
    expect(double.uploads(Bucket)).toMatchObject([{ key: 'taken', parts: 1 }]);
    await s3.send(new AbortMultipartUploadCommand(to));
    expect(await failureOf(s3.send(new AbortMultipartUploadCommand(to)))).toBe('404 NoSuchUpload');
    expect(await failureOf(upload(to, 1, first))).toBe('404 NoSuchUpload');
    expect(double.uploads(Bucket)).toEqual([]);
  });

  it.each([
    ['FULL_OBJECT', 'CRC32', 'xjIjIw=='],
    ['COMPOSITE', 'CRC32', 'SUNZKw==-1'],
  ] as const)('gives the checksum of %s', async (ChecksumType, ChecksumAlgorithm, expected) => {
    const to = await begin('summed', { ChecksumAlgorithm, ChecksumType });
    await upload(to, 1, 'checksummed');
    const done = await complete(to, [[1, 'checksummed']]);
    expect([done.ChecksumType, done.ChecksumCRC32]).toEqual([ChecksumType, expected]);
  });

  it('lists parts in pages', async () => {
    const to = await begin('parts');
    for (const number of [3, 1, 2]) await upload(to, number, `part ${number}`);
    const page = await s3.send(new ListPartsCommand({ ...to, MaxParts: 2 }));
    const rest = await s3.send(
      new ListPartsCommand({ ...to, PartNumberMarker: page.NextPartNumberMarker }),
    );
    const numbers = [page, rest].map((p) => p.Parts?.map((part) => [part.PartNumber, part.ETag]));
    const entry = (number: number) => [number, `"${md5(`part ${number}`)}"`];
    expect(numbers).toEqual([[entry(1), entry(2)], [entry(3)]]);
    expect([page.IsTruncated, rest.IsTruncated]).toEqual([true, false]);
    await s3.send(new AbortMultipartUploadCommand(to));
  });

  it('lists uploads in pages, by key and then by age', async () => {
    const begun = [];
    for (const key of ['u/b', 'u/a', 'u/b', 'v']) begun.push(await begin(key));
    const seen: string[] = [];
    let [KeyMarker, UploadIdMarker]: (string | undefined)[] = [undefined, undefined];
    for (let pages = 0; pages < 5; pages += 1) {
      const page: ListMultipartUploadsCommandOutput = await s3.send(
        new ListMultipartUploadsCommand({
          Bucket,
          Prefix: 'u/',
          MaxUploads: 1,
          KeyMarker,
          UploadIdMarker,
        }),
      );
      seen.push(...(page.Uploads ?? []).map((entry) => `${entry.UploadId}`));
      [KeyMarker, UploadIdMarker] = [page.NextKeyMarker, page.NextUploadIdMarker];
      if (page.IsTruncated !== true) break;
    }
    expect(seen).toEqual([begun[1]?.UploadId, begun[0]?.UploadId, begun[2]?.UploadId]);
    for (const to of begun) await s3.send(new AbortMultipartUploadCommand(to));
  });
});

describe('buckets', () => {
  it('makes, names and removes them', async () => {
    const go = (method: string, target: string) => statusOf({ method, target });
    expect(await go('PUT', '/fresh')).toBe('200');
    expect(await go('PUT', '/fresh')).toBe('200');
    expect(await go('PUT', '/No')).toBe('400 InvalidBucketName');
    expect(await go('HEAD', '/fresh')).toBe('200');
    expect((await ask(double.port, { target: '/' })).body).toContain('<Name>fresh</Name>');
    expect(await go('GET', '/fresh?location')).toBe('200');
    double.seed('fresh', 'x', 'x');
    expect(await go('DELETE', '/fresh')).toBe('409 BucketNotEmpty');
    expect(await go('DELETE', '/fresh/x')).toBe('204');
    expect(await go('DELETE', '/fresh')).toBe('204');
    expect(await go('HEAD', '/fresh')).toBe('404');
  });
});

describe('another region', () => {
  it('refuses a bucket that is there, and tells its name', async () => {
    const region = 'eu-west-1';
    const abroad = await startDouble({ region });
    const again = await ask(abroad.port, { method: 'PUT', target: '/bucket', region });
    expect([again.status, again.code]).toEqual([409, 'BucketAlreadyOwnedByYou']);
    const { body } = await ask(abroad.port, { target: '/bucket?location', region });
    expect(body).toContain('>eu-west-1</LocationConstraint>');
    await abroad.close();
  });
});

describe('seed', () => {
  it('stores keys that HTTP refuses and sends every header that it can', async () => {
    double.seed(Bucket, 'k'.repeat(2000), 'x');
    expect(double.objects(Bucket).has('k'.repeat(2000))).toBe(true);
    double.seed(Bucket, 'bad', 'x', {
      contentType: 'text/html\r\nset-cookie: a=b',
      metadata: { emoji: '\u{1f600}' },
    });
    const { headers } = await ask(double.port, { target: '/bucket/bad' });
    expect(headers['content-type']).toBe('text/html  set-cookie: a=b');
    expect(Buffer.from(String(headers['x-amz-meta-emoji']), 'latin1').toString()).toBe('\u{1f600}');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'bad' }));
  });
});

describe('faults', () => {
  const get = () => ask(double.port, { target: '/bucket/faulty' });
  const write = () => put('/bucket/faulty', 'new');
  const stored = () => textOf('faulty');

  beforeEach(() => double.seed(Bucket, 'faulty', '0123456789'));

  it('meet the call that they name, after and times as told', async () => {
    double.inject({
      operation: 'GetObject',
      key: /^faulty$/g,
      kind: 'status',
      status: 503,
      after: 1,
      times: 2,
    });
    expect((await write()).status).toBe(200);
    const statuses = [await get(), await get(), await get(), await get()].map((r) => r.status);
    expect(statuses).toEqual([200, 503, 503, 200]);
  });

  it('status answers without doing, and 200 can carry an error or nonsense', async () => {
    double.inject({ kind: 'status', status: 500, code: 'InternalError' });
    double.inject({ kind: 'ok-then-error-body', code: 'SlowDown' });
    double.inject({ kind: 'malformed' });
    const answers = [await write(), await write(), await write()];
    expect(answers.map(({ status, code }) => [status, code])).toEqual([
      [500, 'InternalError'],
      [200, 'SlowDown'],
      [200, ''],
    ]);
    expect([answers[2]?.body, stored()]).toEqual(['<nonsense', '0123456789']);
  });

  it('delay adds itself to the next fault', async () => {
    double.inject({ kind: 'delay', delayMs: 80 });
    double.inject({ kind: 'status', status: 503 });
    const begun = performance.now();
    expect((await get()).status).toBe(503);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(79);
  });

  it.each([
    ['reset', undefined, 'ECONNRESET', 0],
    ['reset', 4, 'ECONNRESET', 4],
    ['fin', undefined, 'ECONNRESET', 0],
    ['fin', 4, 'ECONNRESET', 4],
  ] as const)('%s breaks a download off after %s bytes', async (kind, bytes, code, sent) => {
    double.inject({ kind, bytes });
    await expect(get()).rejects.toMatchObject({ code });
    expect(double.calls[0]).toMatchObject({ bytesOut: sent, complete: false });
  });

  it.each(['reset', 'fin'] as const)(
    '%s breaks an upload off, of which nothing stays',
    async (kind) => {
      double.inject({ kind, bytes: 1 });
      await expect(write()).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect([stored(), double.calls[0]?.status]).toEqual(['0123456789', undefined]);
    },
  );

  it('commit-then-reset does what was asked and does not say so', async () => {
    double.inject({ kind: 'commit-then-reset' });
    await expect(write()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect([stored(), double.calls[0]?.status]).toEqual(['new', undefined]);
  });

  it('corrupt flips one byte of a download, and one of an upload before it is checked', async () => {
    double.inject({ kind: 'corrupt', bytes: 3, times: 2 });
    const { body } = await get();
    expect([body.slice(0, 3), body.slice(-6), body === '0123456789']).toEqual([
      '012',
      '456789',
      false,
    ]);
    const sent = s3.send(new PutObjectCommand({ Bucket, Key: 'faulty', Body: 'new body' }));
    expect(await failureOf(sent)).toBe('400 XAmzContentSHA256Mismatch');
  });

  it.each([
    ['stall', 4, 200],
    ['stall', 0, 200],
    ['stall', undefined, undefined],
    ['black-hole', undefined, undefined],
  ] as const)('%s after %s bytes says no more', async (kind, bytes, status) => {
    double.inject({ kind, bytes });
    const signed = sign(`127.0.0.1:${double.port}`, { target: '/bucket/faulty' });
    const req = request({
      port: double.port,
      host: '127.0.0.1',
      path: '/bucket/faulty',
      headers: signed.headers,
      agent: false,
    });
    const events: string[] = [];
    req.on('error', () => {});
    req.on('response', (res) => {
      events.push(`response ${res.statusCode}`);
      res.on('data', (data: Buffer) => events.push(data.toString()));
      res.on('end', () => events.push('end'));
      res.on('error', () => {});
    });
    req.end();
    const expected = [
      ...(status === undefined ? [] : [`response ${status}`]),
      ...(bytes === 4 ? ['0123'] : []),
    ];
    await until(() => double.calls.length === 1 && events.length === expected.length, {
      what: 'the first bytes',
    });
    const sockets = double.openSockets();
    // Another whole exchange, so that anything under way would have come.
    expect((await get()).status).toBe(200);
    expect(events).toEqual(expected);
    expect(double.calls[0]).toMatchObject({ status, complete: false });
    req.destroy();
    await until(() => double.openSockets() < sockets, { what: 'the socket to close' });
  });

  it('stall stops reading an upload', async () => {
    double.inject({ kind: 'stall', bytes: 1 });
    const signed = sign(`127.0.0.1:${double.port}`, { method: 'PUT', target: '/bucket/faulty' });
    const req = request({
      port: double.port,
      host: '127.0.0.1',
      method: 'PUT',
      path: '/bucket/faulty',
      headers: { ...signed.headers, 'content-length': 64 * 1024 * 1024 },
      agent: false,
    });
    req.on('error', () => {});
    req.end(Buffer.alloc(64 * 1024 * 1024));
    await until(() => (double.calls[0]?.bytesIn ?? 0) > 0, { what: 'the first bytes' });
    expect((await get()).body).toBe('0123456789');
    expect(double.calls[0]?.bytesIn).toBeLessThan(1024 * 1024);
    req.destroy();
  });

  it('early answers before the body and never reads it', async () => {
    double.inject({ kind: 'early', status: 403, code: 'AccessDenied' });
    const signed = sign(`127.0.0.1:${double.port}`, { method: 'PUT', target: '/bucket/faulty' });
    const req = request({
      port: double.port,
      host: '127.0.0.1',
      method: 'PUT',
      path: '/bucket/faulty',
      headers: { ...signed.headers, 'content-length': 64 * 1024 * 1024 },
      agent: false,
    });
    req.on('error', () => {});
    let isSent = false;
    req.end(Buffer.alloc(64 * 1024 * 1024), () => {
      isSent = true;
    });
    // The event carries the response alone.
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    expect([res.statusCode, isSent]).toEqual([403, false]);
    expect(double.calls[0]).toMatchObject({ status: 403, bytesIn: 0 });
    res.resume();
    req.destroy();
  });
});

describe('calls', () => {
  it('are recorded with what was asked and how it ended', async () => {
    double.seed(Bucket, 'recorded', 'bytes');
    await ask(double.port, { target: '/bucket/recorded?response-content-type=a' });
    const { headers, startedAt, ...call } = double.calls[0] ?? {};
    expect([headers?.['host'], typeof startedAt]).toEqual([`127.0.0.1:${double.port}`, 'number']);
    expect(call).toEqual({
      operation: 'GetObject',
      method: 'GET',
      bucket: Bucket,
      key: 'recorded',
      query: { 'response-content-type': 'a' },
      status: 200,
      bytesIn: 0,
      bytesOut: 5,
      complete: true,
    });
  });
});
