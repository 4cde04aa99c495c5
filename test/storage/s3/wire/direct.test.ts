import { execFileSync } from 'node:child_process';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { readListing } from '../../../../src/storage/s3/wire/read-listing.ts';
import { urlSigner } from '../../../../src/storage/s3/wire/sign-url.ts';
import { configuredEndpoint } from '../../../../src/storage/s3/wire/configured-endpoint.ts';
import type { Endpoint } from '../../../../src/storage/s3/wire/endpoint.ts';
import { resolveEndpoint } from '../../../../src/storage/s3/wire/sdk/resolve-endpoint.ts';
import type { StorageSettings } from '../../../../src/storage/s3/storage.ts';
import {
  amzDate,
  encodeS3Key,
  signableHeaders,
  signingIn,
  EMPTY_PAYLOAD,
} from '../../../../src/storage/s3/wire/sigv4.ts';
import { settingsFor } from '../../contract/given.ts';

describe('sigv4', () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html: "Example: GET Object".
  const identity = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
  const signing = signingIn({ region: 'us-east-1', service: 's3' });
  const signable = {
    method: 'GET',
    path: '/test.txt',
    query: '',
    headers: signableHeaders([
      ['host', 'examplebucket.s3.amazonaws.com'],
      ['range', 'bytes=0-9'],
      ['x-amz-content-sha256', EMPTY_PAYLOAD],
      ['x-amz-date', '20130524T000000Z'],
    ]),
    payload: EMPTY_PAYLOAD,
  } as const;
  const EXAMPLE = 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41';

  it("signs AWS's own example", () => {
    expect(signing.authorize(identity, signable, '20130524T000000Z')).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
        `SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=${EXAMPLE}`,
    );
  });

  it('derives another key for another day and another secret', () => {
    const signatures = [
      signing.signature(identity, signable, '20130525T000000Z'),
      signing.signature({ ...identity, secretAccessKey: 'x' }, signable, '20130524T000000Z'),
      signing.signature(identity, signable, '20130524T000000Z'),
    ];
    expect(new Set(signatures).size).toBe(3);
    expect(signatures[2]).toBe(EXAMPLE);
  });

  it.each([
    ['a/b c.txt', 'a/b%20c.txt'],
    ["!'()*", '%21%27%28%29%2A'],
    ['\u00e4/+?#', '%C3%A4/%2B%3F%23'],
    ['a//../b', 'a//../b'],
  ])('encodes the key %s once', (key, path) => {
    expect(encodeS3Key(key)).toBe(path);
  });

  it('writes moments as signatures do', () => {
    expect(amzDate(Date.parse('2026-02-10T14:30:00.999Z'))).toBe('20260210T143000Z');
  });
});

