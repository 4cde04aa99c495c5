// What a host may say, and what it is told when it says something else.
import { describe, expect, it } from 'vitest';
import { allowAll, createFileService, memoryCache } from '../../src/index.ts';
import type { FileServiceConfig } from '../../src/index.ts';
import { completeSettings as complete } from '../../src/config/settings.ts';
import type { Settings } from '../../src/config/settings.ts';

const BASE = { bucket: 'acme', region: 'eu-west-1', authorize: allowAll };
// JavaScript hosts can write anything, whatever the types say.
const given = (options: object): FileServiceConfig => ({ ...BASE, ...options });

const completeSettings = (config: FileServiceConfig): Settings => complete(config, memoryCache);

/** The message of the refusal; undefined when the options are fine. */
const refusalOf = (options: object): string | undefined => {
  try {
    createFileService(given(options));
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message;
  }
};

describe('every option', () => {
  const cache = { get: () => undefined, set: () => undefined, delete: () => undefined };
  const identity = { accessKeyId: 'a', secretAccessKey: 'b' };
  const pair = { key: 'a', secret: 'b' };

  it.each<[name: string, right: unknown[], wrong: unknown[], with_?: object]>([
    ['name', ['files', 'a.b-c_1'], ['', 'a b', 'a/b', 7]],
    ['label', ['Files', ''], [7, null]],
    ['description', ['All files'], [7]],
    [
      'bucket',
      ['b', 'acme.prod-1', 'arn:aws:s3:eu-west-1:123456789012:accesspoint/ap'],
      ['', 7, null, 's3://b', 'My_Bucket', 'a b', 'b\n', '-b', 'b/c', '10.0.0.7', 'https://b'],
    ],
    ['region', ['us-east-1'], ['', 7, 'us-east-1\n', 'us\u0000']],
    ['container', ['', 'a', 'a/b/', () => 'a'], ['..', 'a/../b', 7, {}]],
    ['key', ['AKIA'], ['', 7], { secret: 'b' }],
    ['secret', ['s'], ['', 7], { key: 'a' }],
    ['sessionToken', ['t'], ['', 7], pair],
    ['credentials', [identity, async () => identity], ['x', {}, { accessKeyId: 'a' }]],
    ['endpoint', ['http://minio.example:9000'], ['minio', 'ftp://x', 7]],
    ['publicEndpoint', ['https://files.example'], ['files', 7]],
    ['usePathStyleEndpoint', [true, false], ['true', 1]],
    ['createBucket', [true], ['yes', 0]],
    ['serverSideEncryption', ['AES256', 'aws:kms'], ['aes256', true]],
    ['kmsKeyId', ['k'], ['', 7], { serverSideEncryption: 'aws:kms' }],
    ['storageClass', ['STANDARD_IA'], ['', 7]],
    ['authenticate', [() => null], ['x', {}]],
    ['authorize', [allowAll, [allowAll]], ['x', {}, [], [allowAll, 'x'], true]],
    ['limit', [() => null, [() => null]], ['x', []]],
    ['audit', [() => undefined], ['x', {}]],
    ['auditRequired', [true], ['x', 1], { audit: () => undefined }],
    ['serverTiming', [true, false], ['x', 1]],
    ['cache', [cache], ['x', {}, { get: cache.get }]],
    ['cacheEnabled', [false], ['x', 1]],
    ['cacheTtl', [60], [-1, 1.5, '60', Infinity, NaN]],
    ['cacheMaxBodyBytes', [0, 1024], [-1, '1k']],
    ['filterListings', [false], [0]],
    ['scan', [() => true], [true]],
    ['quarantine', [true, false, 'keep'], ['yes', 1], { scan: () => true }],
    ['onUploaded', [() => undefined], [true, {}]],
    ['maxUploadBytes', [0, 5_497_558_138_880], [-1, 1.5, '5GiB']],
    ['minUploadBytesPerSecond', [0, 65_536], [-1, 1.5, '1k']],
    ['maxFiles', [1, 100], [0, '10']],
    ['maxInlineBytes', [0, 1024], [-1]],
    ['maxExpires', [1, 604_800], [0, 604_801, '3600']],
    ['multipartThreshold', [0, 5_368_709_120], [-1, 5_368_709_121]],
    ['partSize', [5_242_880], [5_242_879, 5_368_709_121]],
    ['maxPartBuffers', [1], [0]],
    ['overwriteOnPost', [true], ['x']],
    ['allowedTypes', [['image/*', 'text/plain']], ['image/*', ['image'], [7]]],
    ['inlineTypes', [['image/png'], []], ['image/png', ['*']]],
    ['trustedContent', [true], ['x']],
    ['crossOriginResourcePolicy', ['same-site', false], ['all', true]],
    ['cacheControl', ['no-store'], ['', 'a\r\nb', 7]],
    [
      'cors',
      [{ origins: '*' }, { origins: ['https://app.example'], credentials: true }],
      [{}, { origins: '*', credentials: true }, { origins: ['app.example'] }, '*'],
    ],
    [
      'resumable',
      [true, false, {}, { secret: 'sixteen letters.', maxAgeSeconds: 604_800, interim: true }],
      ['on', 1, { maxAgeSeconds: 604_801 }, { secret: 'short' }, { maxAppendBytes: 0 }],
      { key: 'a', secret: 'b' },
    ],
    ['importFromUrl', [true], ['x']],
    ['normalizeKeys', ['NFC'], ['NFKC', true]],
    ['compat', ['dreamfactory'], ['DreamFactory', true]],
    ['maxSockets', [1, 500], [0, '64']],
    ['timeouts', [{ hookMs: 1 }, {}], [{ hookMs: 0 }, { hookMs: '5s' }, 7]],
    ['publicUrl', ['https://files.example/a'], ['files', '/a']],
    [
      'offload',
      ['x-accel', 'redirect', { by: 'x-accel', types: ['video/*'], minBytes: 1, location: '/b/' }],
      [
        'nginx',
        true,
        {},
        { by: 'other' },
        { by: 'redirect', minBytes: -1 },
        { by: 'redirect', types: 'a' },
      ],
    ],
    ['trustProxy', [true, false], ['loopback', 1]],
    ['onError', [() => undefined], ['log', {}]],
    ['cursorSecret', ['sixteen letters.'], ['short', 7]],
    ['use_path_style_endpoint', [true], ['true']],
    ['cache_enabled', [false], ['x']],
    ['cache_ttl', [0, 60], ['60']],
  ])('%s takes what it says and nothing else', (name, right, wrong, others = {}) => {
    for (const value of right)
      expect([value, refusalOf({ ...others, [name]: value })]).toEqual([value, undefined]);
    for (const value of wrong) {
      const message = refusalOf({ ...others, [name]: value });
      expect([value, message]).toEqual([value, expect.stringContaining(`\`${name}\` takes `)]);
      expect(message).toMatch(/; it was given .*\.$/);
    }
  });

  it('may be undefined, as if it was not given', () => {
    const options = Object.fromEntries(
      ['name', 'cache', 'cors', 'sessionToken', 'credentials'].map((name) => [name, undefined]),
    );
    expect(refusalOf(options)).toBeUndefined();
  });
});

