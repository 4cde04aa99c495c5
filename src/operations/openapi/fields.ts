// Fields that several answers have, as JSON Schema.

/** A date, as `2026-02-10T14:30:00Z`. */
export const date = {
  type: ['string', 'null'],
  format: 'date-time',
  description: 'UTC; null when storage does not say.',
} as const;

/** The path of a file or folder. */
export const path = {
  type: 'string',
  description: 'From the root, decoded, without a leading slash; of a folder with a slash behind.',
} as const;

/** The name of a file or folder. */
export const name = { type: 'string', description: 'The last segment of the path.' } as const;

/** A size. */
export const bytes = { type: 'integer', minimum: 0, description: 'Bytes.' } as const;

/** A media type. */
export const mediaType = { type: 'string', description: 'Media type.' } as const;

/** An ETag, quotes included. */
export const etag = {
  type: 'string',
  description: 'The version, for `If-Match` and its kind.',
} as const;

/** Any JSON. */
export const anything = {
  type: ['object', 'array', 'string', 'number', 'boolean', 'null'],
  additionalProperties: true,
  items: {},
} as const;
