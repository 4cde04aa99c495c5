// The bodies that the service takes, as JSON Schema. A list may also be sent as a bare array. No defaults: generators
// take a field that has one for a field that must be sent.
import { MAX_ITEMS } from '../shared/items.js';

const KINDS = ['file', 'folder'] as const;
const binary = { type: 'string', format: 'binary' } as const;
const name = {
  type: 'string',
  minLength: 1,
  description: 'Path of the file or folder, from the folder of the URL.',
} as const;
const path = {
  type: 'string',
  minLength: 1,
  description: 'Path of the file or folder, from the root.',
} as const;
const kind = {
  type: 'string',
  enum: KINDS,
  description: 'Default `folder` where the path ends in `/`, else `file`.',
} as const;

function list<const Item extends string>(item: Item, description: string) {
  return {
    type: 'object',
    description,
    required: ['resource'],
    properties: {
      resource: {
        type: 'array',
        minItems: 1,
        maxItems: MAX_ITEMS,
        items: { $ref: `#/components/schemas/${item}` },
      },
    },
  } as const;
}

function changed(description: string) {
  return { type: ['string', 'null'], description } as const;
}

/** Components of the OpenAPI document for requests, by the names that operations refer to. */
export const REQUEST_SCHEMAS = {
  Form: {
    type: 'object',
    description: 'A form with one or more files. The names of its fields do not matter.',
    required: ['files'],
    properties: {
      files: {
        type: 'array',
        minItems: 1,
        items: binary,
        description: 'Each is stored under its own file name, which may hold `/`.',
      },
    },
  },
  FormOfOne: {
    type: 'object',
    description: 'A form with exactly one file. The name of its field does not matter.',
    required: ['file'],
    properties: { file: { ...binary, description: 'Stored under the name in the URL.' } },
  },
  NewItems: list('NewItem', 'What to create, copy or move into the folder of the URL.'),
  NewItem: {
    description: 'A folder, a file with its content, or a copy.',
    anyOf: [
      { $ref: '#/components/schemas/NewFolder' },
      { $ref: '#/components/schemas/NewFile' },
      { $ref: '#/components/schemas/NewCopy' },
    ],
  },
  NewFolder: {
    type: 'object',
    description: 'A folder to create.',
    required: ['type', 'name'],
    properties: { type: { type: 'string', const: 'folder' }, name },
  },
  NewFile: {
    type: 'object',
    description: 'A file to create.',
    required: ['type', 'name', 'content'],
    properties: {
      type: { type: 'string', const: 'file' },
      name,
      content: { type: 'string', description: 'Text, or base64 with `is_base64`.' },
      is_base64: { type: 'boolean', description: 'Default false.' },
      content_type: {
        type: 'string',
        description: 'Media type to store. Default by the extension.',
      },
    },
  },
  NewCopy: {
    type: 'object',
    description: 'A file, or a folder with everything below it, to copy or move inside storage.',
    required: ['type', 'source_path'],
    properties: {
      type: { type: 'string', enum: KINDS },
      source_path: { ...path, description: 'What to copy: its path from the root.' },
      name: { ...name, description: "Where to, from the folder of the URL. Default the source's." },
      delete_source: {
        type: 'boolean',
        description: 'True moves: the source goes once the copy is complete. Default false.',
      },
    },
  },
  Selection: list('SelectedItem', 'Files and folders, by path or by name.'),
  SelectedItem: {
    description: 'A file or folder that exists.',
    anyOf: [
      { type: 'object', required: ['path'], properties: { path, type: kind } },
      { type: 'object', required: ['name'], properties: { name, type: kind } },
    ],
  },
  FileChanges: {
    type: 'object',
    description: 'The properties to change: null removes one, what is not named stays.',
    properties: {
      content_type: changed('Media type.'),
      cache_control: changed('`Cache-Control` to store.'),
      content_disposition: changed('`Content-Disposition` to store.'),
      metadata: {
        type: 'object',
        description: 'Metadata by name; null removes one.',
        additionalProperties: { type: ['string', 'null'] },
      },
    },
  },
  FolderMetadata: {
    type: 'object',
    description: 'Any JSON by name, kept as the metadata of the folder.',
    additionalProperties: true,
  },
} as const;