describe('resumable uploads', () => {
  it('name the nearest member when there is none of that name', () => {
    expect(refusalOf({ resumable: { maxAge: 60 } })).toMatch(/did you mean `maxAgeSeconds`/);
  });

  it('need a secret where none can be derived that every instance shares', () => {
    const credentials = async () => ({ accessKeyId: 'a', secretAccessKey: 'b' });
    const uploadSecret = 'sixteen letters.';
    const refused = () => completeSettings(given({ credentials, resumable: true }));
    expect(refused).toThrow(/^`resumable` needs a `secret`/);
    for (const option of [
      { uploadSecret, resumable: true },
      { resumable: { secret: uploadSecret } },
    ])
      expect(completeSettings(given({ credentials, ...option })).uploadSecrets).toEqual([
        uploadSecret,
      ]);
  });

  it('take their secret once', () => {
    const secret = 'sixteen letters.';
    expect(refusalOf({ uploadSecret: secret, resumable: { secret } })).toMatch(/the same thing/);
  });
});

describe('a key that is undefined', () => {
  it.each([
    [{ key: undefined }],
    [{ secret: undefined }],
    [{ key: undefined, secret: undefined }],
    [{ key: undefined, secret: 'b' }],
  ])('is an error where no credentials are given: %o', (options) => {
    expect(refusalOf(options)).toMatch(/^`(key|secret)` is undefined, as an environment variable/);
  });

  it('is none beside credentials', () => {
    const credentials = async () => ({ accessKeyId: 'a', secretAccessKey: 'b' });
    expect(refusalOf({ key: undefined, secret: undefined, credentials })).toBeUndefined();
  });
});

