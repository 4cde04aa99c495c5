// A bucket that is somewhere else: nothing is sent on with our credentials, and check names the region.
import { describe, expect, it, vi } from 'vitest';
import { s3Storage } from '../../../../src/storage/s3/storage.ts';
import { recordAws, type Replied } from '../../../support/recorded-aws.ts';
import { WAYS, awsSettings, failureOf, withBucket } from './asked.ts';

const HOST = 'acme.s3.eu-west-1.amazonaws.com';
const ELSEWHERE = 'acme.s3.us-west-2.amazonaws.com';
const XML = { 'content-type': 'application/xml' };

const redirect = (status: number, code: string): Replied => ({
  status,
  headers: { ...XML, 'x-amz-bucket-region': 'us-west-2', location: `https://${ELSEWHERE}/` },
  body: `<Error><Code>${code}</Code><Endpoint>${ELSEWHERE}</Endpoint><Bucket>acme</Bucket></Error>`,
});

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html
const ANSWERS: Readonly<Record<string, Replied>> = {
  '301 PermanentRedirect': redirect(301, 'PermanentRedirect'),
  '307 TemporaryRedirect': redirect(307, 'TemporaryRedirect'),
  '400 AuthorizationHeaderMalformed': {
    status: 400,
    headers: XML,
    body: "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The region 'eu-west-1' is wrong; expecting 'us-west-2'</Message><Region>us-west-2</Region></Error>",
  },
};

describe.each(WAYS)('calls that travel %s', (_, leanCalls) => {
  it.each(Object.entries(ANSWERS))('are not sent on after %s', async (_name, reply) => {
    const aws = await recordAws([HOST, ELSEWHERE]);
    aws.answer(() => reply);
    await withBucket(awsSettings({ ca: [aws.ca], leanCalls }), async (bucket) => {
      const calls = [
        bucket.list({ prefix: '', recursive: false }),
        bucket.read('x'),
        bucket.stat('x'),
        bucket.write('x', Buffer.from('x'), { length: 1 }),
        bucket.copy({ from: 'x', to: 'y' }),
      ];
      const failures = await Promise.all(calls.map(failureOf));
      expect(failures).toEqual(
        calls.map(() => expect.objectContaining({ reason: 'storage_access_denied' })),
      );
    });
    expect(new Set(aws.requests.map(({ host }) => host))).toEqual(new Set([HOST]));
  });

  it.each(Object.entries(ANSWERS))('let check name the region after %s', async (_name, reply) => {
    const aws = await recordAws([HOST, ELSEWHERE]);
    aws.answer(() => reply);
    const storage = s3Storage(awsSettings({ ca: [aws.ca], leanCalls }));
    const wrong = (await storage.check('')).filter(({ ok }) => !ok);
    expect(wrong[0]).toMatchObject({
      name: 'region',
      advice: 'The bucket is in "us-west-2": set "region" to that.',
    });
    expect(aws.requests).toHaveLength(1);
    await storage.close();
  });

  it('that no address can be made for are told in the words of the SDK', async () => {
    vi.stubEnv('AWS_USE_FIPS_ENDPOINT', 'true');
    const endpoint = 'https://s3.eu-west-1.amazonaws.com';
    const storage = s3Storage(awsSettings({ endpoint, leanCalls }));
    const [connection] = await storage.check('');
    expect(connection).toMatchObject({
      name: 'connection',
      ok: false,
      advice: expect.stringMatching(/^The AWS SDK does not send it: .*FIPS/),
    });
    await storage.close();
    vi.unstubAllEnvs();
  });
});
