import { describe, expect, it } from 'vitest';
import { FileServiceError } from '../../../src/core/errors.ts';
import { healthOf, isLost, refusalOf, translate } from '../../../src/storage/s3/errors.ts';

interface Given {
  readonly name?: string;
  readonly code?: string;
  readonly status?: number;
  readonly headers?: Record<string, string>;
}

// As the SDK makes them: the name is S3's code, Node's errors have a code, the answer is attached.
const failure = ({ name = 'Error', code, status, headers = {} }: Given): Error =>
  Object.assign(new Error('text of storage, with bucket-name and AKIAKEY'), {
    name,
    ...(code === undefined ? {} : { code }),
    ...(status === undefined
      ? {}
      : { $metadata: { httpStatusCode: status }, $response: { statusCode: status, headers } }),
  });

describe('refusals of storage', () => {
  it.each([
    [{ name: 'NoSuchKey', status: 404 }, 'missing', 'not_found', 'answered'],
    [{ name: 'NotFound', status: 404 }, 'missing', 'not_found', 'answered'],
    [{ name: 'NoSuchBucket', status: 404 }, 'bucket-missing', 'storage_bucket_missing', 'answered'],
    [{ name: 'NoSuchUpload', status: 404 }, 'upload-missing', 'storage_failed', 'answered'],
    [
      { name: 'PreconditionFailed', status: 412 },
      'precondition-failed',
      'precondition_failed',
      'answered',
    ],
    [{ name: 'Unknown', status: 412 }, 'precondition-failed', 'precondition_failed', 'answered'],
    [{ name: 'ConditionalRequestConflict', status: 409 }, 'conflict', 'conflict', 'answered'],
    [{ name: 'InvalidRange', status: 416 }, 'unsatisfiable', 'range_not_satisfiable', 'answered'],
    [{ name: 'AccessDenied', status: 403 }, 'denied', 'storage_access_denied', 'answered'],
    [{ name: 'Unknown', status: 400 }, 'denied', 'storage_access_denied', 'answered'],
    [{ name: 'Unknown', status: 301 }, 'denied', 'storage_access_denied', 'answered'],
    [{ name: 'CredentialsProviderError' }, 'denied', 'storage_access_denied', undefined],
    [{ name: 'KMS.DisabledException', status: 403 }, 'denied', 'storage_access_denied', 'answered'],
    [{ name: 'SlowDown', status: 503 }, 'unavailable', 'storage_unavailable', 'failing'],
    [{ name: 'InternalError', status: 500 }, 'unavailable', 'storage_unavailable', 'failing'],
    [{ name: 'RequestTimeout', status: 400 }, 'unavailable', 'storage_unavailable', 'answered'],
    [{ name: 'TooManyRequests', status: 429 }, 'unavailable', 'storage_unavailable', 'answered'],
    [{ name: 'NotImplemented', status: 501 }, 'unsupported', 'storage_failed', 'answered'],
    [{ name: 'KeyTooLongError', status: 400 }, 'bad-key', 'invalid_path', 'answered'],
    [{ name: 'QuotaExceeded', status: 403 }, 'quota', 'quota_exceeded', 'answered'],
    [{ name: 'Unknown', status: 507 }, 'storage-full', 'storage_full', 'answered'],
    [{ name: 'XMinioStorageFull', status: 507 }, 'storage-full', 'storage_full', 'answered'],
    [{ name: 'XMinioParentIsObject', status: 400 }, 'parent-is-file', 'conflict', 'answered'],
    [{ name: 'XMinioInvalidObjectName', status: 400 }, 'bad-key', 'invalid_path', 'answered'],
    [{ name: 'InvalidObjectState', status: 403 }, 'archived', 'archived', 'answered'],
    [{ name: 'ObjectNotInActiveTierError', status: 403 }, 'archived', 'archived', 'answered'],
    [{ name: 'InvalidRegionName', status: 400 }, 'denied', 'storage_access_denied', 'answered'],
    [{ name: 'InvalidRegion', status: 400 }, 'denied', 'storage_access_denied', 'answered'],
    [{ name: 'InvalidSecurity', status: 403 }, 'denied', 'storage_access_denied', 'answered'],
    [
      { name: 'SecondLevelDomainForbidden', status: 403 },
      'denied',
      'storage_access_denied',
      'answered',
    ],
    [{ name: 'KMS.NotFoundException', status: 400 }, 'denied', 'storage_access_denied', 'answered'],
    [
      { name: 'InvalidEncryptionAlgorithmError', status: 400 },
      'denied',
      'storage_access_denied',
      'answered',
    ],
    [
      { name: 'XMinioAdminBucketQuotaExceeded', status: 400 },
      'quota',
      'quota_exceeded',
      'answered',
    ],
    [{ name: 'BucketQuotaExceeded', status: 403 }, 'quota', 'quota_exceeded', 'answered'],
    [{ name: 'InsufficientStorage', status: 500 }, 'storage-full', 'storage_full', 'answered'],
    [
      { name: 'XMinioObjectExistsAsDirectory', status: 409 },
      'folder-in-place',
      'conflict',
      'answered',
    ],
    [{ name: 'ExistingObjectIsDirectory', status: 409 }, 'folder-in-place', 'conflict', 'answered'],
    [{ name: 'ExistingObjectIsFile', status: 409 }, 'parent-is-file', 'conflict', 'answered'],
    [{ name: 'XMinioInvalidResourceName', status: 400 }, 'bad-key', 'invalid_path', 'answered'],
    [{ name: 'KeyTooLong', status: 400 }, 'bad-key', 'invalid_path', 'answered'],
    [{ name: 'Unknown', status: 413 }, 'too-large', 'too_large', 'answered'],
    [{ name: 'CredentialsTimeout' }, 'credentials-late', 'storage_unavailable', undefined],
    [{ code: 'ENOSOCKET' }, 'crowded', 'storage_unavailable', undefined],
    [{ name: 'InvalidArgument', status: 400 }, 'nonsense', 'storage_failed', 'answered'],
    [{ name: 'SyntaxError', status: 200 }, 'nonsense', 'storage_failed', 'answered'],
    [{ code: 'ECONNREFUSED' }, 'unreachable', 'storage_unavailable', 'silent'],
    [{ code: 'ENOTFOUND' }, 'unreachable', 'storage_unavailable', 'silent'],
    [{ code: 'EAI_AGAIN' }, 'unreachable', 'storage_unavailable', 'silent'],
    [{ code: 'ECONNRESET', name: 'TimeoutError' }, 'unreachable', 'storage_unavailable', 'silent'],
    [{ code: 'EPIPE' }, 'unreachable', 'storage_unavailable', 'silent'],
    [{ code: 'CERT_HAS_EXPIRED' }, 'unreachable', 'storage_unavailable', 'silent'],
    [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'unreachable', 'storage_unavailable', 'silent'],
    [{ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, 'unreachable', 'storage_unavailable', 'silent'],
    [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'unreachable', 'storage_unavailable', 'silent'],
    [{ code: 'ETIMEDOUT', name: 'TimeoutError' }, 'timeout', 'storage_unavailable', 'silent'],
    [{ name: 'TimeoutError' }, 'crowded', 'storage_unavailable', undefined],
  ] as const)('%o is %s, which a client reads as %s', (given, kind, reason, health) => {
    const error = failure(given);
    const refusal = refusalOf(error);
    expect(refusal?.kind).toBe(kind);
    expect(refusal && healthOf(refusal)).toBe(health);
    expect(translate(error)).toMatchObject({ name: 'FileServiceError', reason, cause: error });
  });

  it('never shows what storage said', () => {
    const shown = translate(failure({ name: 'AccessDenied', status: 403 }));
    expect((shown as Error).message).toBe('Access Denied: Storage refused access to this service.');
  });

  it.each([
    [undefined, '5'],
    ['0', '1'],
    ['7', '7'],
    ['3600', '30'],
    ['Wed, 21 Oct 2026 07:28:00 GMT', '5'],
  ])('passes on a Retry-After of %s as %s', (asked, given) => {
    const headers: Record<string, string> = asked === undefined ? {} : { 'retry-after': asked };
    expect(translate(failure({ name: 'SlowDown', status: 503, headers }))).toMatchObject({
      headers: { 'Retry-After': given },
    });
  });

  it('leaves our own errors as they are, and finds the refusal in them', () => {
    const cause = failure({ name: 'NoSuchKey', status: 404 });
    const own = new FileServiceError('not_found', 'The file does not exist.', { cause });
    expect(translate(own)).toBe(own);
    expect(refusalOf(own)).toMatchObject({ kind: 'missing', code: 'NoSuchKey' });
    expect(refusalOf(new FileServiceError('closing', 'Closing.'))).toBeUndefined();
  });

  it.each([
    [{ code: 'ECONNRESET' }, true],
    [{ code: 'ETIMEDOUT' }, true],
    [{ code: 'ECONNRESET', isSent: true }, true],
    [{ code: 'ETIMEDOUT', isSent: false }, false],
    [{ code: 'ECONNREFUSED' }, false],
    [{ code: 'ENOTFOUND' }, false],
    [{ code: 'CERT_HAS_EXPIRED' }, false],
    [{ code: 'EPROTO' }, false],
    [{ code: 'EPROTO', isSent: true }, true],
    [{ name: 'TimeoutError' }, false],
    [{ name: 'SlowDown', status: 503 }, false],
  ] as const)('says of %o whether storage may have done it: %s', ({ ...given }, lost) => {
    const refusal = refusalOf(Object.assign(failure(given), given));
    expect(refusal && isLost(refusal)).toBe(lost);
  });
});
