// The double as the keeper of what stands beside bytes: tags, ACLs, locks, CORS rules, and what copies keep.
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCorsCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketCorsCommand,
  GetBucketOwnershipControlsCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketCorsCommand,
  PutBucketOwnershipControlsCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
  type CopyObjectCommandInput,
  type CORSRule,
  type PutObjectCommandInput,
  type Tag,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDouble, type Double } from './double/index.ts';

const Bucket = 'bucket';
const OWNER = 's3double-owner-id';
// Below the skew that clients correct.
const RETAINED_MS = 600_000;

let double: Double;
let s3: S3Client;
let time = Date.now();

beforeAll(async () => {
  double = await startDouble({ buckets: [Bucket, 'enforced'], minPartBytes: 1, now: () => time });
  s3 = new S3Client({
    endpoint: double.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'testaccess', secretAccessKey: 'testsecretkey' },
  });
});
afterAll(async () => {
  s3.destroy();
  await double.close();
});

type Written = Omit<PutObjectCommandInput, 'Bucket' | 'Key' | 'Body'> & { Bucket?: string };

const put = (Key: string, input: Written = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body: 'text', ...input }));
const head = (Key: string, of = Bucket) => s3.send(new HeadObjectCommand({ Bucket: of, Key }));
const copy = (Key: string, input: Partial<CopyObjectCommandInput> = {}) =>
  s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: 'bucket/from', ...input }));
const tagsOf = async (Key: string): Promise<Tag[]> => {
  const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key }));
  return TagSet;
};
const grantsOf = async (Key: string, of = Bucket): Promise<string[]> => {
  const { Grants = [] } = await s3.send(new GetObjectAclCommand({ Bucket: of, Key }));
  return Grants.map(({ Grantee, Permission }) => {
    const name = Grantee?.URI ?? Grantee?.ID ?? '';
    return `${name.split('/').at(-1)} ${Permission}`;
  });
};
const failureOf = (sent: Promise<unknown>): Promise<string> =>
  sent.then(
    () => 'ok',
    (error: { name: string; $metadata?: { httpStatusCode?: number } }) =>
      `${error.$metadata?.httpStatusCode ?? 'none'} ${error.name}`,
  );

const OWNER_ONLY = [`${OWNER} FULL_CONTROL`];
const EVERYTHING = {
  CacheControl: 'max-age=5',
  ContentDisposition: 'inline',
  ContentEncoding: 'br',
  ContentLanguage: 'de',
  ContentType: 'a/b',
  Expires: new Date('2030-01-01T00:00:00Z'),
  Metadata: { its: 'own' },
} as const;
const OF_ONE_WRITE = {
  ServerSideEncryption: 'aws:kms',
  SSEKMSKeyId: 'key-1',
  StorageClass: 'STANDARD_IA',
  WebsiteRedirectLocation: '/elsewhere',
} as const;

// HeadObject gives Expires as text under another name.
const asHead = ({ Expires, ...rest }: Partial<typeof EVERYTHING>) => ({
  ...rest,
  ...(Expires === undefined ? {} : { ExpiresString: Expires.toUTCString() }),
});

/** Writes an object by two parts. */
async function putByParts(Key: string, input: Written): Promise<void> {
  const target = { Bucket, Key };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...target, ...input }));
  const Parts = await Promise.all(
    [1, 2].map(async (PartNumber) => {
      const part = { ...target, UploadId, PartNumber, Body: `part ${PartNumber}` };
      return { PartNumber, ETag: (await s3.send(new UploadPartCommand(part))).ETag };
    }),
  );
  await s3.send(
    new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
  );
}

