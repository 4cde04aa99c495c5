// The service as a middleware of Koa: everything below a path is answered by it, with what Koa knows of the caller.
import type { Middleware } from 'koa';
import { fastLane } from '../src/index.ts';
import type { FileService } from '../src/index.ts';

/**
 * A middleware that hands everything below `mount` to the service, after those in front of it: what they made
 * `context.state.user` (koa-passport, koa-jwt) is `raw.user` in the hooks of the service.
 */
export function filesBelow(mount: string, files: FileService): Middleware {
  return (context, next) => {
    const { req, res, ip, state } = context;
    let isBelow = true;
    const lane = fastLane(mount, files, () => {
      isBelow = false;
    });
    Object.assign(req, { ip, user: state['user'] as unknown });
    // Koa would answer 404 for a response that is not over when the middleware is.
    context.respond = false;
    lane(req, res);
    if (isBelow) return undefined;
    context.respond = true;
    return next();
  };
}
