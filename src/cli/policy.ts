// `s3files policy`: the least that a service needs of a bucket, as the documents that AWS takes.
import { OWN_FOLDER } from '../core/key.js';
import { nonEmpty } from './config.js';
import { say, UsageError, type Io } from './io.js';
import type { Given } from './options.js';

type Json = Readonly<Record<string, unknown>>;

/** Prints the policy, lifecycle rules and CORS rules, or one of them with `--only`. */
export function printPolicy(given: Given, io: Io): Promise<number> {
  const bucket = given.text('bucket') ?? nonEmpty(io.env['S3_BUCKET']);
  if (bucket === undefined) throw new UsageError('no bucket: give --bucket=NAME or S3_BUCKET.');
  const parts: Readonly<Record<string, Json>> = {
    policy: policyOf(bucket, given, io),
    lifecycle: lifecycleOf(prefixOf(given, io)),
    cors: corsOf(given),
  };
  const only = given.text('only');
  if (only !== undefined && !Object.hasOwn(parts, only))
    throw new UsageError(`--only takes ${Object.keys(parts).join(', ')}, not "${only}".`);
  say(io.out, JSON.stringify(only === undefined ? parts : parts[only], null, 2));
  return Promise.resolve(0);
}

function prefixOf(given: Given, { env }: Io): string {
  const container = (given.text('container') ?? env['S3_CONTAINER'] ?? '').replace(
    /^\/+|\/+$/g,
    '',
  );
  return container === '' ? '' : `${container}/`;
}

/** Each right stands for calls that the service makes: nothing that it does not ask for. */
function policyOf(bucket: string, given: Given, io: Io): Json {
  const arn = `arn:aws:s3:::${bucket}`;
  const prefix = prefixOf(given, io);
  const isReadOnly = given.has('read-only');
  const { onBucket, onKeys } = rightsOf(given);
  const key = given.text('kms-key');
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Bucket',
        Effect: 'Allow',
        Action: onBucket,
        Resource: arn,
      },
      {
        Sid: 'Files',
        Effect: 'Allow',
        Action: onKeys,
        Resource: `${arn}/${prefix}*`,
      },
      ...(key === undefined
        ? []
        : [
            {
              Sid: 'Encryption',
              Effect: 'Allow',
              Action: isReadOnly ? ['kms:Decrypt'] : ['kms:Decrypt', 'kms:GenerateDataKey'],
              Resource: key,
            },
          ]),
    ],
  };
}

interface Rights {
  readonly onBucket: readonly string[];
  readonly onKeys: readonly string[];
}

function rightsOf(given: Given): Rights {
  const writes = !given.has('read-only');
  const versions = given.has('versions');
  const onBucket = [
    's3:ListBucket',
    ...(writes ? ['s3:ListBucketMultipartUploads'] : []),
    ...(given.has('create-bucket') ? ['s3:CreateBucket'] : []),
    // Without the right to ask whether versions are kept, a service with a trash trusts that they are.
    ...(versions ? ['s3:ListBucketVersions', 's3:GetBucketVersioning'] : []),
    // `check` says what pages lack that send to storage.
    ...(given.list('origin').length > 0 ? ['s3:GetBucketCORS'] : []),
  ];
  const onKeys = [
    's3:GetObject',
    ...(versions ? ['s3:GetObjectVersion'] : []),
    ...(writes ? ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'] : []),
    // PATCH, copies and moves keep tags, ACL and lock only where they may be read and written.
    ...(writes ? ['s3:GetObjectTagging', 's3:PutObjectTagging'] : []),
    ...(writes && given.has('resumable') ? ['s3:ListMultipartUploadParts'] : []),
    ...(writes && versions ? ['s3:DeleteObjectVersion'] : []),
  ];
  return { onBucket, onKeys };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html */
function lifecycleOf(prefix: string): Json {
  const rule = (what: string, below: string, action: Json): Json => ({
    ID: `s3files: ${what}`,
    Status: 'Enabled',
    Filter: { Prefix: prefix + below },
    ...action,
  });
  return {
    Rules: [
      rule('uploads that nobody finished', '', {
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
      }),
      // No upload lives longer than seven days.
      ...['tails', 'staged', 'unheard'].map((name) =>
        rule(`what uploads left in ${name}`, `${OWN_FOLDER}${name}/`, { Expiration: { Days: 8 } }),
      ),
      rule('versions of its own', OWN_FOLDER, {
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
        Expiration: { ExpiredObjectDeleteMarker: true },
      }),
    ],
  };
}

/** What pages need that send to or read from signed URLs. */
function corsOf(given: Given): Json {
  const origins = given.list('origin');
  return {
    CORSRules: [
      {
        AllowedOrigins: origins.length === 0 ? ['https://app.example'] : origins,
        AllowedMethods: given.has('read-only') ? ['GET', 'HEAD'] : ['GET', 'HEAD', 'PUT'],
        AllowedHeaders: ['*'],
        ExposeHeaders: ['ETag', 'Content-Range', 'Accept-Ranges'],
        MaxAgeSeconds: 3600,
      },
    ],
  };
}