describe('attributes', () => {
  it.each([
    ['PutObject', (key: string, input: Written) => put(key, input)],
    ['a multipart upload', putByParts],
  ])('of %s come back with HEAD and GET', async (how, write) => {
    const acl = { ACL: 'public-read' as const, Tagging: 'a=1&b+c=%26' };
    await write(how, { ...EVERYTHING, ...OF_ONE_WRITE, ...acl });
    const expected = { ...asHead(EVERYTHING), ...OF_ONE_WRITE, TagCount: 2 };
    expect(await head(how)).toMatchObject(expected);
    const { Body, ...read } = await s3.send(new GetObjectCommand({ Bucket, Key: how }));
    await Body?.transformToString();
    expect(read).toMatchObject(expected);
    expect(await tagsOf(how)).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b c', Value: '&' },
    ]);
    expect(await grantsOf(how)).toEqual([...OWNER_ONLY, 'AllUsers READ']);
  });

  it('are told by the write as far as they are encryption', async () => {
    const { ServerSideEncryption, SSEKMSKeyId } = await put('told', OF_ONE_WRITE);
    expect({ ServerSideEncryption, SSEKMSKeyId }).toEqual({
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'key-1',
    });
    const input = { Bucket, Key: 'told', ...OF_ONE_WRITE };
    const begun = await s3.send(new CreateMultipartUploadCommand(input));
    expect(begun).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'key-1' });
    await put('from');
    expect(await copy('told', OF_ONE_WRITE)).toMatchObject({
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'key-1',
    });
  });
});

describe('CopyObject', () => {
  const LOST = Object.fromEntries(Object.keys(OF_ONE_WRITE).map((name) => [name, undefined]));
  const headed = async (key: string, of?: string) => {
    const names = [...Object.keys(asHead(EVERYTHING)), ...Object.keys(OF_ONE_WRITE), 'TagCount'];
    const output = new Map<string, unknown>(Object.entries(await head(key, of)));
    return Object.fromEntries(names.map((name) => [name, output.get(name)]));
  };

  beforeAll(async () => {
    const source = { ...EVERYTHING, ...OF_ONE_WRITE, ACL: 'public-read', Tagging: 'a=1' } as const;
    await put('from', source);
  });

  it('keeps metadata, Expires and tags, and nothing else', async () => {
    await copy('kept');
    expect(await headed('kept')).toEqual({ ...asHead(EVERYTHING), ...LOST, TagCount: 1 });
    expect(await tagsOf('kept')).toEqual([{ Key: 'a', Value: '1' }]);
    expect(await grantsOf('kept')).toEqual(OWNER_ONLY);
  });

  it('keeps tags, and nothing else, when it replaces the metadata', async () => {
    await copy('replaced', { MetadataDirective: 'REPLACE', ContentType: 'c/d' });
    const nothing = Object.fromEntries(
      Object.keys(asHead(EVERYTHING)).map((name) => [name, undefined]),
    );
    expect(await headed('replaced')).toEqual({
      ...nothing,
      ...LOST,
      ContentType: 'c/d',
      Metadata: {},
      TagCount: 1,
    });
    expect(await grantsOf('replaced')).toEqual(OWNER_ONLY);
  });

  it.each(['COPY', 'REPLACE'] as const)('has what it asks for, metadata %s', async (directive) => {
    const acl = { GrantRead: `id="someone", uri="${ALL_USERS}"` };
    const asked = { ...OF_ONE_WRITE, ...acl, TaggingDirective: 'REPLACE', Tagging: 'b=2' } as const;
    await copy('asked', { ...asked, MetadataDirective: directive });
    expect(await head('asked')).toMatchObject(OF_ONE_WRITE);
    expect(await tagsOf('asked')).toEqual([{ Key: 'b', Value: '2' }]);
    expect(await grantsOf('asked')).toEqual(['someone READ', 'AllUsers READ']);
  });

  it('takes the tags away when it replaces them with none', async () => {
    await copy('untagged', { TaggingDirective: 'REPLACE' });
    expect(await tagsOf('untagged')).toEqual([]);
    expect((await headed('untagged'))['TagCount']).toBeUndefined();
  });

  it.each<[string, Partial<CopyObjectCommandInput>, string]>([
    ['a new redirect', { WebsiteRedirectLocation: '/there' }, 'ok'],
    ['a new storage class', { StorageClass: 'GLACIER_IR' }, 'ok'],
    ['encryption', { ServerSideEncryption: 'AES256' }, 'ok'],
    ['other tags alone', { TaggingDirective: 'REPLACE', Tagging: 'b=2' }, '400 InvalidRequest'],
    ['an ACL alone', { ACL: 'public-read' }, '400 InvalidRequest'],
    ['an unknown directive', { TaggingDirective: 'KEEP' as 'COPY' }, '400 InvalidArgument'],
  ])('answers a copy onto itself with %s', async (_what, input, expected) => {
    await put('itself');
    expect(await failureOf(copy('itself', { ...input, CopySource: 'bucket/itself' }))).toBe(
      expected,
    );
  });
});

