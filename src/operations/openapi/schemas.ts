// The JSON that the service sends, as JSON Schema; listings and properties, and requests, have files of their own.
import { REASONS } from '../../core/errors.js';
import { anything, bytes, etag, mediaType, name, path } from './fields.js';
import { LINK_SCHEMAS } from './link-schemas.js';
import { LISTING_SCHEMAS } from './listing-schemas.js';
import { REQUEST_SCHEMAS } from './request-schemas.js';
import { VERSION_SCHEMAS } from './version-schemas.js';

const data = { ...anything, description: 'What the `onUploaded` of the host answered.' } as const;

/** A list with an answer an item, in the order of the request. */
function answers<const Item extends string>(item: Item) {
  return {
    type: 'object',
    description: 'One entry an item, in order; those that failed carry an `error`.',
    required: ['resource'],
    properties: {
      resource: { type: 'array', items: { $ref: `#/components/schemas/${item}` } },
    },
  } as const;
}

/** One answer of such a list; its names are null where the item had none that could be read. */
function answered<const Fields extends object>(description: string, fields: Fields) {
  return {
    type: 'object',
    description,
    required: ['name', 'path'],
    properties: {
      name: { ...name, type: ['string', 'null'] },
      path: { ...path, type: ['string', 'null'] },
      type: { type: ['string', 'null'], description: '`file` or `folder`.' },
      ...fields,
      error: { $ref: '#/components/schemas/Failure' },
    },
  } as const;
}

