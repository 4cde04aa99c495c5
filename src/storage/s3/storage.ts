// S3 as storage: opens buckets for requests, and answers for the storage as a whole.
import { FileServiceError } from '../../core/errors.js';
import type { Bucket } from '../bucket.js';
import { check, type Finding } from './check.js';
import { s3Context, type S3Context } from './call.js';
import { connect } from './connection.js';
import { signedWritesAreBound } from './probes/bound-signatures.js';
import { conditionalWrites } from './probes/conditional-writes.js';
import { copy } from './copy.js';
import { list } from './list.js';
import { read } from './read.js';
import { remove, removeMany, removeVersions } from './remove.js';
import type { Call, StorageSettings } from './settings.js';
import { s3Signer, type Signer } from './sign.js';
import { stat } from './stat.js';
import { sweep, type SweepReport, type Sweeping } from './sweep.js';
import { listVersions } from './versions/list-versions.js';
import { namingLocks } from './versions/lock.js';
import { write } from './write.js';
import { uploadStore } from './writing/upload-store.js';

export type { Finding } from './check.js';
export type { Call, StorageSettings } from './settings.js';
export type { SweepReport, SweepRequest, SweptUpload } from './sweep.js';

/** One S3 bucket with its sockets, shared by all requests of a service. */
export interface Storage {
  /** The bucket below a container (`''`, or ending in `/`), on behalf of one request. No call is made. */
  open(container: string, call: Call): Bucket;
  /** Asks storage what the service needs of it. Leaves nothing behind; never throws for what storage does. */
  check(container: string): Promise<readonly Finding[]>;
  /** Clears away what this service left behind below a container: multipart uploads, and objects of its own. */
  sweep(container: string, request: Sweeping): Promise<SweepReport>;
  /** Sockets in use and requests that wait for one. */
  busySockets(): number;
  /** Ends every call and socket. */
  close(): Promise<void>;
}

/** A storage. Nothing is opened before the first call. */
export function s3Storage(settings: StorageSettings): Storage {
  const connection = connect(settings);
  const signer = s3Signer(connection);
  const own = (container: string): S3Context =>
    s3Context(connection, container, { signal: connection.closing, onCall: () => undefined });

  return {
    open: (container, call) => s3Bucket(s3Context(connection, container, call), signer),
    check: (container) => check(own(container)),
    sweep: (container, request) => sweep(own(container), request),
    busySockets: () => connection.wire.busySockets() + connection.wire.waiting(),
    close() {
      const reason = new FileServiceError('closing', 'The service is closing.');
      signer.close();
      connection.close(reason);
      return Promise.resolve();
    },
  };
}

/** The port, each method in its own file. */
function s3Bucket(context: S3Context, signer: Signer): Bucket {
  return {
    list: (request) => list(context, request),
    stat: (key, conditions) => stat(context, key, conditions),
    read: (key, request) => read(context, key, request),
    write: (key, body, request) =>
      namingLocks(context, { key }, () => write(context, key, body, request)),
    copy: (request) => namingLocks(context, { key: request.to }, () => copy(context, request)),
    remove: (key, ifMatch) => remove(context, key, ifMatch),
    removeMany: (keys) => removeMany(context, keys),
    listVersions: (request) => listVersions(context, request),
    removeVersions: (versions) => removeVersions(context, versions),
    sign: (request) => signer.sign(context.keyOf(request.key), request),
    usage: () => Promise.resolve(null),
    conditionalWrites: () => conditionalWrites(context),
    signedWritesAreBound: () => signedWritesAreBound(context),
    uploads: () => uploadStore(context, signer),
  };
}