const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers';

describe('tags', () => {
  const setTags = (Key: string, TagSet: Tag[]) =>
    s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }));

  it('are replaced and removed without a new ETag or date', async () => {
    await put('tagged', { Tagging: 'a=1' });
    const { ETag, LastModified } = await head('tagged');
    time += 5000;
    await setTags('tagged', [{ Key: 'x<', Value: '' }]);
    expect(await tagsOf('tagged')).toEqual([{ Key: 'x<', Value: '' }]);
    expect(await head('tagged')).toMatchObject({ ETag, LastModified, TagCount: 1 });
    await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'tagged' }));
    expect(await tagsOf('tagged')).toEqual([]);
  });

  it('are lost when the object is written again', async () => {
    await put('again', { Tagging: 'a=1', ACL: 'public-read' });
    await put('again');
    expect([await tagsOf('again'), await grantsOf('again')]).toEqual([[], OWNER_ONLY]);
  });

  it.each<[string, Tag[], string]>([
    ['eleven', Array.from({ length: 11 }, (_, i) => ({ Key: `${i}`, Value: '' })), 'BadRequest'],
    ['two of one key', [1, 2].map((n) => ({ Key: 'a', Value: `${n}` })), 'InvalidTag'],
    ['a long key', [{ Key: 'k'.repeat(129), Value: '' }], 'InvalidTag'],
    ['a long value', [{ Key: 'k', Value: 'v'.repeat(257) }], 'InvalidTag'],
  ])('refuse %s', async (_what, tags, code) => {
    await put('bounded', { Tagging: 'a=1' });
    expect(await failureOf(setTags('bounded', tags))).toBe(`400 ${code}`);
    const Tagging = tags.map(({ Key, Value }) => `${Key}=${Value}`).join('&');
    expect(await failureOf(put('bounded', { Tagging }))).toBe(`400 ${code}`);
    expect(await tagsOf('bounded')).toEqual([{ Key: 'a', Value: '1' }]);
  });

  it('of a missing object are NoSuchKey', async () => {
    expect(await failureOf(tagsOf('none'))).toBe('404 NoSuchKey');
    expect(await failureOf(setTags('none', []))).toBe('404 NoSuchKey');
  });
});

describe('ACLs', () => {
  const ownership = (of: string) =>
    s3.send(new GetBucketOwnershipControlsCommand({ Bucket: of })).then(
      ({ OwnershipControls }) => OwnershipControls?.Rules,
      (error: { name: string }) => error.name,
    );

  it('are the owner alone by default, and what was set later', async () => {
    await put('acl');
    expect(await grantsOf('acl')).toEqual(OWNER_ONLY);
    await s3.send(new PutObjectAclCommand({ Bucket, Key: 'acl', ACL: 'authenticated-read' }));
    expect(await grantsOf('acl')).toEqual([...OWNER_ONLY, 'AuthenticatedUsers READ']);
    const { Owner, Grants = [] } = await s3.send(new GetObjectAclCommand({ Bucket, Key: 'acl' }));
    expect(Owner?.ID).toBe(OWNER);
    expect(Grants.map(({ Grantee }) => Grantee?.Type)).toEqual(['CanonicalUser', 'Group']);
  });

  it.each<[string, Written, string]>([
    ['an unknown one', { ACL: 'secret' as 'private' }, '400 InvalidArgument'],
    ['both kinds at once', { ACL: 'private', GrantRead: 'id="x"' }, '400 InvalidRequest'],
    ['a grantee of no kind', { GrantRead: 'x' }, '400 InvalidArgument'],
  ])('refuse %s', async (_what, input, expected) => {
    expect(await failureOf(put('refused', input))).toBe(expected);
  });

  it('are turned off by enforced ownership, which no bucket has by default', async () => {
    expect(await ownership('enforced')).toBe('OwnershipControlsNotFoundError');
    const Rules = [{ ObjectOwnership: 'BucketOwnerEnforced' as const }];
    const input = { Bucket: 'enforced', OwnershipControls: { Rules } };
    await s3.send(new PutBucketOwnershipControlsCommand(input));
    expect(await ownership('enforced')).toEqual(Rules);
    const refused = '400 AccessControlListNotSupported';
    const asked: Written[] = [{ ACL: 'public-read' }, { GrantRead: 'id="x"' }];
    for (const acl of asked) {
      expect(await failureOf(put('x', { Bucket: 'enforced', ...acl }))).toBe(refused);
      expect(await failureOf(copy('x', { Bucket: 'enforced', ...acl }))).toBe(refused);
      const begin = { Bucket: 'enforced', Key: 'x', ...acl };
      expect(await failureOf(s3.send(new CreateMultipartUploadCommand(begin)))).toBe(refused);
    }
    await put('x', { Bucket: 'enforced', ACL: 'bucket-owner-full-control' });
    expect(await grantsOf('x', 'enforced')).toEqual(OWNER_ONLY);
    await s3.send(new DeleteBucketOwnershipControlsCommand({ Bucket: 'enforced' }));
    expect(await ownership('enforced')).toBe('OwnershipControlsNotFoundError');
  });

  it('are turned off when the bucket is made so', async () => {
    const ObjectOwnership = 'BucketOwnerEnforced' as const;
    await s3.send(new CreateBucketCommand({ Bucket: 'made-enforced', ObjectOwnership }));
    expect(await ownership('made-enforced')).toEqual([{ ObjectOwnership }]);
  });
});

