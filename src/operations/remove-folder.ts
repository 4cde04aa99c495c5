// DELETE of a folder: empty ones at once, full ones only by force, and then at any depth.
import type { Operation } from './operation.js';
import { planTreeRemoval, removeFolderQuery } from './shared/remove-tree.js';

/** DELETE /folder/ */
export const removeFolder: Operation = {
  name: 'remove_folder',
  sentence: 'Deletes a folder, with everything below it when forced.',
  methods: ['DELETE'],
  targets: ['folder'],
  query: removeFolderQuery,
  headers: {},
  body: [],
  replies: { 200: { sentence: 'The folder is gone.', schema: 'RemovedItem' } },
  refusals: [400, 404],
  plan: planTreeRemoval,
};