describe('an endpoint', () => {
  it.each([
    ['https://acme.s3.eu-west-1.amazonaws.com'],
    ['https://acme.s3-eu-west-1.amazonaws.com'],
    ['https://acme.account.r2.cloudflarestorage.com'],
    ['https://acme.fra1.digitaloceanspaces.com'],
    ['https://acme.storage.googleapis.com'],
    ['https://acme.oss-eu-central-1.aliyuncs.com'],
    ['https://acme.s3.cn-north-1.amazonaws.com.cn'],
    ['http://minio.example:9000/acme'],
    ['http://minio.example:9000/acme/'],
    ['http://minio.example:9000/acme/prefix'],
  ])('with the bucket in it is refused: %s', (endpoint) => {
    expect(refusalOf({ endpoint })).toMatch(/^`endpoint` takes .* without the bucket/);
    expect(refusalOf({ publicEndpoint: endpoint })).toMatch(
      /^`publicEndpoint` takes .* without the bucket/,
    );
  });

  it.each([
    ['http://localhost:9000', 'localhost'],
    ['http://minio.localhost:9000', 'minio.localhost'],
    ['http://minio:9000', 'minio'],
    ['http://127.0.0.1:9000', '127.0.0.1'],
    ['http://[::1]:9000', '::1'],
    ['https://10.0.0.7', '10.0.0.7'],
    ['http://minio.:9000', 'minio'],
  ])('below whose host no bucket has a name needs path style: %s', (endpoint, host) => {
    const message = (name: string) =>
      `\`${name}\` names the host "${host}", below which no bucket has a name of its own: add \`usePathStyleEndpoint: true\` (or \`false\`, where such names do resolve).`;
    expect(refusalOf({ endpoint })).toBe(message('endpoint'));
    expect(refusalOf({ endpoint, usePathStyleEndpoint: undefined })).toBe(message('endpoint'));
    expect(refusalOf({ publicEndpoint: endpoint })).toBe(message('publicEndpoint'));
    for (const option of ['usePathStyleEndpoint', 'use_path_style_endpoint'])
      for (const value of [true, false])
        expect(refusalOf({ endpoint, publicEndpoint: endpoint, [option]: value })).toBeUndefined();
  });

  it.each([
    ['https://key:hush@minio.example'],
    ['https://hush@minio.example'],
    ['https://minio.example/?hush=1'],
    ['https://minio.example/#hush'],
  ])('with more than a place in it is refused, and not shown: %s', (endpoint) => {
    for (const name of ['endpoint', 'publicEndpoint'] as const) {
      expect(refusalOf({ [name]: endpoint })).toMatch(`\`${name}\` takes the URL of the store`);
      expect(refusalOf({ [name]: endpoint })).not.toContain('hush');
    }
  });

  it.each([
    ['http://acme.example:9000'],
    ['http://minio.example:9000/acme-2'],
    ['https://s3.eu-west-1.amazonaws.com'],
    ['https://proxy.example/storage'],
  ])('that only looks like it is taken: %s', (endpoint) => {
    expect(refusalOf({ endpoint })).toBeUndefined();
  });
});

