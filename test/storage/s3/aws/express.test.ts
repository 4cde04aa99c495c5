// Buckets whose requests are signed in ways of their own: the SDK carries them all, whatever `leanCalls` says.
import { describe, expect, it } from 'vitest';
import { s3Storage } from '../../../../src/storage/s3/storage.ts';
import { recordAws } from '../../../support/recorded-aws.ts';
import { WAYS, askEverything, awsSettings, withBucket } from './asked.ts';

const EXPRESS = 'acme--use1-az4--x-s3';
const HOST = `${EXPRESS}.s3express-use1-az4.us-east-1.amazonaws.com`;
const SESSION = `<CreateSessionResult><Credentials><AccessKeyId>ASIASESSION</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>session-token</SessionToken><Expiration>${new Date(Date.now() + 300_000).toISOString()}</Expiration></Credentials></CreateSessionResult>`;

describe.each(WAYS)('with leanCalls for calls %s', (_, leanCalls) => {
  it('S3 Express is asked for a session, and everything is signed by that', async () => {
    const aws = await recordAws([HOST]);
    aws.answer(({ target }) =>
      target.startsWith('/?session')
        ? { headers: { 'content-type': 'application/xml' }, body: SESSION }
        : undefined,
    );
    const settings = awsSettings({ bucket: EXPRESS, region: 'us-east-1', ca: [aws.ca], leanCalls });
    await askEverything(settings);
    const [first, ...others] = aws.requests.filter(({ target }) => !target.includes('session'));
    expect(first).toBeDefined();
    for (const { host, scope, key, headers } of [first, ...others].flatMap((one) => one ?? [])) {
      expect([host, scope, key]).toEqual([HOST, 'us-east-1/s3express', 'ASIASESSION']);
      expect(headers['x-amz-s3session-token']).toBe('session-token');
      expect(headers['user-agent']).toContain('aws-sdk-js');
    }
    const { url } = await withBucket(settings, (bucket) =>
      bucket.sign({ kind: 'read', key: 'x', expiresSeconds: 60 }),
    );
    expect(new URL(url).searchParams.get('X-Amz-S3session-Token')).toBe('session-token');
  });

  it('a multi-region access point needs a package of AWS, which check names', async () => {
    const bucket = 'arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap';
    const storage = s3Storage(awsSettings({ bucket, leanCalls }));
    const [connection] = await storage.check('');
    expect(connection).toMatchObject({
      name: 'connection',
      ok: false,
      advice: expect.stringContaining('@aws-sdk/signature-v4a'),
    });
    await storage.close();
  });
});
