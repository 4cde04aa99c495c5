// What the project promises, as ratios within one run: our rate over a peer's.
import type { ContestantName } from './contestants.ts';
import type { WorkName } from './works.ts';

export interface Target {
  readonly work: WorkName;
  readonly us: ContestantName;
  readonly peer: ContestantName;
  /** Our rate is at least this many times the peer's. */
  readonly atLeast: number;
}

const target = (
  work: WorkName,
  us: ContestantName,
  peer: ContestantName,
  atLeast: number,
): Target => ({ work, us, peer, atLeast });

export const TARGETS: readonly Target[] = [
  target('get-1k', 'us-express', 'sdk-express', 3.5),
  target('get-1k', 'us-express', 'proxy-express', 0.9),
  target('get-1k', 'us-http', 'proxy-http', 0.8),
  target('get-1k', 'us-lane', 'proxy-http', 0.8),
  target('get-1k', 'us-http', 'sdk-http', 6),
  target('cached-1k', 'us-express-cached', 'static-express', 1.2),
  target('cached-1k', 'us-http-cached', 'proxy-http', 1.5),
  target('get-1m', 'us-http', 'proxy-http', 0.95),
  target('get-1m', 'us-express', 'proxy-express', 0.95),
  target('get-64m', 'us-http', 'proxy-http', 0.95),
  target('get-64m', 'us-express', 'proxy-express', 0.95),
  target('get-1m', 'us-accel', 'nginx-auth', 0.95),
  target('get-1m', 'us-accel-cached', 'us-http', 5),
  target('list-1000', 'us-express', 'sdk-express', 4),
  target('put-1k', 'us-express', 'multer', 3),
  target('put-1m', 'us-express', 'multer', 3),
  target('put-64m', 'us-http-tus', 'tus', 4),
  target('put-64m', 'us-http-tus', 'us-http', 0.9),
  target('sign-unseen', 'us-express', 'sdk-express', 5),
  target('sign-write', 'us-express', 'sdk-express', 5),
  target('sign-read', 'us-http', 'sdk-http', 5),
  target('sign-unseen', 'us-http', 'sdk-http', 5),
  target('sign-write', 'us-http', 'sdk-http', 5),
  target('zip-1000', 'us-express', 'sdk-express', 2),
  // Over TLS nothing may be lost, since nobody runs storage without it.
  target('tls-get-1k', 'us-http-tls', 'proxy-http-tls', 0.95),
  target('tls-get-64k', 'us-http-tls', 'proxy-http-tls', 0.95),
  target('tls-get-1m', 'us-http-tls', 'proxy-http-tls', 0.95),
  target('tls-put-1m', 'us-http-tls', 'proxy-http-tls', 0.95),
  target('tls-get-1k', 'us-http-tls', 'sdk-http-tls', 7),
  target('tls-get-1k', 'us-express-tls', 'sdk-express-tls', 4.6),
  target('tls-get-1m', 'us-http-tls', 'sdk-http-tls', 1.2),
  target('tls-list-1000', 'us-express-tls', 'sdk-express-tls', 4),
];