describe('the endpoint of a bucket is where the SDK would call', () => {
  const settings = (changes: Partial<StorageSettings>): StorageSettings => ({
    ...settingsFor({
      name: 'double',
      bucket: 'acme',
      region: 'eu-west-1',
      endpoint: '',
      accessKeyId: 'a',
      secretAccessKey: 'b',
      close: async () => {},
    }),
    endpoint: undefined,
    usePathStyleEndpoint: false,
    ...changes,
  });
  const endpointOf = (changes: Partial<StorageSettings>) => {
    const complete = settings(changes);
    return resolveEndpoint(complete, complete.endpoint);
  };

  it.each<[string, Partial<StorageSettings>]>([
    ['path style', { endpoint: 'http://127.0.0.1:9000', usePathStyleEndpoint: true }],
    ['an address', { endpoint: 'http://127.0.0.1:9000' }],
    ['an address of IPv6', { endpoint: 'http://[::1]:9000' }],
    ['a host', { endpoint: 'https://storage.example' }],
    ['a host with a port', { endpoint: 'https://storage.example:8443' }],
    ['the usual port', { endpoint: 'https://storage.example:443' }],
    ['a path', { endpoint: 'http://storage.example/x/', usePathStyleEndpoint: true }],
    ['a path behind a virtual host', { endpoint: 'http://storage.example/x' }],
    ['dots', { bucket: 'a.b', endpoint: 'http://storage.example', usePathStyleEndpoint: true }],
    ['a session', { credentials: { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' } }],
    ['auto', { region: 'auto', endpoint: 'https://id.storage.example' }],
  ])('without the SDK, where a host has said all: %s', async (_, changes) => {
    const complete = settings({ endpoint: 'http://storage.example', ...changes });
    const { identity, ...configured } = configuredEndpoint(complete, complete.endpoint) ?? {};
    const { identity: resolved, ...expected } = await endpointOf(complete);
    expect(configured).toEqual(expected);
    expect(await identity?.()).toMatchObject(complete.credentials as object);
    expect(await resolved()).toMatchObject((await identity?.()) ?? {});
  });

  it.each<[string, Partial<StorageSettings>]>([
    ['no endpoint', {}],
    ['AWS itself', { endpoint: 'https://s3.eu-west-1.amazonaws.com' }],
    ['credentials to be asked for', { credentials: async () => ({}) as never }],
    ['an access point', { bucket: 'arn:aws:s3:eu-west-1:123456789012:accesspoint/ap' }],
    ['a bucket of S3 Express', { bucket: 'acme--euw1-az1--x-s3' }],
    ['a host and dots', { bucket: 'a.b' }],
    ['a region that is none', { region: 'aws-global' }],
  ])('by the SDK for %s', (_, changes) => {
    const complete = settings({
      ...(Object.keys(changes).length === 0 ? {} : { endpoint: 'http://storage.example' }),
      ...changes,
    });
    expect(configuredEndpoint(complete, complete.endpoint)).toBeUndefined();
  });

  it.each<[string, Partial<StorageSettings>, string, string]>([
    ['virtual host', {}, 'https://acme.s3.eu-west-1.amazonaws.com', '/'],
    ['dots', { bucket: 'a.b' }, 'https://s3.eu-west-1.amazonaws.com', '/a.b/'],
    ['path style', { usePathStyleEndpoint: true }, 'https://s3.eu-west-1.amazonaws.com', '/acme/'],
    [
      'an endpoint with a path',
      { endpoint: 'http://127.0.0.1:9000/x/', usePathStyleEndpoint: true },
      'http://127.0.0.1:9000',
      '/x/acme/',
    ],
    [
      'an access point',
      { bucket: 'arn:aws:s3:eu-west-1:123456789012:accesspoint/ap' },
      'https://ap-123456789012.s3-accesspoint.eu-west-1.amazonaws.com',
      '/',
    ],
  ])('%s', async (_, changes, origin, base) => {
    expect(await endpointOf(changes)).toMatchObject({
      origin,
      base,
      scope: { region: 'eu-west-1', service: 's3' },
    });
  });

  it('is not plain SigV4 for S3 Express, which signs in other ways', async () => {
    const bucket = 'b--use1-az4--x-s3';
    expect(await endpointOf({ bucket, region: 'us-east-1' })).toMatchObject({
      isPlainSigV4: false,
    });
  });

  it.each<[string, Partial<StorageSettings>, boolean]>([
    ['no endpoint', {}, true],
    ['an endpoint of AWS', { endpoint: 'https://s3.eu-west-1.amazonaws.com' }, true],
    ['a dual-stack endpoint', { endpoint: 'https://s3.dualstack.eu-west-1.amazonaws.com' }, true],
    ['China', { region: 'cn-north-1' }, true],
    ['another store', { endpoint: 'https://minio.example' }, false],
    ['a name that only looks like AWS', { endpoint: 'https://amazonaws.com.example' }, false],
  ])('is AWS or not by where calls go: %s', async (_, changes, isAws) => {
    expect(await endpointOf(changes)).toMatchObject({ isAws });
  });

  it.each(['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3'])('follows %s', async (name) => {
    process.env[name] = 'https://elsewhere.example';
    try {
      expect(await endpointOf({ usePathStyleEndpoint: true })).toMatchObject({
        origin: 'https://elsewhere.example',
        isAws: false,
      });
    } finally {
      delete process.env[name];
    }
  });

  it('throws what keeps the SDK from signing', async () => {
    const credentials = () => Promise.reject(new Error('no credentials today'));
    await expect(endpointOf({ credentials })).rejects.toThrow('no credentials today');
  });

  it("signs the presigner's very URL", async () => {
    const endpoint: Endpoint = await endpointOf({});
    const now = Date.parse('2026-02-10T14:30:00Z');
    const lean = urlSigner(endpoint, () => now)(
      { accessKeyId: 'a', secretAccessKey: 'b' },
      {
        s3Key: 'odd/a b+\u00e4(1).txt',
        request: {
          kind: 'read',
          key: '',
          expiresSeconds: 60,
          contentType: 'text/plain',
          contentDisposition: 'inline; filename="a b.txt"',
        },
        headers: {},
        expiresSeconds: 60,
      },
    );
    const client = new S3Client({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    const command = new GetObjectCommand({
      Bucket: 'acme',
      Key: 'odd/a b+\u00e4(1).txt',
      ResponseContentType: 'text/plain',
      ResponseContentDisposition: 'inline; filename="a b.txt"',
    });
    const theirs = new URL(
      await getSignedUrl(client, command, { expiresIn: 60, signingDate: new Date(now) }),
    );
    theirs.searchParams.sort();
    const ours = new URL(lean.url);
    ours.searchParams.sort();
    expect(Object.fromEntries(ours.searchParams)).toEqual(Object.fromEntries(theirs.searchParams));
    expect(ours.pathname).toBe(theirs.pathname);
  });
});

describe('readListing', () => {
  const page = (inside: string, truncated = 'false') =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix></Prefix><IsTruncated>${truncated}</IsTruncated>${inside}</ListBucketResult>`;
  const file = (key: string) =>
    `<Contents><Key>${key}</Key><LastModified>2026-02-10T14:30:00.000Z</LastModified><ETag>&quot;x&quot;</ETag><Size>4</Size></Contents>`;
  const page1 = (date: string) => page(file('a').replace('2026-02-10T14:30:00.000Z', date));
  const read = readListing;

  it('reads files and folders, entities decoded', () => {
    const folder = '<CommonPrefixes><Prefix>f&amp;g/</Prefix></CommonPrefixes>';
    expect(read(page(file('a&lt;b&#x1;&#10;&apos;') + folder))).toEqual({
      Contents: [
        {
          Key: "a<b\u0001\n'",
          Size: 4,
          LastModified: new Date('2026-02-10T14:30:00Z'),
          ETag: '"x"',
        },
      ],
      CommonPrefixes: [{ Prefix: 'f&g/' }],
      IsTruncated: false,
    });
  });

  it('reads dates as Date does, or refuses them', () => {
    const texts = fc.oneof(
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.stringMatching(/^20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d(?:\.\d{3})?Z$/),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const date = new Date(text);
        if (Number.isNaN(date.getTime())) expect(() => read(page1(text))).toThrow();
        else expect(read(page1(text)).Contents?.[0]?.LastModified).toEqual(date);
      }),
      { numRuns: 1000 },
    );
  });

  it('says whether names are encoded, and leaves them as they stand', () => {
    const encoded = '<EncodingType>url</EncodingType>';
    const name = 'a+b%2520%2B';
    expect(read(page(encoded + file(name)))).toMatchObject({
      EncodingType: 'url',
      Contents: [{ Key: name }],
    });
    expect(read(page(file(name))).EncodingType).toBeUndefined();
  });

  it('shows every one of several prefixes in one element', () => {
    const folders = '<CommonPrefixes><Prefix>a/</Prefix><Prefix>b/</Prefix></CommonPrefixes>';
    expect(read(page(folders)).CommonPrefixes).toEqual([{ Prefix: 'a/' }, { Prefix: 'b/' }]);
  });

  it('says where the next page starts', () => {
    const next = '<NextContinuationToken>a&amp;b</NextContinuationToken>';
    expect(read(page(next, 'true'))).toMatchObject({
      IsTruncated: true,
      NextContinuationToken: 'a&b',
    });
  });

  it.each([
    ['nothing', ''],
    ['another document', '<Error><Code>NoSuchBucket</Code></Error>'],
    ['half a document', page(file('a')).slice(0, -30)],
    ['a document type', page(file('a')).replace('<ListB', '<!DOCTYPE x><ListB')],
    ['an element inside a text', page(file('a<b/>'))],
    ['a file without a size', page('<Contents><Key>a</Key></Contents>')],
    ['a size that is none', page('<Contents><Key>a</Key><Size>x</Size></Contents>')],
    ['a date that is none', page(file('a').replace('2026-02-10', '2026-99-99'))],
    ['an impossible character', page(file('&#x110000;'))],
  ])('refuses %s', (_, xml) => {
    expect(() => read(xml)).toThrow(expect.objectContaining({ name: 'UnlikeS3' }));
  });
});

test("the package leaves the host's own fetch as it is", () => {
  const code =
    "await import('./src/index.ts'); console.log(Symbol.for('undici.globalDispatcher.1') in globalThis)";
  const printed = execFileSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', code],
    {
      encoding: 'utf8',
    },
  );
  expect(printed.trim()).toBe('false');
});
