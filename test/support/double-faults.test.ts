// Faults that lie about an operation that went well, and multipart uploads as Ceph 16 has them.
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, sign, type SignedRequest } from './double-client.ts';
import { NO_QUIRKS, startDouble, type Double } from './double/index.ts';
import { until } from './until.ts';

const Bucket = 'bucket';

let double: Double;
let s3: S3Client;

beforeAll(async () => {
  double = await startDouble({ minPartBytes: 1 });
  s3 = new S3Client({
    endpoint: double.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'testaccess', secretAccessKey: 'testsecretkey' },
  });
});
afterEach(() => {
  double.clearFaults();
  double.setQuirks(NO_QUIRKS);
});
afterAll(async () => {
  s3.destroy();
  await double.close();
});

const PUT: SignedRequest = { method: 'PUT', target: '/bucket/key', body: 'text' };

describe('a fault in the answer', () => {
  it('stores what was sent and says nothing', async () => {
    double.inject({ operation: 'PutObject', kind: 'commit-then-silence' });
    const { headers } = sign(`127.0.0.1:${double.port}`, {
      method: 'PUT',
      target: '/bucket/quiet',
    });
    const lines = Object.entries({ ...headers, 'content-length': '4' });
    const socket = connect(double.port, '127.0.0.1');
    let heard = 0;
    socket.on('data', ({ length }: Buffer) => (heard += length));
    socket.write(
      `PUT /bucket/quiet HTTP/1.1\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\ntext`,
    );
    await until(() => double.objects(Bucket).has('quiet'), { what: 'the object' });
    // Another call is answered meanwhile, so this one would have been.
    expect((await ask(double.port, { target: '/bucket/quiet' })).body).toBe('text');
    expect(heard).toBe(0);
    socket.destroy();
  });

  it('adds a body to the answer of a write', async () => {
    double.inject({ operation: 'PutObject', kind: 'body-on-success', body: '<ok/>' });
    const { status, headers, body } = await ask(double.port, PUT);
    expect([status, headers.etag, body]).toEqual([
      200,
      '"1cb251ec0d568de6a929b520c4aed8d1"',
      '<ok/>',
    ]);
  });

  it('answers 206 with a part that nobody asked for', async () => {
    double.seed(Bucket, 'whole', 'x'.repeat(100));
    double.inject({ operation: 'GetObject', kind: 'unasked-part' });
    const { status, headers, body } = await ask(double.port, { target: '/bucket/whole' });
    expect([status, headers['content-range'], body]).toEqual([206, 'bytes 0-4/100', 'xxxxx']);
  });

  it('answers 304 to a request without conditions', async () => {
    double.seed(Bucket, 'whole', 'x'.repeat(100));
    double.inject({ operation: 'GetObject', kind: 'unasked-304' });
    const { status, body } = await ask(double.port, { target: '/bucket/whole' });
    expect([status, body]).toEqual([304, '']);
  });

  it.each([102, 103, 199])('says %i before the answer', async (status) => {
    double.seed(Bucket, 'whole', 'text');
    double.inject({ operation: 'GetObject', kind: 'informational', status });
    const { headers } = sign(`127.0.0.1:${double.port}`, { target: '/bucket/whole' });
    const lines = Object.entries({ ...headers, connection: 'close' });
    const socket = connect(double.port, '127.0.0.1');
    socket.write(
      `GET /bucket/whole HTTP/1.1\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\n`,
    );
    const heard = await textOf(socket);
    expect(heard.startsWith(`HTTP/1.1 ${status} `)).toBe(true);
    expect(heard).toContain('HTTP/1.1 200 OK\r\n');
    expect(heard.endsWith('\r\n\r\ntext')).toBe(true);
  });
});

const upload = async (parts: readonly string[]) => {
  const Key = `parts-${parts.join('-')}`;
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const sent = await Promise.all(
    parts.map(async (Body, index) => {
      const part = { Bucket, Key, UploadId, PartNumber: index + 1, Body };
      const { ETag } = await s3.send(new UploadPartCommand(part));
      return { PartNumber: index + 1, ETag };
    }),
  );
  const complete = (Parts: typeof sent, more: { IfNoneMatch?: string } = {}) =>
    s3
      .send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key,
          UploadId,
          MultipartUpload: { Parts },
          ...more,
        }),
      )
      .then(
        ({ ETag }) => ETag,
        ({ name }: Error) => name,
      );
  const list = () =>
    s3.send(new ListPartsCommand({ Bucket, Key, UploadId })).then(
      ({ Parts = [] }) => String(Parts.length),
      ({ name }: Error) => name,
    );
  return { Key, UploadId, sent, complete, list };
};

describe('a multipart upload', () => {
  it('is as AWS has it by default', async () => {
    const { sent, complete, list } = await upload(['a', 'b']);
    expect(await complete(sent.slice(0, 1))).toMatch(/-1"$/);
    expect(await list()).toBe('NoSuchUpload');
    expect(await complete(sent)).toBe('NoSuchUpload');
  });

  it('is as Ceph 16 has it', async () => {
    double.setQuirks({ cephMultipart: true });
    const { sent, complete, list } = await upload(['c', 'd']);
    expect(await complete(sent.slice(0, 1))).toBe('InvalidPart');
    const etag = await complete(sent);
    expect(etag).toMatch(/-2"$/);
    expect(await complete(sent)).toBe(etag);
    expect(await list()).toBe('NoSuchKey');
  });

  it('takes a part that is overwritten by nothing', async () => {
    const { Key, UploadId, list } = await upload(['e']);
    const empty = { Bucket, Key, UploadId, PartNumber: 1, Body: '' };
    await s3.send(new UploadPartCommand(empty));
    expect(await list()).toBe('1');
  });

  it('may refuse a condition only when all parts are there', async () => {
    double.setQuirks({ completeConditions: 'unsupported' });
    const { sent, complete, Key } = await upload(['f']);
    expect(await complete(sent, { IfNoneMatch: '*' })).toBe('NotImplemented');
    expect(double.objects(Bucket).has(Key)).toBe(false);
    expect(await complete(sent)).toMatch(/-1"$/);
    const conditional: SignedRequest = { ...PUT, headers: { 'if-none-match': '*' } };
    expect((await ask(double.port, { ...conditional, target: '/bucket/new' })).status).toBe(200);
    expect((await ask(double.port, { ...conditional, target: '/bucket/new' })).status).toBe(412);
  });
});
