// Which room of src/ may import which: the table, and the linter's rule that holds it (type imports count).
// A plugin and not `no-restricted-imports`: that rule reads `../..` as text, so each room needs its pattern once a depth.
import { dirname, join, relative, sep } from 'node:path';

/** `room/**` is a folder with what is below it, `room/*` its own files, anything else one file. */
const PORT = ['storage/bucket', 'storage/upload-store'];
const VALUES = ['core/**', 'http/**', 'archive/**'];
const SDK = ['@aws-sdk/', '@smithy/'];
const HTTP = ['node:http', 'node:https', 'node:http2', 'http', 'https', 'http2'];

/**
 * One row a room; the longest `files` that matches a file is its row. `may` and `types` say what of src/ it
 * imports, as values or as types only; `never` and `onlyTypesOf` say what it takes of packages and of Node.
 */
export const ROWS = [
  {
    files: 'core/**',
    may: ['core/**'],
    never: SDK,
    onlyTypesOf: HTTP,
    why: 'core/ holds the words that everyone uses and imports nothing above itself',
  },
  {
    files: 'config/**',
    may: ['core/**', 'config/**', 'http/**'],
    types: ['storage/s3/settings', 'storage/s3/storage', 'storage/quota/store'],
    never: [],
    onlyTypesOf: [...SDK, ...HTTP],
    why: 'config/ holds what a host may say: core/, values of http/ and types of the storage settings',
  },
  {
    files: 'http/**',
    may: ['core/**', 'http/**'],
    never: SDK,
    onlyTypesOf: HTTP,
    why: 'http/ holds values of HTTP: core/ and no storage, no req or res',
  },
  {
    files: 'archive/**',
    may: ['core/**', 'archive/**'],
    never: [...SDK, ...HTTP],
    why: 'archive/ turns streams into streams: core/ and no storage, no HTTP',
  },
  {
    files: 'operations/uploads/**',
    may: ['core/**', 'operations/uploads/**'],
    types: PORT,
    never: [...SDK, ...HTTP],
    why: 'operations/uploads/ holds what an upload is between its requests: core/ and types of the bucket, no HTTP',
  },
  {
    files: 'policies/**',
    may: ['core/**', 'policies/**'],
    never: SDK,
    onlyTypesOf: HTTP,
    why: 'policies/ are hooks that a host could have written: core/ and no storage',
  },
  {
    files: 'operations/**',
    may: [...VALUES, 'operations/**'],
    types: [...PORT, 'config/**'],
    never: [...SDK, ...HTTP],
    why: 'operations/ make plans of values: core/, http/, archive/, types of the bucket and of the settings',
  },
  {
    files: 'operations/import/**',
    may: [...VALUES, 'operations/**'],
    types: [...PORT, 'config/**'],
    never: SDK,
    why: 'operations/import/ downloads by node:http, else it obeys the row of operations/',
  },
  {
    files: 'pipeline/**',
    may: [...VALUES, 'operations/**', 'pipeline/**'],
    types: [...PORT, 'config/**'],
    never: SDK,
    onlyTypesOf: HTTP,
    why: 'pipeline/ orders the work: operations/ and what they may import, no req or res',
  },
  {
    files: 'server/**',
    may: ['core/**', 'server/**'],
    types: ['http/**'],
    never: SDK,
    why: 'server/ speaks node:http: core/ and types of http/, no storage and no operation',
  },
  {
    files: 'storage/*',
    may: ['core/**', 'storage/*'],
    never: [...SDK, ...HTTP],
    why: 'storage/ holds the port: core/ and no request, no SDK',
  },
  {
    files: 'storage/cache/**',
    may: ['core/**', 'storage/*', 'storage/cache/**'],
    never: [...SDK, ...HTTP],
    why: 'storage/cache/ wraps any bucket: core/ and the port, never s3/',
  },
  {
    files: 'storage/quota/**',
    may: ['core/**', 'storage/*', 'storage/quota/**'],
    never: [...SDK, ...HTTP],
    why: 'storage/quota/ wraps any bucket: core/ and the port, never s3/',
  },
  {
    files: 'storage/streams/**',
    may: ['core/**', 'storage/*', 'storage/streams/**'],
    never: [...SDK, ...HTTP],
    why: 'storage/streams/ moves bytes for any bucket: core/ and the port, never s3/',
  },
  {
    files: 'storage/s3/**',
    may: ['core/**', 'storage/*', 'storage/streams/**', 'storage/s3/**'],
    never: [],
    why: 'storage/s3/ knows S3: core/, the port and streams, no request and no reply',
  },
  {
    files: 'storage/s3/wire/**',
    may: ['core/**', 'storage/streams/**', 'storage/s3/settings', 'storage/s3/wire/**'],
    types: PORT,
    never: [],
    why: 'storage/s3/wire/ carries commands: core/, streams and s3/settings, never the verbs',
  },
  {
    files: 'client/**',
    may: ['core/errors', 'client/**'],
    types: ['http/**'],
    never: ['node:', ...SDK, ...HTTP],
    why: 'client/ runs in browsers: core/errors and types of http/, nothing of Node',
  },
  {
    files: 'server/page/**',
    may: ['policies/known-options', 'server/page/**'],
    types: ['file-service'],
    never: SDK,
    onlyTypesOf: HTTP,
    why: 'server/page/ serves the built page in front of a service: its own files and types of the service',
  },
  {
    files: 'server/fetch/**',
    may: ['core/**', 'http/reply', 'server/*', 'server/fetch/**', 'file-service'],
    types: ['http/**', 'config/options'],
    never: [...SDK, ...HTTP],
    why: 'server/fetch/ carries the requests of the Fetch standard: the service, core/ and types of http/, nothing of node:http',
  },
  {
    files: 'server/frameworks/**',
    may: ['core/**', 'server/frameworks/**'],
    types: ['file-service'],
    never: SDK,
    why: 'server/frameworks/ mounts a service in a framework: types of the service, no storage',
  },
  {
    files: 'cli/**',
    may: ['core/**', 'cli/**', 'client/**', 'config/**', 'server/**', 'file-service', 'index'],
    never: SDK,
    why: 'cli/ is a host like any other: the service, its servers and its client, no operation and no storage',
  },
  { files: 'file-service', may: ['**'], never: [], why: '' },
  {
    files: 'index',
    may: [
      'file-service',
      'core/errors',
      'core/hooks',
      'config/from-dreamfactory',
      'policies/**',
      'pipeline/metrics',
      'pipeline/prometheus-text',
      'server/*',
    ],
    types: ['**'],
    never: [...SDK, ...HTTP],
    why: 'index re-exports what the world may import, and types',
  },
];

