// The way past the framework: requests below the mount go straight to the service, all others to the app.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/** A handler of the kind that `createFileService` makes. */
type Handler = (req: IncomingMessage, res: ServerResponse) => void;

/**
 * A request listener for `http.createServer` that hands everything below `mount` to the service before
 * the app touches it: `createServer(fastLane('/api/v2/s3files', files, app))`.
 *
 * The app's middleware does not run for these requests, so who asks is the `authenticate` hook's business.
 * The mount is matched exactly, case included, by whole segments.
 *
 * @throws TypeError for a mount that does not begin with a slash or ends in one
 *
 * @example
 * import { createServer } from 'node:http';
 * const files = createFileService({ bucket: 'acme-prod', region: 'eu-west-1', authorize: allowAll });
 * createServer(fastLane('/files', files, (req, res) => res.end('the app'))).listen(3000);
 */
export function fastLane(mount: string, files: Handler, app: RequestListener): RequestListener {
  if (!/^\/[^?#]*[^/?#]$/.test(mount))
    throw new TypeError(
      '`mount` takes a path such as "/api/v2/s3files", without a slash at its end.',
    );
  return (req, res) => {
    const url = originForm(req.url ?? '/');
    if (!isBelow(mount, url)) {
      app(req, res);
      return;
    }
    const rest = url.slice(mount.length);
    // What Connect and Express leave behind when they mount a handler.
    Object.assign(req, { originalUrl: url });
    req.url = rest.startsWith('/') ? rest : `/${rest}`;
    files(req, res);
  };
}

// RFC 9112 section 3.2.2: a server must accept the absolute form too.
function originForm(target: string): string {
  return target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*(?=\/)/i, '');
}

function isBelow(mount: string, url: string): boolean {
  if (!url.startsWith(mount)) return false;
  const next = url.charAt(mount.length);
  return next === '' || next === '/' || next === '?';
}
