// A strict S3 in memory, on node:http: the embedded store of the demo and the rig of the tests.
// It must know nothing of the service that it stores for.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { quoted } from './attributes.ts';
import { bytesOf, contentOf, md5Of, sparseContent, type Content } from './content.ts';
import type { RecordedCall, Service } from './exchange.ts';
import { createFaultList, type Fault } from './faults.ts';
import { PRIVATE } from './grants.ts';
import { NO_QUIRKS, type Quirks } from './quirks.ts';
import { serve } from './server.ts';
import { createBucket, type StoredBucket, type StoredObject } from './store.ts';
import { putVersion, versionsOf } from './version-state.ts';

export type { RecordedCall } from './exchange.ts';
export type { Fault } from './faults.ts';
export { NO_QUIRKS, type Quirks } from './quirks.ts';

/** How a double is set up. */
export interface DoubleOptions {
  /** The port on 127.0.0.1. @default 0, any that is free */
  port?: number;
  /** @default ['bucket'] */
  buckets?: readonly string[];
  /** @default 'testaccess' */
  accessKeyId?: string;
  /** @default 'testsecretkey' */
  secretAccessKey?: string;
  /** The only region; another one in the credential scope is refused. @default 'us-east-1' */
  region?: string;
  /** False ignores If-None-Match and If-Match of writes in silence, as some stores do. @default true */
  conditionalWrites?: boolean;
  /** The clock in milliseconds, for skew, expiry and Last-Modified. @default Date.now */
  now?: () => number;
  /** Smallest part but the last that Complete takes. @default 5 MiB */
  minPartBytes?: number;
  /** What the store does differently from AWS. @default nothing */
  quirks?: Partial<Quirks>;
}

/** What an object that bypasses HTTP carries beside its bytes. */
export interface SeedAttributes {
  contentType?: string;
  cacheControl?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  metadata?: Record<string, string>;
  lastModified?: Date;
}

/** An object as it is at rest. `etag` in its quotes; `headers` by lower-case name. */
export interface ObjectView {
  readonly size: number;
  readonly etag: string;
  readonly lastModified: Date;
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly contentDisposition?: string;
  readonly contentEncoding?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  bytes(): Uint8Array;
}

/** A running double. */
export interface Double {
  /** The path-style address; `http://<bucket>.localhost:<port>` is the virtual-host one. */
  readonly endpoint: string;
  readonly port: number;
  /** Every call since the start or `clearCalls`, in order of arrival; one array for good. */
  readonly calls: RecordedCall[];
  clearCalls(): void;
  /** Arms a fault; faults are tried in the order in which they were armed. */
  inject(fault: Fault): void;
  clearFaults(): void;
  /** Turns these differences on or off; the others stay as they are. */
  setQuirks(quirks: Partial<Quirks>): void;
  /** Stores without HTTP: any key, also one that the service refuses, and any header value. */
  seed(bucket: string, key: string, body: string | Uint8Array, attributes?: SeedAttributes): void;
  /** Stores `size` zero bytes that take no memory. Its ETag is no MD5 above 64 MiB. */
  sparse(bucket: string, key: string, size: number, attributes?: SeedAttributes): void;
  /** What is stored now, in the order of a listing. */
  objects(bucket: string): ReadonlyMap<string, ObjectView>;
  /** The ids of a key's versions, the newest first; deletions are among them. */
  versionIds(bucket: string, key: string): readonly string[];
  /** The multipart uploads that are neither complete nor aborted. */
  uploads(
    bucket: string,
  ): readonly { key: string; uploadId: string; initiated: Date; parts: number }[];
  /** Makes everything that is stored and every open upload older by so many milliseconds. */
  age(bucket: string, ms: number): void;
  openSockets(): number;
  /** Sockets that clients have opened so far. */
  openedSockets(): number;
  /** Destroys all sockets and frees the port. */
  close(): Promise<void>;
}

// Longer than any client keeps an idle socket, so that none is reused just as it closes.
const KEEP_ALIVE_MS = 75_000;