describe('object lock', () => {
  const locked = 'locked';
  const until = (ms: number) => new Date(Math.floor((time + ms) / 1000) * 1000);
  const retained = (mode: 'COMPLIANCE' | 'GOVERNANCE') => ({
    ObjectLockMode: mode,
    ObjectLockRetainUntilDate: until(RETAINED_MS),
  });
  const remove = (Key: string, BypassGovernanceRetention?: boolean) =>
    s3.send(new DeleteObjectCommand({ Bucket: locked, Key, BypassGovernanceRetention }));
  const lockOf = async (Key: string) => {
    const output = await head(Key, locked);
    const { ObjectLockMode, ObjectLockRetainUntilDate, ObjectLockLegalHoldStatus } = output;
    return [ObjectLockMode, ObjectLockRetainUntilDate, ObjectLockLegalHoldStatus];
  };

  beforeAll(async () => {
    const input = { Bucket: locked, ObjectLockEnabledForBucket: true };
    await s3.send(new CreateBucketCommand(input));
  });

  it('is told by HEAD, and not copied', async () => {
    const lock = { ...retained('GOVERNANCE'), ObjectLockLegalHoldStatus: 'ON' as const };
    await put('told', { Bucket: locked, ...lock });
    expect(await lockOf('told')).toEqual(['GOVERNANCE', lock.ObjectLockRetainUntilDate, 'ON']);
    const CopySource = `${locked}/told`;
    await copy('free', { Bucket: locked, CopySource });
    expect(await lockOf('free')).toEqual([undefined, undefined, undefined]);
    await copy('also', { Bucket: locked, CopySource, ...lock });
    expect(await lockOf('also')).toEqual(['GOVERNANCE', lock.ObjectLockRetainUntilDate, 'ON']);
  });

  it.each<[string, () => Written]>([
    ['compliance mode', () => retained('COMPLIANCE')],
    ['governance mode', () => retained('GOVERNANCE')],
    ['a legal hold', () => ({ ObjectLockLegalHoldStatus: 'ON' })],
  ])('by %s refuses to remove and to replace', async (how, input) => {
    await put(how, { Bucket: locked, ...input() });
    const denied = '403 AccessDenied';
    expect(await failureOf(remove(how))).toBe(denied);
    expect(await failureOf(put(how, { Bucket: locked }))).toBe(denied);
    await put('from');
    expect(await failureOf(copy(how, { Bucket: locked }))).toBe(denied);
    const Delete = { Objects: [{ Key: how }] };
    const { Errors } = await s3.send(new DeleteObjectsCommand({ Bucket: locked, Delete }));
    expect(Errors?.map(({ Code }) => Code)).toEqual(['AccessDenied']);
  });

  it('ends with its time, and in governance mode for who may bypass it', async () => {
    await put('bypassed', { Bucket: locked, ...retained('GOVERNANCE') });
    await put('kept', { Bucket: locked, ...retained('COMPLIANCE') });
    expect(await failureOf(remove('bypassed', true))).toBe('ok');
    expect(await failureOf(remove('kept', true))).toBe('403 AccessDenied');
    time += RETAINED_MS;
    expect(await failureOf(remove('kept'))).toBe('ok');
  });

  it.each<[string, Written, string]>([
    ['where the bucket has none', { Bucket, ObjectLockLegalHoldStatus: 'ON' }, 'InvalidRequest'],
    ['without a date', { ObjectLockMode: 'GOVERNANCE' }, 'InvalidArgument'],
    ['until yesterday', { ...PAST, ObjectLockMode: 'GOVERNANCE' }, 'InvalidArgument'],
    ['of another mode', { ...FUTURE, ObjectLockMode: 'SOFT' as 'GOVERNANCE' }, 'InvalidArgument'],
  ])('is refused %s', async (_what, input, code) => {
    expect(await failureOf(put('x', { Bucket: locked, ...input }))).toBe(`400 ${code}`);
  });
});

