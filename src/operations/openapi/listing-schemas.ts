// What is in a folder, and what is known of a file or folder, as JSON Schema.
import { bytes, date, etag, mediaType, name, path } from './fields.js';

const flag = { type: 'boolean' } as const;
const rights = {
  list: flag,
  read: flag,
  write: flag,
  delete: flag,
  purge: { ...flag, description: 'There with the option `versions`.' },
} as const;

/** Components of the OpenAPI document for listings and properties, by the names that operations refer to. */
export const LISTING_SCHEMAS = {
  Entry: {
    type: 'object',
    description: 'A file or folder of a listing; `fields` leaves out what it does not name.',
    properties: {
      path,
      type: { type: 'string', enum: ['file', 'folder'] },
      name: { ...name, description: 'From the listed folder, without a slash behind.' },
      content_type: { ...mediaType, description: 'Media type of a file, by its extension.' },
      content_length: { ...bytes, description: 'Bytes of a file.' },
      last_modified: date,
      etag: { ...etag, description: 'The version of a file.' },
      addressable: {
        type: 'boolean',
        const: false,
        description: 'There when no request can name it.',
      },
    },
  },
  Listing: {
    description: 'A folder; the bare list with `wrap=false`.',
    anyOf: [
      {
        type: 'object',
        required: ['resource'],
        properties: {
          resource: { $ref: '#/components/schemas/Lines' },
          next_cursor: { type: 'string', description: 'For `cursor` of the next page; opaque.' },
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
    description: 'Entries; identifiers with `as_list`.',
    items: { anyOf: [{ $ref: '#/components/schemas/Entry' }, { type: 'string' }] },
  },
  NameList: {
    type: 'object',
    description: 'Folders, as the components of role definitions name them.',
    required: ['resource'],
    properties: { resource: { type: 'array', items: { type: 'string' } } },
    examples: [{ resource: ['', '*', 'images/', 'images/*'] }],
  },
  FileProperties: {
    type: 'object',
    description: 'The properties of a file.',
    required: ['path', 'name', 'type', 'content_type', 'content_length', 'last_modified'],
    properties: {
      path,
      name,
      type: { type: 'string', const: 'file' },
      content_type: mediaType,
      content_length: {
        ...bytes,
        type: ['integer', 'null'],
        description: 'Bytes; null when storage does not say.',
      },
      last_modified: date,
      etag,
      metadata: { type: 'object', additionalProperties: { type: 'string' } },
      content: { type: 'string', description: 'With `content`: base64, unless `is_base64=false`.' },
    },
  },
  FolderProperties: {
    type: 'object',
    description: 'The properties of a folder.',
    required: ['resource'],
    properties: {
      resource: {
        type: 'object',
        required: ['name', 'path', 'type', 'last_modified'],
        properties: {
          name,
          path,
          type: { type: 'string', const: 'folder' },
          last_modified: date,
          metadata: { type: 'object', additionalProperties: true },
          rights: {
            type: 'object',
            description: 'With `rights`: what the caller may do in the folder.',
            required: ['list', 'read', 'write', 'delete'],
            properties: rights,
          },
        },
      },
    },
  },
} as const;
