// What a host may say of uploads that are more than one request.

/**
 * How uploads go on after a cut, in whichever instance of the service the next request comes.
 *
 * @example
 * const resumable: ResumableOptions = { maxAgeSeconds: 3600, secret: ['the new secret ...', 'the old secret ...'] };
 */
export interface ResumableOptions {
  /**
   * What the URLs of uploads are sealed with, as `uploadSecret`, which is the same option under another name: the first
   * of a list seals, all of them open. @default derived from a static `secret` of the credentials
   */
  readonly secret?: string | readonly string[];
  /** How long an upload may take, in seconds, at most 7 days. @default 86400 */
  readonly maxAgeSeconds?: number;
  /**
   * Send `104 Upload Resumption Supported` to clients that ask for it: plain uploads of iOS go on after a cut then.
   * nginx breaks connections on it. @default false
   */
  readonly interim?: boolean;
  /** Most bytes of one request; more is 413. @default no bound but that of the file */
  readonly maxAppendBytes?: number;
  /** Requests of one caller that may send at the same time to one instance; more are 429. @default 100 */
  readonly maxOpenPerPrincipal?: number;
}

/**
 * How browsers send to storage itself.
 *
 * @example
 * const direct: DirectOptions = { forms: 'storage' };
 */
export interface DirectOptions {
  /**
   * Where Uppy sends a small file by one form: through the service, or straight to storage (an S3 POST policy: this key,
   * this type, at most so many bytes). Storage cannot hold create-only, `scan`, `onUploaded`, a quota: where one of them
   * holds, the form goes through the service all the same. @default 'service'
   */
  readonly forms?: 'storage' | 'service';
}
