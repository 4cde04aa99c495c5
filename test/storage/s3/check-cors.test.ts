// What check() says of a bucket that pages send parts to.
import { PutBucketCorsCommand, type CORSRule } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startService, type RunningService } from '../../support/service.ts';
import { client, doubleStore } from '../../support/stores.ts';

const ORIGIN = 'https://app.example';
const RULE = {
  AllowedMethods: ['GET', 'PUT'],
  AllowedOrigins: ['https://*.example'],
  AllowedHeaders: ['*'],
  ExposeHeaders: ['ETag'],
} satisfies CORSRule;

describe('a bucket that pages send parts to', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let service: RunningService;
  beforeAll(async () => {
    store = await doubleStore();
    service = await startService(store, { direct: true, cors: { origins: [ORIGIN] } });
  });
  afterAll(async () => {
    await service.close();
    await store.close();
  });

  const finding = async (of = service) =>
    (await of.files.check()).findings.find(({ name }) => name === 'browser-uploads');
  const put = async (rules: CORSRule[]) => {
    const s3 = client(store);
    const CORSConfiguration = { CORSRules: rules };
    await s3.send(new PutBucketCorsCommand({ Bucket: store.bucket, CORSConfiguration }));
    s3.destroy();
  };

  it('lacks everything without rules', async () => {
    expect(await finding()).toEqual({
      name: 'browser-uploads',
      ok: false,
      reason: 'The CORS rules of the bucket lack a rule with the AllowedMethod PUT.',
      advice: expect.stringContaining('ExposeHeaders ETag') as string,
    });
  });

  it.each<[lacks: string, rule: CORSRule]>([
    ['a rule with the AllowedMethod PUT', { ...RULE, AllowedMethods: ['GET'] }],
    ['the AllowedHeader * (or Content-Type) in a rule with PUT', { ...RULE, AllowedHeaders: [] }],
    ['the ExposeHeader ETag in a rule with PUT', { ...RULE, ExposeHeaders: ['x-amz-id-2'] }],
    [`the AllowedOrigin ${ORIGIN} in such a rule`, { ...RULE, AllowedOrigins: ['https://b.org'] }],
  ])('lacks %s', async (lacks, rule) => {
    await put([rule]);
    const reason = `The CORS rules of the bucket lack ${lacks}.`;
    expect(await finding()).toMatchObject({ ok: false, reason });
  });

  it('is fine with a rule that has all of it, whatever other rules have', async () => {
    await put([{ ...RULE, ExposeHeaders: [] }, RULE]);
    expect(await finding()).toEqual({
      name: 'browser-uploads',
      ok: true,
      reason: null,
      advice: null,
    });
  });

  it('is looked at no more where parts go through the service', async () => {
    for (const config of [{}, { direct: true, directUploads: false }]) {
      const other = await startService(store, config);
      expect(await finding(other)).toBeUndefined();
      await other.close();
    }
    store.double.setQuirks({ unsignedHeaders: 'honoured' });
    const unbound = await startService(store, { direct: true });
    expect(await finding(unbound)).toBeUndefined();
    await unbound.close();
    store.double.setQuirks({ unsignedHeaders: 'refused' });
  });

  it('may keep its rules to itself', async () => {
    store.double.inject({
      operation: 'GetBucketCors',
      kind: 'status',
      status: 403,
      code: 'AccessDenied',
    });
    expect(await finding()).toMatchObject({
      ok: true,
      reason: expect.stringContaining('s3:GetBucketCORS') as string,
    });
    store.double.clearFaults();
  });
});