/** Components of the OpenAPI document for answers, by the names that operations refer to. */
const ANSWER_SCHEMAS = {
  Content: {
    type: 'string',
    format: 'binary',
    description: 'The bytes of a file or of an archive, as they are.',
  },
  StoredJson: {
    ...anything,
    description: 'What a stored file of JSON holds: anything.',
  },
  Failure: {
    type: 'object',
    description: 'Why a request or an item of it failed.',
    required: ['code', 'context', 'message', 'status_code', 'reason'],
    properties: {
      code: { type: 'integer', description: 'The HTTP status.' },
      context: {
        type: ['object', 'null'],
        description: 'Facts such as paths, counts and limits.',
        additionalProperties: true,
      },
      message: { type: 'string', description: 'For people; may change.' },
      status_code: { type: 'integer', description: 'As `code`.' },
      reason: { type: 'string', enum: REASONS, description: 'For programs; stable.' },
    },
  },
  Error: {
    type: 'object',
    description: 'A request that failed.',
    required: ['error'],
    properties: { error: { $ref: '#/components/schemas/Failure' } },
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
  StoredFile: {
    type: 'object',
    description: 'A file that was stored, or the folder into which an archive was unpacked.',
    required: ['name', 'path'],
    properties: {
      name,
      path,
      content_type: mediaType,
      content_length: bytes,
      type: { type: 'string', const: 'file' },
      etag,
      data,
    },
  },
  StoredFolder: {
    type: 'object',
    description: 'A folder that was created.',
    required: ['name', 'path'],
    properties: { name, path },
    examples: [{ name: 'documents', path: 'documents/' }],
  },
  StoredList: answers('StoredItem'),
  StoredItem: answered('One creation of a list.', {
    content_type: mediaType,
    content_length: bytes,
    etag,
    data,
  }),
  RemovedItem: {
    type: 'object',
    description: 'A file or folder that was deleted.',
    required: ['name', 'path'],
    properties: { name, path },
    examples: [{ name: 'old-report.pdf', path: 'uploads/old-report.pdf' }],
  },
  RemovedList: answers('RemovedListItem'),
  RemovedListItem: answered('One deletion of a list.', {}),
  SignedUrl: {
    type: 'object',
    description: 'A URL that downloads without another credential.',
    required: ['url'],
    properties: { url: { type: 'string', format: 'uri' } },
  },
  SignedUpload: {
    type: 'object',
    description: 'A URL that takes one upload without another credential.',
    required: ['url', 'method', 'headers', 'expires_at'],
    properties: {
      // A link through the service is relative to the origin, as `Location` is.
      url: { type: 'string', format: 'uri-reference' },
      method: { type: 'string', const: 'PUT' },
      headers: {
        type: 'object',
        description: 'To send with the upload.',
        additionalProperties: { type: 'string' },
      },
      expires_at: { type: 'string', format: 'date-time' },
    },
  },
  DirectStart: {
    type: 'object',
    description: 'The file that an upload is to bring, as Uppy says it.',
    required: ['filename'],
    properties: {
      filename: { type: 'string', minLength: 1 },
      type: { type: ['string', 'null'] },
      metadata: { type: 'object', additionalProperties: { type: ['string', 'null'] } },
    },
  },
  DirectEnd: {
    type: 'object',
    description: 'The parts that the client has sent.',
    properties: {
      parts: {
        type: 'array',
        items: {
          type: 'object',
          required: ['PartNumber'],
          properties: { PartNumber: { type: 'integer', minimum: 1 }, ETag: { type: 'string' } },
        },
      },
    },
  },
  DirectUpload: {
    type: 'object',
    description: 'An upload that has begun: where its file will be, and what names it.',
    required: ['key', 'uploadId'],
    properties: { key: path, uploadId: { type: 'string', examples: ['AbCd'] } },
  },
  DirectParts: {
    description: 'The parts that storage has, or where further ones are to be sent.',
    anyOf: [
      {
        type: 'array',
        items: {
          type: 'object',
          required: ['PartNumber', 'Size', 'ETag'],
          properties: { PartNumber: { type: 'integer' }, Size: bytes, ETag: etag },
        },
      },
      {
        type: 'object',
        required: ['url', 'expires'],
        properties: {
          url: { type: 'string', format: 'uri-reference' },
          expires: { type: 'integer' },
        },
      },
      {
        type: 'object',
        required: ['presignedUrls'],
        properties: {
          presignedUrls: { type: 'object', additionalProperties: { type: 'string' } },
        },
      },
    ],
  },
  DirectFile: {
    type: 'object',
    description: 'A file that was made of its parts.',
    required: ['location', 'key', 'etag'],
    properties: { location: { type: 'string', format: 'uri-reference' }, key: path, etag, data },
  },
  DirectForm: {
    type: 'object',
    description: 'Where a form with the file is to be sent.',
    required: ['method', 'url', 'fields'],
    properties: {
      method: { type: 'string', const: 'POST' },
      url: { type: 'string', format: 'uri-reference' },
      fields: { type: 'object', additionalProperties: { type: 'string' } },
    },
  },
  Empty: {
    type: 'object',
    description: 'Nothing.',
    additionalProperties: false,
    properties: {},
  },
  Ticket: {
    type: 'object',
    description: 'An endpoint for uploads, and its end.',
    required: ['endpoint', 'expires_at'],
    properties: {
      endpoint: { type: 'string', format: 'uri-reference' },
      expires_at: { type: 'string', format: 'date-time' },
    },
  },
  Success: {
    type: 'object',
    description: 'It was done.',
    required: ['success'],
    properties: { success: { type: 'boolean', const: true } },
  },
  OpenApi: {
    type: 'object',
    description: 'An OpenAPI document.',
    required: ['openapi', 'paths'],
    properties: {
      openapi: { type: 'string', description: 'The version of OpenAPI.' },
      paths: { type: 'object', description: 'What can be asked.', additionalProperties: true },
    },
    additionalProperties: true,
  },
} as const;

/** Every component of the OpenAPI document. */
export const SCHEMAS = {
  ...LISTING_SCHEMAS,
  ...VERSION_SCHEMAS,
  ...LINK_SCHEMAS,
  ...ANSWER_SCHEMAS,
  ...REQUEST_SCHEMAS,
} as const;

/** Name of a component. */
export type SchemaName = keyof typeof SCHEMAS;
