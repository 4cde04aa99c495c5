// `s3files/fastify`: a service as a plugin of Fastify, behind the hooks of the app.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FileService } from '../../file-service.js';

/** What the plugin takes beside Fastify's own `prefix`, which is the mount and required. */
export interface FilesPluginOptions {
  /** The service, made by `createFileService`. */
  readonly files: FileService;
}

/** A request of Fastify as its plugins know it. */
interface AuthenticatedRequest extends FastifyRequest {
  readonly user?: unknown;
}

/**
 * Answers everything below its prefix, with any method, after the app's hooks: what they made `request.user` is
 * `raw.user` in the hooks of the service, and `request.ip` (`trustProxy`) its `ip`. Bodies reach the service unread.
 * Closing the app closes the service. Addresses that are not percent-encoded rightly and `Content-Type`s that are none
 * are refused by Fastify itself.
 *
 * @throws TypeError for a plugin without a prefix
 *
 * @example
 * import fastify from 'fastify';
 * const app = fastify();
 * await app.register(filesPlugin, { prefix: '/files', files });
 * configureServer(app.server);
 * await app.listen({ port: 3000 });
 */
export async function filesPlugin(
  scope: FastifyInstance,
  { files }: FilesPluginOptions,
): Promise<void> {
  const { prefix } = scope;
  if (prefix === '' || prefix === '/')
    throw new TypeError(
      '`prefix` is missing: app.register(filesPlugin, { prefix: "/files", files }).',
    );

  const answer = (request: AuthenticatedRequest, reply: FastifyReply): void => {
    reply.hijack();
    const { raw, user, ip } = request;
    const originalUrl = raw.url ?? '/';
    const rest = originalUrl.replace(/^https?:\/\/[^/?]*/i, '').slice(prefix.length);
    Object.assign(raw, { originalUrl, ip, ...(user === undefined ? {} : { user }) });
    raw.url = rest.startsWith('/') ? rest : `/${rest}`;
    files(raw, reply.raw);
  };

  // A body that is parsed cannot be stored.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
  scope.all('/', answer);
  scope.all('/*', answer);
  // Methods that Fastify does not know.
  scope.setNotFoundHandler(answer);
  scope.addHook('preClose', () => files.close());
  await Promise.resolve();
}
