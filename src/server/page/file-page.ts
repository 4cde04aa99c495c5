// `s3files/page`: a page to browse the files of a service, as one handler inside the host's application.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FileService } from '../../file-service.js';
import { readAssets } from './assets.js';
import { checkPageOptions } from './options.js';
import type { PageFeature, PageOptions } from './options.js';
import { policyOf, sendAsset, sendShell, sendText, shellWithTag } from './send-page.js';
import { shellOf } from './shell.js';

export type { PageFeature, PageOptions };

/** A mounted page: answers one request. */
export type FilePage = (
  req: IncomingMessage,
  res: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/** Parts of a request that frameworks add. */
interface FrameworkRequest extends IncomingMessage {
  originalUrl?: string;
  baseUrl?: string;
}

const API = /^\/_api(?=[/?]|$)/;
const ASSET = /^\/_page\/([\w.-]+)(?:\?.*)?$/;
const SHELL = /^\/?(?:\?.*)?$/;

/**
 * A page that shows the files of `files`, for the people and with the rights that the service knows. It is
 * mounted like the service itself, and carries the service under `_api`.
 *
 * @example
 * app.use('/files', filePage(files));
 *
 * @throws TypeError for an option that cannot be meant, naming it
 */
export function filePage(files: FileService, options: PageOptions = {}): FilePage {
  checkPageOptions(options);
  const assets = readAssets();
  const shell = shellWithTag(shellOf(assets, options, operationsOf(files)));
  const policy = policyOf(options);

  return (req, res, next) => {
    const target = req.url ?? '/';
    if (API.test(target)) return files(asApiRequest(req), res, next);
    if (req.method !== 'GET' && req.method !== 'HEAD')
      return sendText(res, 405, 'Method Not Allowed', { Allow: 'GET, HEAD' });
    const name = ASSET.exec(target)?.[1];
    const asset = name === undefined ? undefined : assets.files.get(name);
    if (name !== undefined && asset !== undefined) return sendAsset(req, res, name, asset);
    if (!SHELL.test(target)) return sendText(res, 404, 'Not Found');
    const folder = withoutSlash(req);
    if (folder === undefined) return sendShell(req, res, shell, policy);
    // Relative, so that it holds behind a proxy that rewrites what comes before.
    sendText(res, 308, 'Permanent Redirect', { Location: `./${folder}/` });
  };
}

/** Last segment of a mount that was asked for without its slash: relative addresses would miss it. */
function withoutSlash(req: FrameworkRequest): string | undefined {
  const path = (req.originalUrl ?? req.url ?? '/').replace(/\?.*$/, '');
  return path.endsWith('/') ? undefined : path.slice(path.lastIndexOf('/') + 1);
}

// The service reads its mount from what the framework says of the request.
function asApiRequest(req: FrameworkRequest): IncomingMessage {
  const target = req.url ?? '/';
  const rest = target.replace(API, '');
  if (req.baseUrl === undefined) req.originalUrl ??= target;
  else req.baseUrl += '/_api';
  req.url = rest.startsWith('/') ? rest : `/${rest}`;
  return req;
}

interface DescribedOperation {
  readonly 'x-operations'?: readonly string[];
}

function operationsOf(files: FileService): readonly string[] {
  // Our own document: paths, and in them methods, and in those the names of operations.
  const { paths } = files.openapi() as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  };
  const described = Object.values(paths).flatMap((path) => Object.values(path));
  return [...new Set(described.flatMap((operation) => operation['x-operations'] ?? []))];
}
