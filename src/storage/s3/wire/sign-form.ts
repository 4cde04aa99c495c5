// Forms that a browser posts straight to storage: one object under one key, of one type, within a size.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html
import type { FormRequest, SignedForm } from '../../upload-store.js';
import type { Endpoint } from './endpoint.js';
import { amzDate, signingIn, type Identity } from './sigv4.js';

/** What is signed: `bucket` and the whole key, and what has to stand with the object. */
export interface FormPolicy extends FormRequest {
  readonly bucket: string;
  readonly s3Key: string;
  /** Further fields, such as encryption: exactly these. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Signs forms of one endpoint. */
export type FormSigner = (identity: Identity, policy: FormPolicy) => SignedForm;

/** A signer of forms; nothing is asked of anyone. */
export function formSigner(endpoint: Endpoint, now: () => number = Date.now): FormSigner {
  const signing = signingIn(endpoint.scope);

  return (identity, { bucket, s3Key, contentType, maxBytes, expiresSeconds, fields: more }) => {
    const date = amzDate(now());
    const { sessionToken } = identity;
    const fields = {
      key: s3Key,
      'Content-Type': contentType,
      success_action_status: '201',
      'x-amz-algorithm': 'AWS4-HMAC-SHA256',
      'x-amz-credential': signing.credential(identity, date),
      'x-amz-date': date,
      ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
      ...more,
    };
    const policy = {
      expiration: new Date(now() + expiresSeconds * 1000).toISOString(),
      conditions: [
        { bucket },
        // A key may begin with `$`, which other conditions read as a name.
        ...Object.entries(fields).map(([name, value]) => ['eq', `$${name}`, value]),
        ['content-length-range', 0, maxBytes],
      ],
    };
    const text = Buffer.from(JSON.stringify(policy)).toString('base64');
    return {
      url: endpoint.origin + endpoint.base,
      fields: {
        ...fields,
        Policy: text,
        'x-amz-signature': signing.signatureOf(identity, text, date),
      },
      expiresSeconds,
    };
  };
}
