// What CopyObject would lose of an object: it keeps metadata and tags when nothing else is asked for, and nothing else.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
import type { Grant, Tag } from '@aws-sdk/client-s3';
import type { S3Context } from '../call.js';
import { refusalOf } from '../errors.js';
import type { Input, Output } from '../wire/commands.js';

/** What a copy repeats of its source. */
export interface Kept {
  /** For CopyObject and CreateMultipartUpload alike. */
  readonly input: Pick<
    Input<'CopyObject'>,
    | 'Expires'
    | 'GrantFullControl'
    | 'GrantRead'
    | 'GrantReadACP'
    | 'GrantWriteACP'
    | 'ObjectLockLegalHoldStatus'
    | 'ObjectLockMode'
    | 'ObjectLockRetainUntilDate'
    | 'SSEKMSKeyId'
    | 'ServerSideEncryption'
    | 'StorageClass'
    | 'WebsiteRedirectLocation'
  >;
  /** Tags that have to be put on the copy afterwards. */
  readonly tags: readonly Tag[];
}

/** How the copy is made. */
export interface Copying {
  readonly source: Output<'HeadObject'>;
  /** CopyObject keeps tags by itself where it keeps the metadata, and on AWS always. */
  readonly losesTags: boolean;
  /** The version of the source; undefined is the newest. */
  readonly versionId?: string | undefined;
}

/** Looks up what a copy of `key` has to repeat. Costs a call for its ACL, where the store tells ACLs. */
export async function keptOf(
  context: S3Context,
  key: string,
  { source, losesTags, versionId: VersionId }: Copying,
): Promise<Kept> {
  const { serverSideEncryption, storageClass } = context.settings;
  const object = { Key: context.keyOf(key), VersionId };
  const hasTags = losesTags && (source.TagCount ?? 0) > 0;
  const [grants, tags] = await Promise.all([
    grantsOf(context, object),
    hasTags ? tagsOf(context, object) : [],
  ]);
  const expires = new Date(source.ExpiresString ?? '');
  return {
    tags,
    input: {
      ...(Number.isNaN(expires.getTime()) ? {} : { Expires: expires }),
      WebsiteRedirectLocation: source.WebsiteRedirectLocation,
      ObjectLockMode: source.ObjectLockMode,
      ObjectLockRetainUntilDate: source.ObjectLockRetainUntilDate,
      ObjectLockLegalHoldStatus: source.ObjectLockLegalHoldStatus,
      // What the host wants for every object comes first.
      ...(storageClass === undefined ? { StorageClass: source.StorageClass } : {}),
      ...(serverSideEncryption === undefined
        ? { ServerSideEncryption: source.ServerSideEncryption, SSEKMSKeyId: source.SSEKMSKeyId }
        : {}),
      ...grants,
    },
  };
}

/** Puts tags on a copy that lost them. */
export async function putTags(context: S3Context, key: string, { tags }: Kept): Promise<void> {
  if (tags.length === 0) return;
  const Tagging = { TagSet: [...tags] };
  await context.send('PutObjectTagging', { Key: context.keyOf(key), Tagging });
}

async function tagsOf(context: S3Context, object: Named): Promise<readonly Tag[]> {
  return (await context.send('GetObjectTagging', object)).TagSet ?? [];
}

interface Named {
  readonly Key: string;
  readonly VersionId: string | undefined;
}

type Grants = Pick<
  Input<'CopyObject'>,
  'GrantFullControl' | 'GrantRead' | 'GrantReadACP' | 'GrantWriteACP'
>;

const HEADER_OF = {
  FULL_CONTROL: 'GrantFullControl',
  READ: 'GrantRead',
  READ_ACP: 'GrantReadACP',
  WRITE_ACP: 'GrantWriteACP',
} as const satisfies Record<string, keyof Grants>;

/** The ACL of an object as headers; none when only its owner has rights, which is every object's default. */
async function grantsOf(context: S3Context, object: Named): Promise<Grants> {
  const { learnt } = context.connection;
  if (!learnt.hasAcls) return {};
  const { Grants: given = [], Owner } = await context
    .send('GetObjectAcl', object)
    .catch((error: unknown) => {
      if (!NOT_TOLD.has(refusalOf(error)?.kind ?? '')) throw error;
      learnt.hasAcls = false;
      return {} as Output<'GetObjectAcl'>;
    });
  const isDefault = given.every(
    ({ Permission, Grantee }) => Permission === 'FULL_CONTROL' && Grantee?.ID === Owner?.ID,
  );
  if (isDefault) return {};
  const headers: { -readonly [name in keyof Grants]: string } = {};
  for (const grant of given) {
    const name = HEADER_OF[grant.Permission as keyof typeof HEADER_OF];
    const grantee = granteeOf(grant);
    if (name === undefined || grantee === undefined) continue;
    headers[name] = headers[name] === undefined ? grantee : `${headers[name]}, ${grantee}`;
  }
  return headers;
}

function granteeOf({ Grantee }: Grant): string | undefined {
  if (Grantee?.URI !== undefined) return `uri="${Grantee.URI}"`;
  return Grantee?.ID === undefined ? undefined : `id="${Grantee.ID}"`;
}

// A store without ACLs, or a service that may not see them.
const NOT_TOLD = new Set<string>(['denied', 'unsupported', 'nonsense', 'missing']);
