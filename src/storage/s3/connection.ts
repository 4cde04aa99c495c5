// One storage, shared by every request of a service: how commands travel to it, and what was learnt of it.
import { ClientAbort } from '../../core/client-signal.js';
import { breaker, retryBudget, type Breaker, type RetryBudget } from './breaker.js';
import type { StorageSettings } from './settings.js';
import { sharedAnswer, type SharedAnswer } from './shared-answer.js';
import { turns, type Turns } from './writing/turns.js';
import { wireTo, type Wire } from './wire/wire.js';

/** How a store compares `If-Match` of a write: with the ETag's quotes, without them, or not at all. */
export type IfMatchSpelling = 'quoted' | 'bare' | 'ignored';

/** What a store does with the condition of a CompleteMultipartUpload. */
export type CompleteCondition = 'honoured' | 'ignored' | 'refused';

/** How bytes are vouched for: by CRC-32 in a header of AWS's own, or by the older Content-MD5. */
export type Checksum = 'crc32' | 'md5';

/** One storage. */
export interface Connection {
  readonly settings: StorageSettings;
  readonly wire: Wire;
  readonly breaker: Breaker;
  readonly budget: RetryBudget;
  /** Fires when the service closes: the signal of work that no request waits for. */
  readonly closing: ClientAbort;
  /** Answers that requests share, each asked of this storage once. */
  readonly known: {
    readonly bucketCreated: SharedAnswer<void>;
    readonly bucketExists: SharedAnswer<void>;
    readonly speaksS3: SharedAnswer<void>;
    readonly conditionalWrites: SharedAnswer<boolean>;
    readonly completeCondition: SharedAnswer<CompleteCondition>;
    readonly ifMatchSpelling: SharedAnswer<IfMatchSpelling>;
    readonly keepsVersions: SharedAnswer<boolean>;
    readonly signedWritesAreBound: SharedAnswer<boolean>;
  };
  /** What refusals have taught of this store. */
  readonly learnt: {
    /** Whether it has DeleteObjects, in the form that the SDK sends. */
    batchDelete: boolean;
    /** The checksum that it takes with bytes that are in memory. */
    checksum: Checksum;
    /** Whether every write needs one, so that a body has to be in memory first; undefined until a write has told. */
    needsChecksum: boolean | undefined;
    /** Whether it tells the ACLs of objects. */
    hasAcls: boolean;
  };
  /** Multipart uploads that this process works on, by the names of their marks: never swept. */
  readonly liveUploads: Set<string>;
  /** Work on one key that has to wait for other work on it. */
  readonly turns: Turns;
  /** Ends every call with the reason. */
  close(reason: Error): void;
}

// A burst of questions about missing files asks for the bucket once.
const BUCKET_SEEN_MS = 1000;
// Who runs the bucket may turn its versioning on or off.
const VERSIONING_SEEN_MS = 60_000;

/** Opens nothing yet: clients and sockets come with the first call. */
export function connect(settings: StorageSettings): Connection {
  const wire = wireTo(settings);
  const closing = new ClientAbort();
  return {
    settings,
    wire,
    breaker: breaker(),
    budget: retryBudget(),
    closing,
    known: {
      bucketCreated: sharedAnswer(),
      bucketExists: sharedAnswer(BUCKET_SEEN_MS),
      speaksS3: sharedAnswer(),
      conditionalWrites: sharedAnswer(),
      completeCondition: sharedAnswer(),
      ifMatchSpelling: sharedAnswer(),
      keepsVersions: sharedAnswer(VERSIONING_SEEN_MS),
      signedWritesAreBound: sharedAnswer(),
    },
    learnt: { batchDelete: true, checksum: 'crc32', needsChecksum: undefined, hasAcls: true },
    liveUploads: new Set(),
    turns: turns(),
    close(reason) {
      closing.abort(reason);
      wire.close(reason);
    },
  };
}
