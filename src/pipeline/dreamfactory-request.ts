// What only the clients of the original server need: tunnelled verbs, and credentials in the query.
import type { FileRequest } from '../http/request.js';
import { changedRequest, lastValue } from '../http/request.js';

const TUNNELS = ['x-http-method', 'x-http-method-override', 'x-method-override'];
const VERBS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * The request as the original server understands it. The effective verb is the one that is authorized,
 * limited and audited; only a real POST can carry another one.
 */
export function asOriginal<Req>(request: FileRequest<Req>): FileRequest<Req> {
  const query = new URLSearchParams(request.query);
  const apiKey = lastValue(query, 'api_key');
  const sessionToken = lastValue(query, 'session_token');
  query.delete('api_key');
  query.delete('session_token');
  return changedRequest(request, {
    method: effectiveMethod(request),
    query,
    headers: {
      ...(apiKey === undefined ? {} : { 'x-dreamfactory-api-key': apiKey }),
      ...(sessionToken === undefined ? {} : { 'x-dreamfactory-session-token': sessionToken }),
      ...request.headers,
    },
  });
}

function effectiveMethod<Req>({ method, headers, query }: FileRequest<Req>): string {
  if (method !== 'POST') return method;
  const named =
    TUNNELS.map((name) => headers[name]).find((value) => value !== undefined) ??
    lastValue(query, 'method') ??
    lastValue(query, '_method');
  const verb = named?.trim().toUpperCase() ?? '';
  // MERGE is what OData clients call PATCH.
  if (verb === 'MERGE') return 'PATCH';
  return VERBS.has(verb) ? verb : method;
}
