// S3's codes, and what stores that are not AWS say in their place: what each means, what of the set-up it blames, and
// what to do about it. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html

/** What a refusal is about. Those whose operation has an answer to it look at this. */
export type RefusalKind =
  | 'missing'
  | 'bucket-missing'
  | 'upload-missing'
  | 'not-modified'
  | 'precondition-failed'
  | 'conflict'
  | 'unsatisfiable'
  | 'denied'
  | 'unavailable'
  | 'unreachable'
  | 'timeout'
  | 'crowded'
  | 'credentials-late'
  | 'quota'
  | 'storage-full'
  | 'unsupported'
  | 'too-large'
  | 'bad-key'
  | 'parent-is-file'
  | 'folder-in-place'
  | 'archived'
  | 'not-as-asked'
  | 'endless'
  | 'nonsense';

/** What of a set-up a refusal speaks of. */
export type Blamed = 'connection' | 'clock' | 'region' | 'credentials' | 'bucket';

/** One code. */
export interface RefusalCode {
  readonly kind: RefusalKind;
  /** What `check()` names for it; a right when it is absent. */
  readonly blamed?: Blamed;
  /** What to do, for who sets the service up; absent where the finding says it all. */
  readonly advice?: string;
}

const SESSION =
  'The session has ended: give a fresh "key", "secret" and "sessionToken", or a provider in "credentials".';
const NO_CREDENTIALS =
  'No credentials were to be had: give "key" and "secret", or set up the AWS chain (environment, profile, role).';
const ACCOUNT =
  'The account or the user is suspended or not signed up at this store: ask who runs it.';
const ENCRYPTION =
  'The store refuses the encryption: check "serverSideEncryption" and "kmsKeyId", that the key is enabled and in the region of the bucket, and that the service may use it (kms:GenerateDataKey, kms:Decrypt).';
const ARCHIVED =
  'Restore the file in storage (S3 RestoreObject) before it is read, copied or changed; or keep such storage classes out of this container.';
const ROOM = 'Make room in storage, or raise the quota of the bucket or of its user there.';

