// `s3files/fetch`: the service for frameworks whose handlers take a Request and give a Response.
import { ClientAbort } from '../../core/client-signal.js';
import { FileServiceError } from '../../core/errors.js';
import { composeService } from '../../file-service.js';
import type { FileServiceConfig } from '../../config/options.js';
import type { ServiceMembers } from '../../file-service.js';
import { failure } from '../../http/reply.js';
import { pathOf } from '../mounted-request.js';
import { FetchRequest, pathBelow } from './fetch-request.js';
import { responseOf } from './fetch-response.js';

/** What a framework knows of a request beside the Request itself. */
export interface FetchContext {
  /** The client's address, for audit, rate limits and keys that are guessed. @default '' */
  readonly ip?: string;
}

/** Where a handler stands. */
export interface FetchOptions {
  /** Path of the mount, `/api/v2/s3files`, without a slash at its end. @default the path of `publicUrl`, else '' */
  readonly mount?: string;
}

/**
 * A file service for Hono, Next.js route handlers on Node, Bun and Deno. Its members are those of `createFileService`.
 *
 * @example
 * const isUp = (files: FetchHandler): Promise<boolean> => files.ready();
 */
export interface FetchHandler extends ServiceMembers {
  /** Answers one request below the mount. It never rejects; a body that breaks errs its stream. */
  (request: Request, context?: FetchContext): Promise<Response>;
}

/**
 * The service as a function from Request to Response, as the Fetch standard has them. What arrives here has been through
 * `new URL`, which resolves `..` and turns backslashes into slashes before anybody looks: such paths reach the service
 * tidied, where the handler for `node:http` refuses them.
 *
 * @throws TypeError for a configuration that cannot be meant, naming the option
 *
 * @example
 * import { Hono } from 'hono';
 * const files = createFetchHandler(
 *   { bucket: 'acme-prod', region: 'eu-west-1', authorize: allowAll },
 *   { mount: '/files' },
 * );
 * new Hono().all('/files/*', (context) => files(context.req.raw));
 */
export function createFetchHandler(
  config: FileServiceConfig<Request>,
  options: FetchOptions = {},
): FetchHandler {
  const { settings, respond, responses, members } = composeService(config);
  const mount = options.mount ?? mountOf(settings.publicUrl);
  if (!/^(?:\/[^?#]*[^/?#])?$/.test(mount))
    throw new TypeError('`mount` takes a path such as "/files", without a slash at its end.');

  const handle = async (given: Request, { ip = '' }: FetchContext = {}): Promise<Response> => {
    const path = pathBelow(mount, given.url);
    if (path === undefined) return outside();
    const clientAbort = new ClientAbort();
    const arrival = { ...settings, path, mount, ip, signal: clientAbort };
    const request = new FetchRequest(given, arrival);
    await request.settleBody(settings.timeouts.idleMs);
    const leave = (): void => {
      // A body that has arrived is stored, although nobody waits for the answer.
      if (!request.body.readableEnded) clientAbort.abort();
    };
    if (given.signal.aborted) leave();
    else given.signal.addEventListener('abort', leave, { once: true });
    const slot = responses.add({ destroy: () => clientAbort.abort() });
    const { reply, finish } = await respond(request);
    return responseOf(reply, {
      signal: clientAbort,
      idleMs: settings.timeouts.idleMs,
      done: ({ error, ...transfer }) => {
        given.signal.removeEventListener('abort', leave);
        responses.remove(slot);
        finish(transfer, error);
      },
    });
  };
  return Object.assign(handle, members);
}

function outside(): Response {
  const { status, headers, body } = failure(
    new FileServiceError('not_found', 'This address is not below the mount of the file service.'),
  );
  // A failure is a text.
  return new Response(body as string, { status, headers });
}

function mountOf(publicUrl: string | undefined): string {
  return publicUrl === undefined ? '' : pathOf(publicUrl);
}