describe('a name that is no option', () => {
  it.each([
    ['authorise', 'authorize'],
    ['Bucket', 'bucket'],
    ['forcePathStyle', 'usePathStyleEndpoint'],
    ['s3ForcePathStyle', 'usePathStyleEndpoint'],
    ['accessKeyId', 'key'],
    ['secretAccessKey', 'secret'],
    ['prefix', 'container'],
    ['buckets', 'bucket'],
    ['cacheTTL', 'cacheTtl'],
    ['cache_tll', 'cache_ttl'],
    ['usePathStyle', 'usePathStyleEndpoint'],
    ['use_path_style', 'use_path_style_endpoint'],
    ['maxUploadByte', 'maxUploadBytes'],
    ['overwriteonpost', 'overwriteOnPost'],
    // The SDK, its version 2, its environment, and other libraries.
    ['Region', 'region'],
    ['StorageClass', 'storageClass'],
    ['ServerSideEncryption', 'serverSideEncryption'],
    ['SSEKMSKeyId', 'kmsKeyId'],
    ['AWS_ACCESS_KEY_ID', 'key'],
    ['aws_access_key_id', 'key'],
    ['accessKey', 'key'],
    ['AWS_SECRET_ACCESS_KEY', 'secret'],
    ['secretKey', 'secret'],
    ['AWS_SESSION_TOKEN', 'sessionToken'],
    ['credentialDefaultProvider', 'credentials'],
    ['AWS_REGION', 'region'],
    ['endpoint_url', 'endpoint'],
    ['AWS_ENDPOINT_URL_S3', 'endpoint'],
    ['bucketEndpoint', 'endpoint'],
    ['useAccelerateEndpoint', 'endpoint'],
    ['sslEnabled', 'endpoint'],
    ['pathStyle', 'usePathStyleEndpoint'],
    ['bucketName', 'bucket'],
    ['S3_BUCKET', 'bucket'],
    ['Prefix', 'container'],
    ['rootFolder', 'container'],
    ['maxFileSize', 'maxUploadBytes'],
    ['rateLimit', 'limit'],
    ['logger', 'audit'],
    ['auth', 'authenticate'],
  ])('%s is answered with %s', (name, nearest) => {
    expect(refusalOf({ [name]: true })).toBe(
      `\`${name}\` is not an option; did you mean \`${nearest}\`?`,
    );
  });

  it('is answered without a guess when nothing is near', () => {
    expect(refusalOf({ colour: 'red' })).toBe('`colour` is not an option.');
    expect(refusalOf({ use: 'red' })).toBe('`use` is not an option.');
    expect(refusalOf({ constructor: 'red' })).toBe('`constructor` is not an option.');
    // What is none of ours inside `timeouts` is none there either.
    expect(refusalOf({ timeouts: { accessKeyId: 5 } })).toBe('`accessKeyId` is not an option.');
  });

  it('is found inside timeouts too', () => {
    expect(refusalOf({ timeouts: { hookMS: 5 } })).toBe(
      '`hookMS` is not an option; did you mean `hookMs`?',
    );
  });
});

