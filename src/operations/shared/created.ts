// The answer to something created.
import { json } from '../../http/reply.js';
import type { FileReply } from '../../http/reply.js';
import { encodeKey } from '../../core/key.js';
import type { Ask } from '../operation.js';

/** The answer to something created: 201 with its address. */
export function created<T extends { readonly path: string }>(
  { request }: Pick<Ask, 'request'>,
  resource: T,
): FileReply {
  return json(201, resource, { Location: `${request.mount}/${encodeKey(resource.path)}` });
}
