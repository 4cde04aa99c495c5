// Pre-signed URLs: the right to read or write one file, as a URL that needs no other credential.
import { access } from '../core/hooks.js';
import { FileServiceError } from '../core/errors.js';
import { jsonDate } from '../http/entry.js';
import { integer, flag, readParameters, text, whenSet } from '../http/parameters.js';
import { json } from '../http/reply.js';
import { lastValue } from '../http/request.js';
import { cacheControlOf, disposition, servedType } from '../http/serving.js';
import { baseName } from '../core/key.js';
import type { Stat } from '../storage/bucket.js';
import type { Ask, Operation } from './operation.js';
import { statFile } from './shared/file-properties.js';
import { uploadAttributes } from './shared/upload/header-attributes.js';
import { attributeHeaders } from './shared/upload/parameters.js';
import { writeVerb } from './shared/upload/store-file.js';
import { refuseLength, refuseType, storedType } from './shared/upload/rules.js';
import { versionIdParameter, versionOf } from './versions/version-id.js';
import { uploadUrl } from './shared/upload/url.js';

const DEFAULT_EXPIRES_SECONDS = 3600;
/** AWS: "Sharing objects with presigned URLs": seven days is the longest that SigV4 allows. */
const CEILING_SECONDS = 604_800;

const expires = integer('Seconds that the URL is valid. Default 3600.', {
  min: 1,
  max: CEILING_SECONDS,
});
const readQuery = {
  url: flag('Answers a pre-signed URL instead of the content.'),
  expires,
  download: flag('The URL saves the file instead of showing it.'),
  version_id: versionIdParameter,
  no_check: flag(
    'Signs without looking whether the file exists; the URL serves the type of its name.',
  ),
};
const writeQuery = {
  url: flag('Answers a pre-signed URL that takes the upload.'),
  expires,
  check_exist: flag('The URL only creates: true on POST by default.'),
  content_type: text('Media type that the upload must have.'),
  content_length: integer('Bytes that the upload must have.', { min: 0 }),
};

const noStore = { 'Cache-Control': 'no-store' };

/** GET /file?url=true */
export const signRead: Operation = {
  name: 'sign_read',
  sentence: 'Answers a pre-signed URL that downloads a file straight from storage.',
  methods: ['GET', 'HEAD'],
  targets: ['file', 'root', 'folder'],
  query: readQuery,
  headers: {},
  body: [],
  replies: { 200: { sentence: 'The URL.', schema: 'SignedUrl' } },
  refusals: [404],
  when: whenSet('url'),
  plan: (ask) => {
    const { key } = fileTarget(ask);
    const parameters = readParameters(ask.request.query, readQuery);
    const expiresSeconds = lifetime(ask, parameters.expires);
    const version = versionOf(ask.settings, parameters.version_id);
    return {
      access: [access('read', key, 'GET', 'sign_read')],
      run: async (context) => {
        // The same rules as a download through the service: the URL must not serve what it would not.
        const { contentType, cacheControl } = parameters.no_check
          ? unseen(ask)
          : await statFile(context, key, version.versionId);
        const name = baseName(key);
        const served = servedType({ name, contentType }, ask.settings);
        const { url } = await context.bucket.sign({
          kind: 'read',
          key,
          ...version,
          expiresSeconds,
          contentType: served.type,
          contentDisposition: disposition(name, served.inline && !parameters.download),
          // The URL is made for one caller, whoever else may read the file.
          cacheControl: cacheControlOf({ cacheControl, isForEveryone: false }, ask.settings),
        });
        return json(200, { url }, noStore);
      },
    };
  },
};

/** PUT or POST /file?url=true */
export const signWrite: Operation = {
  name: 'sign_write',
  sentence: 'Answers a pre-signed URL that uploads a file straight to storage.',
  methods: ['POST', 'PUT'],
  targets: ['file', 'root', 'folder'],
  query: writeQuery,
  headers: attributeHeaders,
  body: [],
  replies: { 200: { sentence: 'The URL and the headers to send.', schema: 'SignedUpload' } },
  refusals: [400, 409, 413, 415],
  when: whenSet('url'),
  plan: (ask) => {
    const { key } = fileTarget(ask);
    const parameters = readParameters(ask.request.query, writeQuery);
    const expiresSeconds = lifetime(ask, parameters.expires);
    const length = parameters.content_length;
    refuseLength(length, ask.settings.maxUploadBytes);
    const contentType =
      parameters.content_type === undefined && ask.settings.allowedTypes === undefined
        ? undefined
        : storedType(parameters.content_type, key);
    if (contentType !== undefined) refuseType(contentType, ask.settings.allowedTypes);
    const createOnly =
      lastValue(ask.request.query, 'check_exist') === undefined
        ? ask.verb === 'POST' && !ask.settings.overwriteOnPost
        : parameters.check_exist;
    const attributes = uploadAttributes(ask.request.headers, ask.settings.acceptEncodings);
    const kept = Object.keys(attributes).length === 0 ? {} : { attributes };
    const upload = { key, expiresSeconds, contentType, ...kept, length, createOnly };
    return {
      access: [access('write', key, writeVerb(ask), 'sign_write')],
      run: async (context) => {
        const { url, headers, expiresAt } = await uploadUrl(ask, context, upload);
        const expires_at = jsonDate(new Date(expiresAt * 1000));
        return json(200, { url, method: 'PUT', headers, expires_at }, noStore);
      },
    };
  },
};

// What nobody looked at is served by its name, and no shared cache keeps it, whatever it was stored with.
function unseen({ settings }: Ask): Pick<Stat, 'contentType' | 'cacheControl'> {
  return { contentType: null, cacheControl: settings.cacheControl };
}

function fileTarget({ target }: Ask): { readonly key: string } {
  if (target.kind === 'file') return target;
  throw new FileServiceError(
    'invalid_parameter',
    'The parameter "url" asks for a pre-signed URL, which only a file has.',
  );
}

function lifetime({ settings }: Ask, asked: number | undefined): number {
  const longest = settings.maxExpiresSeconds;
  if (asked === undefined) return Math.min(DEFAULT_EXPIRES_SECONDS, longest);
  if (asked <= longest) return asked;
  throw new FileServiceError(
    'invalid_parameter',
    `The parameter "expires" takes a whole number from 1 to ${longest}.`,
  );
}
