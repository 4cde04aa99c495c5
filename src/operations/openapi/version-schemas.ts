// Versions, the trash, the quota, as JSON Schema.
import { bytes, date, etag, mediaType, name, path } from './fields.js';

const versionId = {
  type: 'string',
  description: 'Names one version of the file; opaque.',
} as const;

/** Components of the OpenAPI document for versions and quotas, by the names that operations refer to. */
export const VERSION_SCHEMAS = {
  Usage: {
    type: 'object',
    description: 'How much of the quota is used.',
    required: ['used', 'allowed', 'files'],
    properties: {
      used: { ...bytes, description: 'Bytes that are used.' },
      allowed: { ...bytes, description: 'Bytes that may be used.' },
      files: { type: 'integer', minimum: 0, description: 'Files that are there.' },
    },
  },
  Versions: {
    type: 'object',
    description: 'The versions of a file, the newest first.',
    required: ['resource'],
    properties: {
      resource: { type: 'array', items: { $ref: '#/components/schemas/Version' } },
    },
  },
  Version: {
    type: 'object',
    description: 'One version of a file, or the mark that its deletion left.',
    required: ['version_id', 'content_length', 'last_modified', 'etag', 'is_latest', 'deleted'],
    properties: {
      version_id: versionId,
      content_length: {
        type: ['integer', 'null'],
        minimum: 0,
        description: 'Bytes; null for a deletion.',
      },
      last_modified: date,
      etag: { ...etag, type: ['string', 'null'] },
      is_latest: { type: 'boolean', description: 'Whether it is what a read without id gives.' },
      deleted: { type: 'boolean', description: 'Whether it marks a deletion.' },
    },
  },
  Trash: {
    type: 'object',
    description: 'What was deleted below a folder.',
    required: ['resource'],
    properties: {
      resource: { type: 'array', items: { $ref: '#/components/schemas/DeletedEntry' } },
      next_cursor: { type: 'string', description: 'Goes on; there when there is more.' },
    },
  },
  DeletedEntry: {
    type: 'object',
    description: 'A deleted file, or folder of its own, that can be restored.',
    required: ['path', 'type', 'name', 'deleted_at', 'version_id'],
    properties: {
      path,
      type: { type: 'string', enum: ['file', 'folder'] },
      name: { ...name, description: 'From the listed folder, without a slash behind.' },
      content_type: mediaType,
      content_length: bytes,
      deleted_at: date,
      version_id: { ...versionId, description: 'The version that a restore brings back.' },
    },
  },
  Restored: {
    description: 'The file that is there again, or how many files of the folder are.',
    anyOf: [
      { $ref: '#/components/schemas/StoredFile' },
      { $ref: '#/components/schemas/RestoredFolder' },
    ],
  },
  RestoredFolder: {
    type: 'object',
    description: 'A folder whose deleted files are there again.',
    required: ['name', 'path', 'restored'],
    properties: {
      name,
      path,
      restored: { type: 'integer', minimum: 0, description: 'Files that are there again.' },
    },
  },
} as const;
