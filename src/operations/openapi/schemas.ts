// The JSON that the service sends and takes, as JSON Schema with an example each.
import { REASONS } from '../../core/errors.js';

const date = { type: ['string', 'null'], examples: ['2026-02-10T14:30:00Z'] };
const path = { type: 'string', examples: ['uploads/report.pdf'] };
const name = { type: 'string', examples: ['report.pdf'] };
const bytes = { type: 'integer', minimum: 0, examples: [102400] };
const mediaType = { type: 'string', examples: ['application/pdf'] };
const data = { description: 'What the `onUploaded` of the host answered.' };
const etag = { type: 'string', examples: ['"9e107d9d372bb6826bd81d3542a419d6"'] };

const errorFields = {
  code: { type: 'integer' },
  context: { type: ['object', 'array', 'null'] },
  message: { type: 'string' },
  status_code: { type: 'integer' },
  reason: { type: 'string', enum: REASONS },
};

const itemError = { type: 'object', properties: errorFields };

/** One answer an item of a batch, with these fields beside its names and its error. */
function answers<const Fields extends object>(fields: Fields) {
  const names = { name: { type: ['string', 'null'] }, path: { type: ['string', 'null'] } };
  return {
    type: 'object',
    required: ['resource'],
    properties: {
      resource: {
        type: 'array',
        items: { type: 'object', properties: { ...names, ...fields, error: itemError } },
      },
    },
  } as const;
}

/** Components of the OpenAPI document, by the names that operations refer to. */
export const SCHEMAS = {
  Error: {
    type: 'object',
    required: ['error'],
    properties: {
      error: { type: 'object', required: Object.keys(errorFields), properties: errorFields },
    },
    examples: [
      {
        error: {
          code: 409,
          context: { path: 'uploads/report.pdf' },
          message: "Conflict: File 'uploads/report.pdf' already exists.",
          status_code: 409,
          reason: 'already_exists',
        },
      },
    ],
  },
  Entry: {
    type: 'object',
    properties: {
      path,
      type: { enum: ['file', 'folder'] },
      name,
      content_type: mediaType,
      content_length: bytes,
      last_modified: date,
      etag,
      addressable: { const: false },
    },
  },
  Listing: {
    anyOf: [
      {
        type: 'object',
        required: ['resource'],
        properties: {
          resource: { $ref: '#/components/schemas/Lines' },
          next_cursor: { type: 'string' },
          meta: {
            type: 'object',
            description: 'With `include_count`.',
            required: ['count'],
            properties: { count: { type: 'integer', minimum: 0 } },
          },
        },
      },
      { $ref: '#/components/schemas/Lines' },
    ],
    examples: [
      {
        resource: [
          {
            path: 'images/',
            type: 'folder',
            name: 'images',
            last_modified: '2026-02-10T14:30:00Z',
          },
          {
            path: 'document.pdf',
            type: 'file',
            name: 'document.pdf',
            content_type: 'application/pdf',
            content_length: 102400,
            last_modified: '2026-02-09T10:15:00Z',
          },
        ],
      },
    ],
  },
  Lines: {
    type: 'array',
    items: { anyOf: [{ $ref: '#/components/schemas/Entry' }, { type: 'string' }] },
  },
  NameList: {
    type: 'object',
    required: ['resource'],
    properties: { resource: { type: 'array', items: { type: 'string' } } },
    examples: [{ resource: ['', '*', 'images/', 'images/*'] }],
  },
  FileProperties: {
    type: 'object',
    required: ['path', 'name', 'type', 'content_type', 'content_length', 'last_modified'],
    properties: {
      path,
      name,
      type: { const: 'file' },
      content_type: mediaType,
      content_length: { ...bytes, type: ['integer', 'null'] },
      last_modified: date,
      etag,
      metadata: { type: 'object', additionalProperties: { type: 'string' } },
      content: { type: 'string' },
    },
  },
  FolderProperties: {
    type: 'object',
    required: ['resource'],
    properties: {
      resource: {
        type: 'object',
        required: ['name', 'path', 'type', 'last_modified'],
        properties: {
          name,
          path,
          type: { const: 'folder' },
          last_modified: date,
          metadata: { type: 'object' },
          rights: {
            type: 'object',
            description: 'With `rights`.',
            required: ['list', 'read', 'write', 'delete'],
            additionalProperties: { type: 'boolean' },
          },
        },
      },
    },
  },
  StoredFile: {
    type: 'object',
    required: ['name', 'path'],
    properties: {
      name,
      path,
      content_type: mediaType,
      content_length: bytes,
      type: { const: 'file' },
      etag,
      data,
    },
  },
  StoredFolder: {
    type: 'object',
    required: ['name', 'path'],
    properties: { name, path },
    examples: [{ name: 'documents', path: 'documents/' }],
  },
  StoredList: answers({
    type: { type: ['string', 'null'] },
    content_type: mediaType,
    content_length: bytes,
    etag,
    data,
  }),
  RemovedItem: {
    type: 'object',
    required: ['name', 'path'],
    properties: { name, path },
    examples: [{ name: 'old-report.pdf', path: 'uploads/old-report.pdf' }],
  },
  RemovedList: answers({ type: { type: 'string' } }),
  SignedUrl: {
    type: 'object',
    required: ['url'],
    properties: { url: { type: 'string', format: 'uri' } },
  },
  SignedUpload: {
    type: 'object',
    required: ['url', 'method', 'headers', 'expires_at'],
    properties: {
      // A link through the service is relative to the origin, as `Location` is.
      url: { type: 'string', format: 'uri-reference' },
      method: { const: 'PUT' },
      headers: { type: 'object', additionalProperties: { type: 'string' } },
      expires_at: { type: 'string', format: 'date-time' },
    },
  },
  Success: {
    type: 'object',
    required: ['success'],
    properties: { success: { const: true } },
  },
  OpenApi: { type: 'object', required: ['openapi', 'paths'] },
  RequestBody: {
    type: ['object', 'array'],
    examples: [{ resource: [{ type: 'folder', name: 'images' }] }],
  },
  Form: {
    type: 'object',
    properties: { files: { type: 'array', items: { type: 'string', format: 'binary' } } },
  },
} as const;
