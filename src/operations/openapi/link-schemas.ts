// Share links, as JSON Schema.
import { path } from './fields.js';

const id = { type: 'string', description: 'Names the link, to revoke it.' } as const;
const when = { type: 'string', format: 'date-time', description: 'UTC.' } as const;
const maxUses = { type: ['integer', 'null'], minimum: 1, description: 'Most uses.' } as const;

/** Components of the OpenAPI document for share links, by the names that operations refer to. */
export const LINK_SCHEMAS = {
  ShareLink: {
    type: 'object',
    description: 'A link that needs no other credential.',
    required: ['url', 'id', 'expires_at'],
    properties: {
      // Relative to the origin, as `Location` is.
      url: { type: 'string', format: 'uri-reference', description: 'The link itself.' },
      id,
      expires_at: when,
    },
    examples: [
      {
        url: '/api/v2/s3files/_links/AbCd',
        id: 'kJ3vT0xqS2m4',
        expires_at: '2026-02-11T15:45:00Z',
      },
    ],
  },
  ShareLinks: {
    type: 'object',
    description: 'Links of the caller, the newest first.',
    required: ['resource'],
    properties: {
      resource: { type: 'array', items: { $ref: '#/components/schemas/MadeLink' } },
    },
    examples: [{ resource: [] }],
  },
  MadeLink: {
    type: 'object',
    description: 'A link that was made, without its URL.',
    required: ['id', 'path', 'type', 'expires_at', 'uses'],
    properties: {
      id,
      path,
      type: { type: 'string', enum: ['file', 'folder'] },
      created_at: when,
      expires_at: when,
      download: { type: 'boolean', description: 'Files are saved instead of shown.' },
      has_password: { type: 'boolean', description: 'Whether a password opens it.' },
      max_uses: maxUses,
      uses: { type: 'integer', minimum: 0, description: 'Counted where they are limited.' },
    },
    examples: [
      {
        id: 'kJ3vT0xqS2m4',
        path: 'uploads/report.pdf',
        type: 'file',
        created_at: '2026-02-10T15:45:00Z',
        expires_at: '2026-02-11T15:45:00Z',
        download: false,
        has_password: true,
        max_uses: 5,
        uses: 2,
      },
    ],
  },
  RevokedLink: {
    type: 'object',
    description: 'A link that gives nothing any more.',
    required: ['id', 'path'],
    properties: { id, path },
    examples: [{ id: 'kJ3vT0xqS2m4', path: 'uploads/report.pdf' }],
  },
  LinkPassword: {
    type: 'object',
    description: 'The form for the password of a link.',
    required: ['password'],
    properties: { password: { type: 'string', description: 'The password.' } },
    examples: [{ password: 'correct horse' }],
  },
} as const;
