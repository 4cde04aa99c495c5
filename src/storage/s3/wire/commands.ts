// Every command that this service sends to S3, by AWS's name, with the SDK's own input and output.
import type * as S3 from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../../../core/client-signal.js';
import type { Flow } from '../../streams/flow.js';

interface Commands {
  AbortMultipartUpload: [S3.AbortMultipartUploadCommandInput, S3.AbortMultipartUploadCommandOutput];
  CompleteMultipartUpload: [
    S3.CompleteMultipartUploadCommandInput,
    S3.CompleteMultipartUploadCommandOutput,
  ];
  CopyObject: [S3.CopyObjectCommandInput, S3.CopyObjectCommandOutput];
  CreateBucket: [S3.CreateBucketCommandInput, S3.CreateBucketCommandOutput];
  CreateMultipartUpload: [
    S3.CreateMultipartUploadCommandInput,
    S3.CreateMultipartUploadCommandOutput,
  ];
  DeleteObject: [S3.DeleteObjectCommandInput, S3.DeleteObjectCommandOutput];
  DeleteObjects: [S3.DeleteObjectsCommandInput, S3.DeleteObjectsCommandOutput];
  GetObjectAcl: [S3.GetObjectAclCommandInput, S3.GetObjectAclCommandOutput];
  GetObjectTagging: [S3.GetObjectTaggingCommandInput, S3.GetObjectTaggingCommandOutput];
  /** Its body is a flow, or the bytes when they are few. */
  GetObject: [
    S3.GetObjectCommandInput,
    Omit<S3.GetObjectCommandOutput, 'Body'> & { Body?: Flow | Uint8Array },
  ];
  GetBucketCors: [S3.GetBucketCorsCommandInput, S3.GetBucketCorsCommandOutput];
  GetBucketVersioning: [S3.GetBucketVersioningCommandInput, S3.GetBucketVersioningCommandOutput];
  HeadBucket: [S3.HeadBucketCommandInput, S3.HeadBucketCommandOutput];
  HeadObject: [S3.HeadObjectCommandInput, S3.HeadObjectCommandOutput];
  ListMultipartUploads: [S3.ListMultipartUploadsCommandInput, S3.ListMultipartUploadsCommandOutput];
  ListObjectVersions: [S3.ListObjectVersionsCommandInput, S3.ListObjectVersionsCommandOutput];
  ListObjectsV2: [S3.ListObjectsV2CommandInput, S3.ListObjectsV2CommandOutput];
  ListParts: [S3.ListPartsCommandInput, S3.ListPartsCommandOutput];
  PutBucketVersioning: [S3.PutBucketVersioningCommandInput, S3.PutBucketVersioningCommandOutput];
  PutObject: [WithBody<S3.PutObjectCommandInput>, S3.PutObjectCommandOutput];
  PutObjectTagging: [S3.PutObjectTaggingCommandInput, S3.PutObjectTaggingCommandOutput];
  UploadPart: [WithBody<S3.UploadPartCommandInput>, S3.UploadPartCommandOutput];
  UploadPartCopy: [S3.UploadPartCopyCommandInput, S3.UploadPartCopyCommandOutput];
}

type WithBody<T> = Omit<T, 'Body'> & { Body?: Uint8Array | Readable };

/** AWS's name of a command. */
export type CommandName = keyof Commands;

/** What a command says. The bucket is added where it is sent. */
export type Input<N extends CommandName> = Omit<Commands[N][0], 'Bucket'>;

/** What storage answered. */
export type Output<N extends CommandName> = Commands[N][1];

/** On what terms one command is sent, once. */
export interface Terms {
  /** Ends it; its reason is what is thrown. */
  readonly signal: ClientSignal;
  /** How long the answer may take, in milliseconds; `null` when its caller watches its progress. */
  readonly answerMs: number | null;
}

/** A way for commands to travel. Throws errors as the SDK does, and the signal's reason. */
export type Send = <N extends CommandName>(
  name: N,
  input: Input<N>,
  terms: Terms,
) => Promise<Output<N>>;
