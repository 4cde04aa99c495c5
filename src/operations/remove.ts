// DELETE of a file.
import { access } from '../core/hooks.js';
import { readParameters } from '../http/parameters.js';
import { json } from '../http/reply.js';
import { baseName } from '../core/key.js';
import type { Operation } from './operation.js';
import { removeFile, removeQuery } from './shared/remove-file.js';

/** DELETE /file */
export const remove: Operation = {
  name: 'remove',
  sentence: 'Deletes a file.',
  methods: ['DELETE'],
  targets: ['file'],
  query: removeQuery,
  headers: { 'if-match': { sentence: 'Deletes only the version with this ETag.' } },
  body: [],
  replies: { 200: { sentence: 'The file is gone.', schema: 'RemovedItem' } },
  refusals: [404, 412],
  plan: ({ request, target, verb }) => {
    const { no_check } = readParameters(request.query, removeQuery);
    return {
      access: [access('delete', target.key, verb, 'remove')],
      run: async (context) => {
        await removeFile(context, target.key, no_check, request.headers);
        return json(200, { name: baseName(target.key), path: target.key });
      },
    };
  },
};
