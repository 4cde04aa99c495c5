// Response headers that a client may read, by name; every answer has the first.

const text = { type: 'string' } as const;

/** Components of the OpenAPI document, by the names of the headers themselves. */
export const HEADERS = {
  'X-Request-Id': {
    description: "Names the request in logs and audit: the request's own, if it is sane.",
    schema: text,
    example: '7f9c2ba4-e88f-427d-a645-4fd2a2a2f1d5',
  },
  ETag: {
    description: 'The version of what is answered (RFC 9110 section 8.8.3).',
    schema: text,
    example: '"9e107d9d372bb6826bd81d3542a419d6"',
  },
  'Last-Modified': {
    description: 'When the file was stored (RFC 9110 section 8.8.2).',
    schema: text,
    example: 'Tue, 10 Feb 2026 15:45:00 GMT',
  },
  'Accept-Ranges': {
    description: '`bytes` where ranges are answered (RFC 9110 section 14.3).',
    schema: text,
    example: 'bytes',
  },
  'Content-Range': {
    description: 'Which bytes these are, or how many there are (RFC 9110 section 14.4).',
    schema: text,
    example: 'bytes 0-499/102400',
  },
  'Content-Disposition': {
    description: 'Whether to show or to save, and the name (RFC 6266).',
    schema: text,
    example: 'attachment; filename="report.pdf"',
  },
  Location: {
    description: 'Address of the one file or folder that was created.',
    schema: { type: 'string', format: 'uri-reference' },
    example: '/api/v2/s3files/uploads/report.pdf',
  },
  'Upload-Offset': {
    description: 'Bytes of an upload that need not be sent again.',
    schema: { type: 'integer', minimum: 0 },
    example: 1_048_576,
  },
  'Upload-Complete': {
    description: '`?1` when this is the last answer of an upload (RFC 9651 boolean).',
    schema: text,
    example: '?0',
  },
  'Upload-Length': {
    description: 'Bytes of the whole file, where they are known.',
    schema: { type: 'integer', minimum: 0 },
    example: 104_857_600,
  },
  'Upload-Limit': {
    description:
      'What the upload must obey: bytes in all and of one request, seconds that are left.',
    schema: text,
    example: 'max-size=5368709120, max-age=86400',
  },
  'Upload-Expires': {
    description: 'When the upload ends, as tus has it (RFC 9110 date).',
    schema: text,
    example: 'Thu, 26 Nov 2026 15:45:00 GMT',
  },
  Link: {
    description: 'Address of the next page, `rel="next"` (RFC 8288).',
    schema: text,
    example: '</api/v2/s3files/?limit=2&cursor=AbCd>; rel="next"',
  },
  Allow: {
    description: 'The methods that are possible here (RFC 9110 section 10.2.1).',
    schema: text,
    example: 'GET, HEAD, OPTIONS',
  },
  'WWW-Authenticate': {
    description: 'How to authenticate (RFC 9110 section 11.6.1).',
    schema: text,
    example: 'Bearer',
  },
  'Retry-After': {
    description: 'Seconds after which to try again (RFC 9110 section 10.2.3).',
    schema: text,
    example: '1',
  },
} as const;

/** A header of the document. */
export type HeaderName = keyof typeof HEADERS;
