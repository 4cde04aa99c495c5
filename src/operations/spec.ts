// GET /_spec: the description of the service, generated from the very table that routes requests.
import { access } from '../core/hooks.js';
import { json } from '../http/reply.js';
import { SPEC_NAME } from '../core/key.js';
import type { Operation } from './operation.js';

/** GET /_spec */
export const spec: Operation = {
  name: 'describe',
  sentence: 'Answers this description.',
  methods: ['GET', 'HEAD'],
  targets: ['spec'],
  query: {},
  headers: {},
  body: [],
  replies: { 200: { sentence: 'An OpenAPI 3.1 document.', schema: 'OpenApi' } },
  refusals: [],
  plan: ({ verb, describe, request }) => ({
    access: [access('read', SPEC_NAME, verb, 'describe')],
    run: () => Promise.resolve(json(200, describe(request.mount))),
  }),
};