const PAST = { ObjectLockRetainUntilDate: new Date('2020-01-01T00:00:00Z') };
const FUTURE = { ObjectLockRetainUntilDate: new Date('2999-01-01T00:00:00Z') };

describe('CORS rules', () => {
  const setRules = (CORSRules: CORSRule[]) =>
    s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
  const rules = () =>
    s3.send(new GetBucketCorsCommand({ Bucket })).then(({ CORSRules }) => CORSRules);
  const rule = {
    AllowedHeaders: ['*'],
    AllowedMethods: ['PUT', 'GET'],
    AllowedOrigins: ['https://a.example', 'https://*.b.example'],
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: 60,
  };

  it('are not there by default, then as they were set, and gone when removed', async () => {
    const none = '404 NoSuchCORSConfiguration';
    expect(await failureOf(rules())).toBe(none);
    await setRules([rule, { AllowedMethods: ['HEAD'], AllowedOrigins: ['*'] }]);
    expect(await rules()).toEqual([rule, { AllowedMethods: ['HEAD'], AllowedOrigins: ['*'] }]);
    await s3.send(new DeleteBucketCorsCommand({ Bucket }));
    expect(await failureOf(rules())).toBe(none);
  });

  it.each<[string, CORSRule[], string]>([
    ['none', [], 'MalformedXML'],
    ['one without origins', [{ AllowedMethods: ['GET'], AllowedOrigins: [] }], 'MalformedXML'],
    ['a method that has none', [{ ...rule, AllowedMethods: ['PATCH'] }], 'InvalidRequest'],
  ])('refuse %s', async (_what, given, code) => {
    expect(await failureOf(setRules(given))).toBe(`400 ${code}`);
  });

  const allow = 'access-control-allow-';
  const asked = (origin: string, method: string, headers: string, path = 'page') =>
    fetch(`${double.endpoint}/${Bucket}/${path}`, {
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': method,
        'Access-Control-Request-Headers': headers,
      },
    });

  it.each([
    ['https://a.example', 'PUT', 'Content-Type', 200],
    ['https://x.b.example', 'GET', '', 200],
    ['https://b.example', 'PUT', '', 403],
    ['https://a.example', 'DELETE', '', 403],
  ])('let a page of %s ask for %s with %j: %i', async (origin, method, headers, status) => {
    await setRules([rule]);
    const answer = await asked(origin, method, headers);
    expect([answer.status, answer.headers.get(`${allow}origin`)]).toEqual([
      status,
      status === 200 ? origin : null,
    ]);
  });

  it('allow the headers that they name, and no others', async () => {
    await setRules([{ ...rule, AllowedHeaders: ['Content-*'] }]);
    expect((await asked('https://a.example', 'PUT', 'content-type')).status).toBe(200);
    expect((await asked('https://a.example', 'PUT', 'content-type, x-other')).status).toBe(403);
  });

  it('show an answer to the pages that may read it, a refusal too', async () => {
    await setRules([rule]);
    const read = (Origin: string) =>
      fetch(`${double.endpoint}/${Bucket}/page`, { headers: { Origin } });
    const [listed, other] = [await read('https://a.example'), await read('https://c.example')];
    expect([listed.status, other.status]).toEqual([403, 403]);
    expect([
      listed.headers.get(`${allow}origin`),
      listed.headers.get('access-control-expose-headers'),
      other.headers.get(`${allow}origin`),
    ]).toEqual(['https://a.example', 'ETag', null]);
  });
});
