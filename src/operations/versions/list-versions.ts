// GET of a file with `versions`: what the bucket has kept of it.
import { access } from '../../core/hooks.js';
import { jsonDate } from '../../http/entry.js';
import { flag, whenSet } from '../../http/parameters.js';
import { json } from '../../http/reply.js';
import type { Version } from '../../storage/bucket.js';
import type { Operation } from '../operation.js';
import { notFound } from '../shared/missing.js';
import { requireVersions } from './version-id.js';
import { versionsOfFile } from './version-tree.js';

const NAME = 'list_versions';

/** GET /file?versions=true */
export const listVersions: Operation = {
  name: NAME,
  sentence: 'Lists the versions of a file, the newest first; deletions are among them.',
  methods: ['GET', 'HEAD'],
  targets: ['file'],
  query: { versions: flag('Answers the versions of the file; needs the option `versions`.') },
  headers: {},
  body: [],
  replies: { 200: { sentence: 'The versions.', schema: 'Versions' } },
  refusals: [400, 404],
  enabled: ({ versions }) => versions,
  when: whenSet('versions'),
  plan: ({ target, verb, settings }) => {
    requireVersions(settings, 'versions');
    return {
      access: [access('read', target.key, verb, NAME)],
      run: async ({ bucket }) => {
        const versions = await versionsOfFile(bucket, target.key);
        if (versions.length === 0) throw notFound(target.key);
        return json(200, { resource: versions.map(shown) });
      },
    };
  },
};

function shown({ versionId, size, lastModified, etag, isLatest, isDeletion }: Version) {
  return {
    version_id: versionId,
    content_length: isDeletion ? null : size,
    last_modified: jsonDate(lastModified),
    etag: isDeletion ? null : etag,
    is_latest: isLatest,
    deleted: isDeletion,
  };
}
