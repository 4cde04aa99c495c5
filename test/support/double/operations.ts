// Every operation that the double has, by its AWS name.
import {
  deleteOwnershipControls,
  getObjectAcl,
  getOwnershipControls,
  putObjectAcl,
  putOwnershipControls,
} from './acl.ts';
import { deleteObjects } from './batch.ts';
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  headBucket,
  listBuckets,
} from './buckets.ts';
import { completeUpload } from './complete.ts';
import { deleteBucketCors, getBucketCors, putBucketCors } from './cors.ts';
import type { Answer, Exchange } from './exchange.ts';
import { listObjects } from './list.ts';
import { listParts, listUploads } from './list-uploads.ts';
import { abortUpload, createUpload, uploadPart, uploadPartCopy } from './multipart.ts';
import { readObject } from './read.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './tags.ts';
import { getBucketVersioning, listVersions, putBucketVersioning } from './versions.ts';
import { copyObject, deleteObject, putObject } from './write.ts';

/** The operations; what is not here is NotImplemented. */
export const OPERATIONS: Readonly<
  Record<string, (exchange: Exchange) => Answer | Promise<Answer>>
> = {
  AbortMultipartUpload: abortUpload,
  CompleteMultipartUpload: completeUpload,
  CopyObject: copyObject,
  CreateBucket: createBucket,
  CreateMultipartUpload: createUpload,
  DeleteBucket: deleteBucket,
  DeleteBucketCors: deleteBucketCors,
  DeleteBucketOwnershipControls: deleteOwnershipControls,
  DeleteObject: deleteObject,
  DeleteObjectTagging: deleteObjectTagging,
  DeleteObjects: deleteObjects,
  GetBucketCors: getBucketCors,
  GetBucketLocation: getBucketLocation,
  GetBucketOwnershipControls: getOwnershipControls,
  GetBucketVersioning: getBucketVersioning,
  GetObject: readObject,
  GetObjectAcl: getObjectAcl,
  GetObjectTagging: getObjectTagging,
  HeadBucket: headBucket,
  HeadObject: readObject,
  ListBuckets: listBuckets,
  ListMultipartUploads: listUploads,
  ListObjectVersions: listVersions,
  ListObjectsV2: listObjects,
  ListParts: listParts,
  PutBucketCors: putBucketCors,
  PutBucketOwnershipControls: putOwnershipControls,
  PutBucketVersioning: putBucketVersioning,
  PutObject: putObject,
  PutObjectAcl: putObjectAcl,
  PutObjectTagging: putObjectTagging,
  UploadPart: uploadPart,
  UploadPartCopy: uploadPartCopy,
};