const matches = (pattern, file) => {
  if (pattern === '**') return true;
  if (pattern.endsWith('/**')) return file.startsWith(pattern.slice(0, -2));
  if (pattern.endsWith('/*')) return dirname(file) === pattern.slice(0, -2);
  return pattern === file;
};

const rowOf = (file) =>
  ROWS.filter(({ files }) => matches(files, file)).sort(
    (a, b) => b.files.length - a.files.length,
  )[0];

const refusal = (file, specifier, isType) => {
  const row = rowOf(file);
  if (row === undefined) return `src/${file} is in no room: give it a row in lint/rooms.js.`;
  const { may, types = [], never, onlyTypesOf = [], why } = row;
  if (!specifier.startsWith('.')) {
    const isOneOf = (names) => names.some((name) => isPackage(name, specifier));
    return isOneOf(never) || (!isType && isOneOf(onlyTypesOf))
      ? `${why}; not "${specifier}".`
      : null;
  }
  const target = join(dirname(file), specifier).replaceAll(sep, '/').replace(/\.js$/, '');
  const allowed = isType ? [...may, ...types] : may;
  return allowed.some((pattern) => matches(pattern, target)) ? null : `${why}; not src/${target}.`;
};

const isPackage = (name, specifier) =>
  /[/:]$/.test(name) ? specifier.startsWith(name) : specifier === name;

const isTypeImport = ({ type, importKind, exportKind, specifiers = [] }) =>
  type === 'TSImportType' ||
  importKind === 'type' ||
  exportKind === 'type' ||
  (specifiers.length > 0 &&
    specifiers.every((one) => one.importKind === 'type' || one.exportKind === 'type'));

const imports = {
  create(context) {
    const file = relative(join(context.cwd, 'src'), context.filename)
      .replaceAll(sep, '/')
      .replace(/\.ts$/, '');
    if (file.startsWith('../')) return {};
    const check = (node) => {
      if (typeof node.source?.value !== 'string') return;
      const message = refusal(file, node.source.value, isTypeImport(node));
      if (message !== null) context.report({ node: node.source, message: `rooms: ${message}` });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
      TSImportType: check,
    };
  },
};

export default { meta: { name: 'rooms' }, rules: { imports } };
