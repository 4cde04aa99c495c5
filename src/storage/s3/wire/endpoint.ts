// Where requests to a bucket go, and as whom they are signed. Knows no SDK.
import type { Identity, Scope } from './sigv4.js';

/** Where a bucket is reached, whoever said so: option, environment, profile or AWS's own rules. */
export interface Endpoint {
  /** `https://bucket.s3.eu-west-1.amazonaws.com`. */
  readonly origin: string;
  readonly host: string;
  /** What stands before a key in a path: `/`, or `/bucket/`. */
  readonly base: string;
  readonly scope: Scope;
  /** Whether it is AWS itself, whose answers are known; of any other store they are found out. */
  readonly isAws: boolean;
  /** False for S3 Express and multi-region access points, whose requests are signed in other ways. */
  readonly isPlainSigV4: boolean;
  /** Live credentials. Throws what the SDK's provider throws. */
  readonly identity: () => Promise<LiveIdentity>;
}

/** Who signs, and until when. */
export type LiveIdentity = Identity & { readonly expiration?: Date };

// https://docs.aws.amazon.com/general/latest/gr/s3.html: the domains of all its partitions.
export const AWS_HOST =
  /\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|api\.aws|c2s\.ic\.gov|sc2s\.sgov\.gov)$/;
