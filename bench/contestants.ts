// Who is measured, how each is started, and at which works.
import type { Request, WorkName } from './works.ts';
import { form, tus, tusToKey } from './works.ts';

/** One server of the race. */
export interface Contestant {
  readonly title: string;
  /** File of `contestants/`, or rclone. */
  readonly program: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** It reaches the stand-in over TLS. */
  readonly secure?: true;
  /** What stands before a key in its URLs. */
  readonly mount: string;
  readonly works: readonly WorkName[];
  /** Requests that its own protocol words otherwise. */
  readonly requests?: Readonly<Partial<Record<WorkName, Request>>>;
}

const MOUNT = '/api/v2/s3files/';
const KIB = 1024;
const READS = ['get-1k', 'get-64k', 'get-1m', 'get-64m', 'range', 'not-modified', 'head'] as const;
const OFFLOADED = ['get-64k', 'get-1m', 'get-64m'] as const;
const LISTS = ['list-10', 'list-1000', 'list-25000'] as const;
const PUTS = ['put-1k', 'put-1m', 'put-64m'] as const;
const FORMS = ['form-1k', 'form-1m'] as const;
const TLS_READS = ['tls-get-1k', 'tls-get-64k', 'tls-get-1m', 'tls-put-1m'] as const;
const TLS = [...TLS_READS, 'tls-list-1000'] as const;
const REST = ['delete', 'sign-read', 'sign-unseen', 'sign-write', 'zip-1000'] as const;

const CONTESTANTS = {
  'us-express': {
    title: 's3files in Express',
    program: 'us-express',
    mount: MOUNT,
    works: [...READS, ...LISTS, ...PUTS, ...FORMS, ...REST],
  },
  'us-lane': {
    title: 's3files, fast lane beside Express',
    program: 'us-lane',
    mount: MOUNT,
    works: [...READS, ...LISTS, ...PUTS],
  },
  'us-http': {
    title: 's3files on node:http',
    program: 'us-http',
    mount: '/',
    works: [...READS, ...LISTS, ...PUTS, ...FORMS, ...REST],
  },
  'us-express-cached': {
    title: 's3files in Express, memoryCache',
    program: 'us-express',
    environment: { BENCH_CACHED: '1' },
    mount: MOUNT,
    works: ['cached-1k'],
  },
  'us-http-cached': {
    title: 's3files on node:http, memoryCache',
    program: 'us-http',
    environment: { BENCH_CACHED: '1' },
    mount: '/',
    works: ['cached-1k'],
  },
  'us-http-tus': {
    title: 's3files on node:http, by tus',
    program: 'us-http',
    environment: { BENCH_RESUMABLE: '1' },
    mount: '/',
    works: [...PUTS],
    requests: {
      'put-1k': tusToKey(KIB),
      'put-1m': tusToKey(KIB * KIB),
      'put-64m': tusToKey(64 * KIB * KIB),
    },
  },
  'sdk-express': {
    title: 'Express + SDK by hand',
    program: 'sdk-express',
    mount: MOUNT,
    works: [...READS, ...LISTS, ...PUTS, ...REST],
  },
  'sdk-http': {
    title: 'node:http + SDK by hand',
    program: 'sdk-http',
    mount: '/',
    works: [...READS, ...LISTS, ...PUTS, ...REST],
  },
  'lib-storage': {
    title: 'Express + @aws-sdk/lib-storage',
    program: 'lib-storage',
    mount: MOUNT,
    works: [...PUTS],
  },
  'proxy-express': {
    title: 'bare proxy in Express',
    program: 'proxy-express',
    mount: MOUNT,
    works: [...READS, ...PUTS],
  },
  'proxy-http': {
    title: 'bare node:http proxy',
    program: 'proxy-http',
    mount: '/',
    works: [...READS, 'cached-1k', ...PUTS],
  },
  'static-express': {
    title: 'express.static, local files',
    program: 'static-express',
    mount: MOUNT,
    works: ['cached-1k'],
  },
  'static-sirv': {
    title: 'sirv, local files',
    program: 'static-sirv',
    mount: '/',
    works: ['cached-1k'],
  },
  multer: {
    title: 'Express + multer + multer-s3 (forms)',
    program: 'multer',
    mount: MOUNT,
    works: [...PUTS, ...FORMS],
    requests: {
      'put-1k': form(KIB),
      'put-1m': form(KIB * KIB),
      'put-64m': form(64 * KIB * KIB, true),
    },
  },
  tus: {
    title: '@tus/server + @tus/s3-store',
    program: 'tus',
    mount: '/',
    works: [...PUTS],
    requests: { 'put-1k': tus(KIB), 'put-1m': tus(KIB * KIB), 'put-64m': tus(64 * KIB * KIB) },
  },
  unstorage: {
    title: 'unstorage server, S3 driver',
    program: 'unstorage',
    mount: '/',
    works: ['get-1k', 'get-64k', 'get-1m', 'put-1k', 'put-1m', 'delete'],
  },
  rclone: {
    title: 'rclone serve http (Go)',
    program: 'rclone',
    mount: '/',
    works: ['get-1k', 'get-64k', 'get-1m', 'get-64m', 'range', 'head'],
  },
  'us-accel': {
    title: 's3files, nginx carries the bytes',
    program: 'us-accel',
    mount: MOUNT,
    works: [...OFFLOADED],
  },
  'us-accel-cached': {
    title: 's3files, nginx carries the bytes from its cache',
    program: 'us-accel',
    environment: { BENCH_CACHED: '1' },
    mount: MOUNT,
    works: [...OFFLOADED],
  },
  'nginx-auth': {
    title: 'nginx with auth_request and proxy_pass',
    program: 'nginx-auth',
    mount: MOUNT,
    works: [...OFFLOADED],
  },
  'us-express-tls': {
    title: 's3files in Express, storage over TLS',
    program: 'us-express',
    secure: true,
    mount: MOUNT,
    works: [...TLS],
  },
  'us-http-tls': {
    title: 's3files on node:http, storage over TLS',
    program: 'us-http',
    secure: true,
    mount: '/',
    works: [...TLS],
  },
  'sdk-express-tls': {
    title: 'Express + SDK by hand, storage over TLS',
    program: 'sdk-express',
    secure: true,
    mount: MOUNT,
    works: [...TLS],
  },
  'sdk-http-tls': {
    title: 'node:http + SDK by hand, storage over TLS',
    program: 'sdk-http',
    secure: true,
    mount: '/',
    works: [...TLS],
  },
  'proxy-express-tls': {
    title: 'bare proxy in Express, storage over TLS',
    program: 'proxy-express',
    secure: true,
    mount: MOUNT,
    works: [...TLS_READS],
  },
  'proxy-http-tls': {
    title: 'bare node:http proxy, storage over TLS',
    program: 'proxy-http',
    secure: true,
    mount: '/',
    works: [...TLS_READS],
  },
} satisfies Record<string, Contestant>;

export type ContestantName = keyof typeof CONTESTANTS;
export const contestants: Readonly<Record<ContestantName, Contestant>> = CONTESTANTS;
export const CONTESTANT_NAMES = Object.keys(CONTESTANTS) as ContestantName[];

/** What this contestant is asked for this work. */
export const requestFor = (name: ContestantName, work: WorkName, usual: Request): Request =>
  contestants[name].requests?.[work] ?? usual;
