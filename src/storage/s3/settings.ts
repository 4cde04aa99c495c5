// A storage, completely described, and on whose behalf it is called.
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { ClientSignal } from '../../core/client-signal.js';

/** Credentials of storage; a function is asked again before they expire. */
export type StorageCredentials = NonNullable<S3ClientConfig['credentials']>;

/** A storage, completely described. */
export interface StorageSettings {
  readonly bucket: string;
  readonly region: string;
  /** undefined is what the environment and the profile say, and AWS without a word from them. */
  readonly endpoint: string | undefined;
  /** The endpoint in pre-signed URLs; undefined is `endpoint`. */
  readonly publicEndpoint: string | undefined;
  readonly usePathStyleEndpoint: boolean;
  /** undefined is the AWS default chain. */
  readonly credentials: StorageCredentials | undefined;
  readonly createBucket: boolean;
  /** Whether the bucket is made to keep versions. */
  readonly enableVersioning: boolean;
  /** Whether the host uses versions. */
  readonly versions: boolean;
  /** Whether the host counts on every deletion leaving a version. */
  readonly trash: boolean;
  /** Whose pages send to the bucket itself, as far as that is known; undefined where none do. */
  readonly pageOrigins: readonly string[] | undefined;
  readonly serverSideEncryption: string | undefined;
  readonly kmsKeyId: string | undefined;
  readonly storageClass: string | undefined;
  /** Authorities beside those that Node trusts, in PEM; undefined for none. */
  readonly ca: readonly string[] | undefined;
  readonly maxSockets: number;
  /** Bytes. */
  readonly multipartThreshold: number;
  /** Bytes. */
  readonly partSize: number;
  readonly maxPartBuffers: number;
  /** Whether frequent calls are signed and sent by ourselves instead of by the SDK. */
  readonly leanCalls: boolean;
  readonly timeouts: {
    readonly connectMs: number;
    readonly requestMs: number;
    readonly idleMs: number;
  };
}

/** On whose behalf storage is called. */
export interface Call {
  /** Fires when the client has gone; settles every call with its reason. */
  readonly signal: ClientSignal;
  /** Called before each storage call, a repeated one too. */
  readonly onCall: (operation: string) => void;
}
