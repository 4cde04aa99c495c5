// Objects that AWS gives only to who brings their key (SSE-C): said clearly, and never a fault of ours.
import { describe, expect, it } from 'vitest';
import { recordAws } from '../../../support/recorded-aws.ts';
import { WAYS, awsSettings, failureOf, withBucket } from './asked.ts';

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
const REFUSAL =
  '<Error><Code>InvalidRequest</Code><Message>The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.</Message></Error>';

describe.each(WAYS)('calls that travel %s', (_, leanCalls) => {
  it.each(['read', 'stat', 'copy'] as const)('%s says what is the matter', async (verb) => {
    const aws = await recordAws(['acme.s3.eu-west-1.amazonaws.com']);
    const headers = { 'content-type': 'application/xml' };
    aws.answer(({ method }) => ({ status: 400, headers, body: method === 'HEAD' ? '' : REFUSAL }));
    const failure = await withBucket(awsSettings({ ca: [aws.ca], leanCalls }), (bucket) =>
      failureOf(verb === 'copy' ? bucket.copy({ from: 'x', to: 'y' }) : bucket[verb]('x')),
    );
    // The answer to a HEAD has no words.
    expect(failure).toMatchObject({
      reason: 'storage_access_denied',
      message: expect.stringContaining(verb === 'read' ? 'SSE-C' : 'refused access'),
    });
    expect(aws.requests.map(({ method }) => method)).not.toContain('PUT');
  });
});