const BY_CODE: Readonly<Record<string, RefusalCode>> = {
  NoSuchKey: { kind: 'missing' },
  NoSuchVersion: { kind: 'missing' },
  NoSuchBucket: { kind: 'bucket-missing', blamed: 'bucket' },
  NoSuchUpload: { kind: 'upload-missing' },
  PreconditionFailed: { kind: 'precondition-failed' },
  ConditionalRequestConflict: { kind: 'conflict' },
  OperationAborted: { kind: 'conflict' },
  InvalidRange: { kind: 'unsatisfiable' },

  SlowDown: { kind: 'unavailable' },
  InternalError: { kind: 'unavailable' },
  RequestTimeout: { kind: 'unavailable' },
  ServiceUnavailable: { kind: 'unavailable' },
  EndlessAnswer: { kind: 'endless' },
  CredentialsTimeout: { kind: 'credentials-late' },

  RequestTimeTooSkewed: { kind: 'denied', blamed: 'clock' },
  AuthorizationHeaderMalformed: { kind: 'denied', blamed: 'region' },
  PermanentRedirect: { kind: 'denied', blamed: 'region' },
  TemporaryRedirect: { kind: 'denied', blamed: 'region' },
  Redirect: { kind: 'denied', blamed: 'region' },
  IllegalLocationConstraintException: { kind: 'denied', blamed: 'region' },
  // MinIO, and R2, which takes "auto" and the names of its own places.
  InvalidRegion: { kind: 'denied', blamed: 'region' },
  InvalidRegionName: {
    kind: 'denied',
    blamed: 'region',
    advice: 'The store does not know "region"; Cloudflare R2 takes "auto".',
  },
  // Alibaba OSS.
  SecondLevelDomainForbidden: {
    kind: 'denied',
    blamed: 'connection',
    advice:
      'This store wants the bucket in the host name: leave "usePathStyleEndpoint" out, and let "endpoint" be that of its S3 interface (https://s3.oss-<region>.aliyuncs.com).',
  },

  InvalidAccessKeyId: {
    kind: 'denied',
    blamed: 'credentials',
    advice:
      'The store does not know the access key id: check "key" for slips and for its account, and whether the key is live.',
  },
  SignatureDoesNotMatch: {
    kind: 'denied',
    blamed: 'credentials',
    advice:
      'The store knows the access key id, but the signature is wrong: check "secret" (cut short, escaped, of another key); a proxy that rewrites Host or paths does the same.',
  },
  // Google Cloud Storage to a key that is no HMAC key of its own.
  InvalidSecurity: {
    kind: 'denied',
    blamed: 'credentials',
    advice:
      'Google Cloud Storage takes HMAC keys alone: make one for a service account (Settings, Interoperability) for "key" and "secret".',
  },
  ExpiredToken: { kind: 'denied', blamed: 'credentials', advice: SESSION },
  TokenRefreshRequired: { kind: 'denied', blamed: 'credentials', advice: SESSION },
  InvalidToken: {
    kind: 'denied',
    blamed: 'credentials',
    advice:
      'The session token is none of this key: check "sessionToken", and that all three are of one session.',
  },
  CredentialsProviderError: { kind: 'denied', blamed: 'credentials', advice: NO_CREDENTIALS },
  TokenProviderError: { kind: 'denied', blamed: 'credentials', advice: NO_CREDENTIALS },
  UserSuspended: { kind: 'denied', blamed: 'credentials', advice: ACCOUNT },
  AccountProblem: { kind: 'denied', blamed: 'credentials', advice: ACCOUNT },
  NotSignedUp: { kind: 'denied', blamed: 'credentials', advice: ACCOUNT },

  NotImplemented: { kind: 'unsupported' },
  MethodNotAllowed: { kind: 'unsupported' },
  InvalidEncryptionAlgorithmError: { kind: 'denied', advice: ENCRYPTION },
  InvalidEncryptionMethod: { kind: 'denied', advice: ENCRYPTION },
  KMSNotConfigured: { kind: 'denied', advice: ENCRYPTION },

  InvalidObjectState: { kind: 'archived', advice: ARCHIVED },
  // AWS to a copy of such a file.
  ObjectNotInActiveTierError: { kind: 'archived', advice: ARCHIVED },

  EntityTooLarge: { kind: 'too-large' },
  InsufficientStorage: { kind: 'storage-full', advice: ROOM },
  InsufficientCapacity: { kind: 'storage-full', advice: ROOM },
  XMinioStorageFull: { kind: 'storage-full', advice: ROOM },

  KeyTooLongError: { kind: 'bad-key' },
  KeyTooLong: { kind: 'bad-key' },
  InvalidObjectName: { kind: 'bad-key' },
  InvalidKey: { kind: 'bad-key' },
  XMinioInvalidObjectName: { kind: 'bad-key' },
  XMinioInvalidResourceName: { kind: 'bad-key' },
  XMinioParentIsObject: { kind: 'parent-is-file' },
  // MinIO and SeaweedFS keep files and folders as a disk does.
  XMinioObjectExistsAsDirectory: { kind: 'folder-in-place' },
  ExistingObjectIsDirectory: { kind: 'folder-in-place' },
  ExistingObjectIsFile: { kind: 'parent-is-file' },
};

// What one caller may not have says nothing of storage as a whole, and asking again does not help. Ceph, MinIO
// (`XMinioAdminBucketQuotaExceeded`) and others each put their own words before it.
const QUOTA = /QuotaExceeded$/;
// `KMS.DisabledException`, `KMS.NotFoundException` and further names of AWS's key service.
const KMS = /^KMS\./;

/** What is known of a code; undefined for one that nobody has met. */
export function refusalCode(code: string): RefusalCode | undefined {
  if (Object.hasOwn(BY_CODE, code)) return BY_CODE[code];
  if (QUOTA.test(code)) return { kind: 'quota', advice: ROOM };
  return KMS.test(code) ? { kind: 'denied', advice: ENCRYPTION } : undefined;
}
