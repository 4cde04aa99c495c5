// Forms that a browser posts straight to storage: AWS's own example, and what Ceph makes of ours.
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { SignedForm } from '../../../src/storage/upload-store.ts';
import { s3Storage, type Storage } from '../../../src/storage/s3/storage.ts';
import { signingIn } from '../../../src/storage/s3/wire/sigv4.ts';
import { bypass, type Bypass } from '../../support/fixture.ts';
import { startService } from '../../support/service.ts';
import { cephStore, doubleStore, type Store } from '../../support/stores.ts';
import { settingsFor } from '../contract/given.ts';

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html, lines ending in CRLF.
const POLICY = `{ "expiration": "2015-12-30T12:00:00.000Z",
  "conditions": [
    {"bucket": "sigv4examplebucket"},
    ["starts-with", "$key", "user/user1/"],
    {"acl": "public-read"},
    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},
    ["starts-with", "$Content-Type", "image/"],
    {"x-amz-meta-uuid": "14365123651274"},
    {"x-amz-server-side-encryption": "AES256"},
    ["starts-with", "$x-amz-meta-tag", ""],

    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
    {"x-amz-date": "20151229T000000Z" }
  ]
}`.replaceAll('\n', '\r\n');

it("signs AWS's own example", () => {
  const signing = signingIn({ region: 'us-east-1', service: 's3' });
  const identity = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
  const text = Buffer.from(POLICY).toString('base64');
  expect(signing.signatureOf(identity, text, '20151229T000000Z')).toBe(
    '8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e',
  );
});

const post = (
  { url, fields }: SignedForm,
  file: Uint8Array,
  changes: Record<string, string> = {},
) => {
  const body = new FormData();
  for (const [name, value] of Object.entries({ ...fields, ...changes })) body.append(name, value);
  body.append('file', new Blob([Buffer.from(file)]), 'blob');
  return fetch(url, { method: 'POST', body });
};

describe.runIf(inject('cephEndpoint') !== undefined)('a form to Ceph', () => {
  let store: Store;
  let around: Bypass;
  let storage: Storage;
  beforeAll(async () => {
    const found = await cephStore();
    if (found === undefined) throw new Error('Ceph went away after the run began');
    store = found;
    around = bypass(store);
    storage = s3Storage(settingsFor(store));
  });
  afterAll(async () => {
    await storage.close();
    around.close();
    await store.close();
  });

  const form = async (key: string): Promise<SignedForm> => {
    const bucket = storage.open('home/', {
      signal: new AbortController().signal,
      onCall: () => undefined,
    });
    const request = { contentType: 'image/png', maxBytes: 1000, expiresSeconds: 60 };
    const signed = await bucket.uploads().signForm(key, request);
    if (signed === null) throw new Error('Ceph is signed for in the plain way');
    return signed;
  };

  it('stores this file under this key, and no larger, other or further one', async () => {
    const bytes = randomBytes(1000);
    const signed = await form('$in/a b+\u00e4.png');
    const stored = await post(signed, bytes);
    expect([stored.status, await stored.text()]).toEqual([201, expect.any(String)]);
    const digest = (of: Uint8Array) => createHash('sha256').update(of).digest('hex');
    const key = 'home/$in/a b+\u00e4.png';
    expect(digest((await around.bytes(key)) ?? Buffer.alloc(0))).toBe(digest(bytes));
    expect((await around.look(key)).content_type).toBe('image/png');
    const refused = [
      await post(signed, randomBytes(1001)),
      await post(signed, bytes, { key: 'home/other.png' }),
      await post(signed, bytes, { 'Content-Type': 'text/html' }),
      await post(signed, bytes, { 'x-amz-signature': '0'.repeat(64) }),
    ];
    for (const { status } of refused) expect([400, 403]).toContain(status);
    expect(await around.keys()).toEqual([key]);
  });
});

describe('the form of a small file', () => {
  const paramsOf = async (
    config: Parameters<typeof startService>[1],
    query = '&check_exist=false',
    quirks = {},
  ) => {
    const store = await doubleStore({ quirks });
    const service = await startService(store, { direct: { forms: 'storage' }, ...config });
    const path = `/_uploads/s3/params?filename=in/a.png&type=image%2Fpng${query}`;
    const answer = await service.ask({ path });
    await service.close();
    await store.close();
    return { store, form: answer.json() as SignedForm & { readonly method: string } };
  };

  it('goes to storage where it may replace what is there', async () => {
    const { store, form } = await paramsOf({ maxUploadBytes: 5000, container: 'home' });
    expect([form.method, form.url]).toEqual(['POST', `${store.endpoint}/${store.bucket}/`]);
    const policy = JSON.parse(Buffer.from(form.fields['Policy'] ?? '', 'base64').toString()) as {
      expiration: string;
      conditions: unknown[];
    };
    const left = Date.parse(policy.expiration) - Date.now();
    expect(left).toBeGreaterThan(890_000);
    expect(left).toBeLessThanOrEqual(900_000);
    expect(policy.conditions).toEqual(
      expect.arrayContaining([
        { bucket: store.bucket },
        ['eq', '$key', 'home/in/a.png'],
        ['eq', '$Content-Type', 'image/png'],
        ['content-length-range', 0, 5000],
      ]),
    );
    // Every field is one that the policy names, or the policy itself.
    const named = policy.conditions.flatMap((one) => (Array.isArray(one) ? [String(one[1])] : []));
    for (const name of Object.keys(form.fields))
      if (!['Policy', 'x-amz-signature'].includes(name)) expect(named).toContain(`$${name}`);
  });

  it.each([
    ['it must be new', {}, '', {}],
    ['a scanner has to see it', { scan: () => true }, undefined, {}],
    ['the host is told of it', { onUploaded: () => undefined }, undefined, {}],
    ['a quota counts it', { quota: { bytes: 1000 } }, undefined, {}],
    ['nothing may go past the service', { directUploads: false }, undefined, {}],
    ['the host has not asked for it', { direct: true }, undefined, {}],
    ['storage takes what was not signed', {}, undefined, { unsignedHeaders: 'honoured' }],
  ] as const)('goes through the service where %s', async (_, config, query, quirks) => {
    const { form } = await paramsOf(config, query, quirks);
    expect(form.url).toMatch(/^\/api\/v2\/s3files\/_uploads\/[\w-]+$/);
  });
});
