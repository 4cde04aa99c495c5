// What answers look like, an example for each component of the OpenAPI document that has none of its own.
import type { SCHEMAS } from './schemas.js';

/** In the request and in its answer. */
const selected = { path: 'docs/a.txt', type: 'file' };
const folder = { type: 'folder', name: 'images' };
const stored = { type: 'file', name: 'a.txt', content: 'SGVsbG8=', is_base64: true };
const copy = {
  type: 'file',
  source_path: 'uploads/report.pdf',
  name: 'final.pdf',
  delete_source: true,
};
const failure = {
  code: 409,
  context: { path: 'images/' },
  message: "Conflict: Folder 'images/' already exists.",
  status_code: 409,
  reason: 'already_exists',
};
const etag = '"9e107d9d372bb6826bd81d3542a419d6"';
const report = {
  name: 'report.pdf',
  path: 'uploads/report.pdf',
  content_type: 'application/pdf',
  content_length: 102_400,
  type: 'file',
  etag,
};
const signed =
  'https://acme-prod.s3.eu-west-1.amazonaws.com/uploads/report.pdf' +
  '?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600&X-Amz-Signature=4f1d';
const entry = {
  path: 'uploads/report.pdf',
  type: 'file',
  name: 'report.pdf',
  content_type: 'application/pdf',
  content_length: 102_400,
  last_modified: '2026-02-10T15:45:00Z',
  etag,
};

const version = {
  version_id: '3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrHY',
  content_length: 102_400,
  last_modified: '2026-02-10T15:45:00Z',
  etag,
  is_latest: true,
  deleted: false,
};
const deleted = {
  path: 'uploads/report.pdf',
  type: 'file',
  name: 'report.pdf',
  content_type: 'application/pdf',
  content_length: 102_400,
  deleted_at: '2026-02-11T09:00:00Z',
  version_id: version.version_id,
};

/** Values that fit the schemas of the same names. */
export const EXAMPLES: Readonly<Partial<Record<keyof typeof SCHEMAS, unknown>>> = {
  Entry: entry,
  Lines: [entry],
  FileProperties: { ...entry, metadata: { author: 'billing' } },
  FolderProperties: {
    resource: {
      name: 'images',
      path: 'images/',
      type: 'folder',
      last_modified: '2026-02-10T14:30:00Z',
    },
  },
  Usage: { used: 1_048_576, allowed: 10_737_418_240, files: 12 },
  Versions: { resource: [version] },
  Version: version,
  Trash: { resource: [deleted] },
  DeletedEntry: deleted,
  RestoredFolder: { name: 'uploads', path: 'uploads/', restored: 12 },
  Restored: report,
  StoredFile: report,
  DirectStart: { filename: 'videos/holiday.mp4', type: 'video/mp4' },
  DirectEnd: { parts: [{ PartNumber: 1, ETag: etag }] },
  DirectUpload: { key: 'videos/holiday.mp4', uploadId: 'AbCd' },
  DirectParts: [{ PartNumber: 1, Size: 5_242_880, ETag: etag }],
  DirectFile: {
    location: '/api/v2/s3files/videos/holiday.mp4',
    key: 'videos/holiday.mp4',
    etag,
  },
  DirectForm: {
    method: 'POST',
    url: '/api/v2/s3files/_uploads/AbCd',
    fields: { key: 'videos/holiday.mp4' },
  },
  Empty: {},
  Ticket: {
    endpoint: '/api/v2/s3files/_uploads/t/AbCd',
    expires_at: '2026-02-10T15:45:00Z',
  },
  StoredList: {
    resource: [
      report,
      {
        name: 'images',
        path: 'images/',
        type: 'folder',
        error: failure,
      },
    ],
  },
  StoredItem: report,
  RemovedList: { resource: [{ name: null, ...selected }] },
  RemovedListItem: { name: null, ...selected },
  SignedUrl: { url: signed },
  SignedUpload: {
    url: signed,
    method: 'PUT',
    headers: { 'content-type': 'application/pdf' },
    expires_at: '2026-02-10T16:45:00Z',
  },
  Success: { success: true },
  OpenApi: { openapi: '3.1.0', info: { title: 's3files', version: '1.0.0' }, paths: {} },
  Content: '(the bytes of a file)',
  StoredJson: { anything: [1, 2, 3] },
  Failure: failure,
  Form: { files: ['(the bytes of a file)'] },
  FormOfOne: { file: '(the bytes of a file)' },
  NewItems: { resource: [folder, stored, copy] },
  NewItem: stored,
  NewFolder: folder,
  NewFile: stored,
  NewCopy: copy,
  Selection: { resource: [selected, { name: 't1/' }] },
  SelectedItem: selected,
  FileChanges: { content_type: 'text/plain', metadata: { author: 'billing', draft: null } },
  FolderMetadata: { owner: 'billing' },
};
