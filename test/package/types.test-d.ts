// What compiles for a host and what does not; compiled by the same tsc as the rest, run by nobody.
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import connect from 'connect';
import express from 'express';
import type { Request } from 'express';
import {
  allowAll,
  createFileService,
  FileServiceError,
  memoryCache,
  rateLimit,
  roles,
  type Access,
  type AuditEvent,
  type Authorize,
  type Cache,
  type FileService,
  type HookRequest,
} from '../../src/index.ts';

const base = { bucket: 'acme', region: 'eu-west-1', authorize: allowAll };
const files: FileService = createFileService(base);

// It mounts wherever a handler does.
express().use('/files', files);
express().get('/files/{*path}', files);
connect().use('/files', files);
createServer(files);
createHttp2Server(files);

// A host reads its own request, typed.
interface Shop extends Request {
  readonly shop: { readonly id: string };
}
createFileService<Shop>({
  ...base,
  container: ({ raw }) => `shops/${raw.shop.id}`,
  authenticate: ({ raw }) => ({ id: raw.shop.id, roles: ['member'], plan: 'free' }),
  authorize: [
    ({ path, action }: Access, { raw, principal }) =>
      action === 'read' && path !== raw.ip && principal !== null,
  ],
});

// One annotated hook says whose request all the others get.
createFileService({
  ...base,
  authenticate: ({ raw }: HookRequest<Shop>) => ({ id: raw.shop.id }),
  authorize: [roles({ reader: [{ path: '**', allow: ['GET'] }] }), allowAll],
  limit: rateLimit({ points: 600, seconds: 60 }),
  container: ({ raw }) => raw.shop.id,
  onError: (error, { phase, request }) => void [error, phase, request?.raw.shop.id],
});

// Hooks are synchronous or not.
createFileService({ ...base, authorize: async () => true, audit: async () => undefined });
createFileService({ ...base, audit: (event: AuditEvent) => void event.storageCalls });
const store: Cache = memoryCache();
createFileService({ ...base, cache: store, cacheTtl: 60 });
createFileService({ ...base, cache: new Map<string, never>() as never });
createFileService({ ...base, authorize: roles({ reader: [{ path: '**', allow: ['GET'] }] }) });
createFileService({ ...base, use_path_style_endpoint: true, cache_enabled: true, cache_ttl: 1 });

// Life cycle.
void files.check().then(({ ok, findings }): [boolean, number] => [ok, findings.length]);
void files.sweep({ dryRun: true });
void files.close({ graceMs: 1 });
const status: number = new FileServiceError('not_found', 'Gone.').status;
void status;

// @ts-expect-error authorize is required
createFileService({ bucket: 'acme', region: 'eu-west-1' });
// @ts-expect-error the bucket is required
createFileService({ region: 'eu-west-1', authorize: allowAll });
// @ts-expect-error a name that is no option
createFileService({ ...base, authorise: allowAll });
// @ts-expect-error only true and false are verdicts
createFileService({ ...base, authorize: () => 'yes' });
// @ts-expect-error a number of seconds
createFileService({ ...base, cacheTtl: '60' });
// @ts-expect-error one mode only
createFileService({ ...base, compat: 'other' });
// @ts-expect-error a closed list of reasons
new FileServiceError('teapot', 'No.');
// @ts-expect-error an access cannot be changed
const change: Authorize = (access) => (access.path = 'other') === 'other';
void change;
// @ts-expect-error a principal has an id
createFileService({ ...base, authenticate: () => ({ roles: ['a'] }) });