describe('options that must agree', () => {
  it.each<[options: object, message: string]>([
    [{ key: 'AKIA' }, '`key` and `secret` go together; only one of them was given.'],
    [{ secret: 's' }, '`key` and `secret` go together; only one of them was given.'],
    [
      { key: 'a', secret: 'b', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
      '`credentials` and `key` name the same thing; give one of them.',
    ],
    [{ sessionToken: 't' }, '`sessionToken` goes with `key` and `secret`.'],
    [{ kmsKeyId: 'k' }, "`kmsKeyId` goes with `serverSideEncryption: 'aws:kms'`."],
    [{ quarantine: 'keep' }, '`quarantine` needs a `scan` hook.'],
    [{ auditRequired: true }, '`auditRequired` needs an `audit` hook.'],
    [{ region: undefined }, '`region` is required unless `endpoint` is set.'],
    [{ bucket: undefined }, '`bucket` is required.'],
    [
      { usePathStyleEndpoint: true, use_path_style_endpoint: true },
      '`usePathStyleEndpoint` and `use_path_style_endpoint` name the same option; give one of them.',
    ],
    [
      { cacheEnabled: true, cache_enabled: true },
      '`cacheEnabled` and `cache_enabled` name the same option; give one of them.',
    ],
    [
      { cacheTtl: 1, cache_ttl: 1 },
      '`cacheTtl` and `cache_ttl` name the same option; give one of them.',
    ],
  ])('%o: %s', (options, message) => {
    expect(refusalOf(options)).toBe(message);
  });

  it('name allowAll when nobody authorizes', () => {
    expect(refusalOf({ authorize: undefined })).toMatch(/`authorize` is required: .*`allowAll`/);
  });

  it.each([undefined, null, 'bucket', 7])('are an object, not %s', (config) => {
    expect(() => createFileService(config as never)).toThrow(TypeError);
  });
});

describe('secrets', () => {
  it.each(['key', 'secret', 'sessionToken', 'credentials'])(
    'stand in no message about %s',
    (name) => {
      for (const value of [['hush-hush'], { 'hush-hush': 'hush-hush' }])
        expect(refusalOf({ [name]: value })).not.toContain('hush');
    },
  );

  it('stand in no message about what is beside them', () => {
    const secrets = { key: 'hush-key', secret: 'hush-secret', sessionToken: 'hush-token' };
    expect(refusalOf({ ...secrets, maxFiles: 0 })).not.toContain('hush');
    expect(refusalOf({ ...secrets, credentials: async () => null })).not.toContain('hush');
  });
});

describe('defaults', () => {
  it('are those of the documentation', () => {
    const { storage, authenticate, authorize, ...rest } = completeSettings(given({}));
    expect(typeof authenticate).toBe('function');
    expect(authorize).toEqual([allowAll]);
    expect(storage).toMatchObject({
      bucket: 'acme',
      region: 'eu-west-1',
      usePathStyleEndpoint: false,
      credentials: undefined,
      createBucket: false,
      maxSockets: 128,
      multipartThreshold: 100 * 2 ** 20,
      partSize: 8 * 2 ** 20,
      maxPartBuffers: 16,
      timeouts: { connectMs: 3000, requestMs: 10_000, idleMs: 30_000 },
    });
    expect(rest).toMatchObject({
      name: 's3files',
      container: '',
      limits: [],
      auditRequired: false,
      cache: undefined,
      cacheTtlSeconds: 0,
      cacheMaxBodyBytes: 256 * 1024,
      filterListings: true,
      maxUploadBytes: 5 * 2 ** 30,
      maxFiles: 10,
      maxInlineBytes: 10 * 2 ** 20,
      maxExpiresSeconds: 604_800,
      overwriteOnPost: false,
      trustedContent: false,
      crossOriginResourcePolicy: 'same-origin',
      cacheControl: 'private, no-cache',
      importFromUrl: false,
      normalizeKeys: undefined,
      compat: undefined,
      timeouts: { hookMs: 5000 },
    });
  });

  it.each(['connectMs', 'requestMs', 'idleMs', 'hookMs'] as const)(
    'take an undefined timeouts.%s for one that is not given',
    (name) => {
      const { timeouts, storage } = completeSettings(given({ timeouts: { [name]: undefined } }));
      const bare = completeSettings(given({}));
      expect([timeouts, storage.timeouts]).toEqual([bare.timeouts, bare.storage.timeouts]);
    },
  );

  it('are frozen', () => {
    const settings = completeSettings(given({}));
    expect([Object.isFrozen(settings), Object.isFrozen(settings.storage)]).toEqual([true, true]);
  });

  it('take the spelling of the page', () => {
    const cache = memoryCache();
    const settings = completeSettings(
      given({
        endpoint: 'http://minio.example:9000',
        region: undefined,
        use_path_style_endpoint: true,
        cache_enabled: true,
        cache_ttl: 60,
        cache,
        key: 'a',
        secret: 'b',
        container: '/tenants//acme',
      }),
    );
    expect([
      settings.storage.usePathStyleEndpoint,
      settings.storage.region,
      settings.storage.credentials,
      settings.cache,
      settings.cacheTtlSeconds,
      settings.container,
    ]).toEqual([
      true,
      'us-east-1',
      { accessKeyId: 'a', secretAccessKey: 'b' },
      cache,
      60,
      'tenants/acme/',
    ]);
  });

  it('make a cache of memory when one is only enabled', () => {
    expect(completeSettings(given({ cacheEnabled: true, cacheTtl: 1 })).cache).toBeDefined();
    expect(
      completeSettings(given({ cache: memoryCache(), cacheEnabled: false, cacheTtl: 1 })).cache,
    ).toBeUndefined();
  });

  it('warn of a cache that keeps nothing', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    expect(completeSettings(given({ cacheEnabled: true })).cache).toBeUndefined();
    expect(await warned).toMatchObject({
      name: 'FileServiceWarning',
      code: 'S3FILES_CACHE_TTL',
      message: expect.stringContaining('`cacheTtl` is 0 seconds'),
    });
  });

  it('take the user of the host for the caller', () => {
    const { authenticate } = completeSettings(given({}));
    const caller = (user: unknown) => authenticate({ raw: { user } } as never);
    expect([
      caller({ id: 7, roles: ['a'] }),
      caller({ id: 'u', name: 'U' }),
      caller(undefined),
      caller('alice'),
    ]).toEqual([{ id: '7', roles: ['a'] }, { id: 'u', name: 'U' }, null, { id: 'alice' }]);
    expect(() => caller({ name: 'no id' })).toThrow(TypeError);
  });
});
