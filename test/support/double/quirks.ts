// What other stores do differently from AWS: one switch a difference, all off unless a test turns them on.

/** The differences. The default of each is what AWS does. */
export interface Quirks {
  /** What becomes of `x-amz-*` headers that were sent and not signed: AWS refuses them, Ceph honours them. @default 'refused' */
  readonly unsignedHeaders: 'refused' | 'honoured';
  /** A second write of one key within a second is 429, as on R2 and GCS. @default false */
  readonly oneWriteASecond: boolean;
  /** DeleteObjects: not there (501 on GCS, 400 elsewhere), refusing a checksum (s3proxy), wanting Content-MD5 (OVH, Swift). @default 'taken' */
  readonly batchDelete: 'taken' | 'missing-501' | 'missing-400' | 'no-checksum' | 'content-md5';
  /** Writes without Content-MD5 or a checksum are refused, as in buckets with default retention. @default false */
  readonly writesNeedDigest: boolean;
  /** Stored gzip is sent decoded and chunked, without a length, as GCS does. @default false */
  readonly transcodesGzip: boolean;
  /** HEAD of a folder's name without its slash is 200, as on SeaweedFS. @default false */
  readonly headsFolders: boolean;
  /** All prefixes of a page stand in one CommonPrefixes element. @default false */
  readonly mergesPrefixes: boolean;
  /** 200 with HTML to everything, as a console port or a captive portal. @default false */
  readonly answersHtml: boolean;
  /** Conditions of CompleteMultipartUpload: 501 once all parts are there; or not looked at, as on Ceph 16. @default 'judged' */
  readonly completeConditions: 'judged' | 'unsupported' | 'ignored';
  /** If-None-Match and If-Match on PutObject and CopyObject: 501, as on Swift 2.30. @default 'judged' */
  readonly writeConditions: 'judged' | 'unsupported';
  /** If-None-Match and If-Match on CopyObject: not looked at, as on Ceph, and on R2, which has headers of its own for it. @default 'judged' */
  readonly copyConditions: 'judged' | 'ignored';
  /** All parts of an upload but the last have one size, or it is not completed, as on R2. @default false */
  readonly equalParts: boolean;
  /** Tags and ACLs, calls and headers: 501, as on R2 and Garage. @default 'kept' */
  readonly attributes: 'kept' | 'unsupported';
  /** If-Match of a write holds only without its quotes, as on Ceph 16. @default false */
  readonly bareIfMatch: boolean;
  /** Ceph 16: a subset of parts is InvalidPart, ListParts after completion NoSuchKey, a second Complete is taken. @default false */
  readonly cephMultipart: boolean;
  /** Why nothing can be stored: 403 QuotaExceeded, or 507. @default 'none' */
  readonly full: 'none' | 'quota' | 'disk';
  /** Keys of which every call answers 500. */
  readonly poisoned: RegExp | undefined;
  /** Keys and listings below this prefix answer 503 SlowDown. */
  readonly slowDownBelow: string | undefined;
}

/** A store without any of them. */
export const NO_QUIRKS: Quirks = {
  unsignedHeaders: 'refused',
  oneWriteASecond: false,
  batchDelete: 'taken',
  writesNeedDigest: false,
  transcodesGzip: false,
  headsFolders: false,
  mergesPrefixes: false,
  answersHtml: false,
  completeConditions: 'judged',
  writeConditions: 'judged',
  copyConditions: 'judged',
  equalParts: false,
  attributes: 'kept',
  bareIfMatch: false,
  cephMultipart: false,
  full: 'none',
  poisoned: undefined,
  slowDownBelow: undefined,
};