/** Starts a double on 127.0.0.1. */
export async function startDouble(options: DoubleOptions = {}): Promise<Double> {
  const now = options.now ?? Date.now;
  const region = options.region ?? 'us-east-1';
  const calls: RecordedCall[] = [];
  const service: Service = {
    buckets: new Map(
      (options.buckets ?? ['bucket']).map((name) => [name, createBucket(name, now())]),
    ),
    faults: createFaultList(),
    region,
    conditionalWrites: options.conditionalWrites ?? true,
    minPartBytes: options.minPartBytes ?? 5 * 1024 * 1024,
    quirks: { ...NO_QUIRKS, ...options.quirks },
    lastWrites: new Map(),
    begunUploads: 0,
    now,
  };
  const keyring = {
    accessKeyId: options.accessKeyId ?? 'testaccess',
    secretAccessKey: options.secretAccessKey ?? 'testsecretkey',
    region,
    now,
  };
  const serving = { service, keyring, calls };
  const sockets = new Set<Socket>();
  const server = createServer(
    {
      requestTimeout: 0,
      headersTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: 64 * 1024,
    },
    (req, res) => void serve(serving, req, res, false),
  );
  server.on('checkContinue', (req, res) => void serve(serving, req, res, true));
  let opened = 0;
  server.on('connection', (socket) => {
    opened += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo;

  const store = (bucket: string, key: string, content: Content, attributes?: SeedAttributes) =>
    void putVersion(
      requireSeedBucket(service, bucket),
      seedObject(key, content, now(), attributes),
    );

  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    calls,
    clearCalls: () => void calls.splice(0),
    inject: (fault) => service.faults.inject(fault),
    clearFaults: () => service.faults.clear(),
    setQuirks: (quirks) => {
      service.quirks = { ...service.quirks, ...quirks };
    },
    seed: (bucket, key, body, attributes) =>
      store(bucket, key, contentOf([Buffer.from(body)]), attributes),
    sparse: (bucket, key, size, attributes) => store(bucket, key, sparseContent(size), attributes),
    objects: (bucket) => viewObjects(requireSeedBucket(service, bucket)),
    versionIds: (bucket, key) =>
      versionsOf(requireSeedBucket(service, bucket), key).map(({ versionId }) => versionId),
    uploads: (bucket) =>
      [...requireSeedBucket(service, bucket).uploads.values()].map((upload) => ({
        key: upload.key,
        uploadId: upload.uploadId,
        initiated: new Date(upload.initiated),
        parts: upload.parts.size,
      })),
    age: (bucket, ms) => ageBy(requireSeedBucket(service, bucket), ms),
    openSockets: () => sockets.size,
    openedSockets: () => opened,
    close: async () => {
      const closed = server.listening ? once(server, 'close') : undefined;
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function ageBy(bucket: StoredBucket, ms: number): void {
  for (const [id, upload] of bucket.uploads)
    bucket.uploads.set(id, { ...upload, initiated: upload.initiated - ms });
  for (const key of bucket.objects.sortedKeys()) {
    const object = bucket.objects.get(key);
    if (object !== undefined)
      bucket.objects.set({ ...object, lastModified: object.lastModified - ms });
  }
}

function requireSeedBucket(service: Service, name: string): StoredBucket {
  const bucket = service.buckets.get(name);
  if (bucket === undefined) throw new TypeError(`The double has no bucket "${name}".`);
  return bucket;
}

function seedObject(
  key: string,
  content: Content,
  now: number,
  attributes: SeedAttributes = {},
): StoredObject {
  const headers = {
    'content-type': attributes.contentType ?? 'binary/octet-stream',
    'cache-control': attributes.cacheControl,
    'content-disposition': attributes.contentDisposition,
    'content-encoding': attributes.contentEncoding,
  };
  const given = Object.entries(headers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    key,
    content,
    etag: md5Of(content),
    headers: Object.fromEntries(given),
    metadata: { ...attributes.metadata },
    tags: [],
    grants: PRIVATE,
    lastModified: Math.floor((attributes.lastModified?.getTime() ?? now) / 1000) * 1000,
    checksum: undefined,
    partSizes: undefined,
  };
}

function viewObjects(bucket: StoredBucket): ReadonlyMap<string, ObjectView> {
  const views = new Map<string, ObjectView>();
  for (const key of bucket.objects.sortedKeys()) {
    const object = bucket.objects.get(key);
    if (object !== undefined) views.set(key, viewObject(object));
  }
  return views;
}

function viewObject({ content, etag, lastModified, headers, metadata }: StoredObject): ObjectView {
  return {
    size: content.size,
    etag: quoted(etag),
    lastModified: new Date(lastModified),
    contentType: headers['content-type'],
    cacheControl: headers['cache-control'],
    contentDisposition: headers['content-disposition'],
    contentEncoding: headers['content-encoding'],
    headers,
    metadata,
    bytes: () => bytesOf(content),
  };
}
