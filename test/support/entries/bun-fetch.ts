// The service in Bun's own server, by `s3files/fetch`: run by Bun, which tells its port on the first line.
import { allowAll } from '../../../src/index.ts';
import type { FileServiceConfig } from '../../../src/index.ts';
import { createFetchHandler } from '../../../src/server/fetch/fetch-handler.ts';

interface BunServer {
  readonly port: number;
  requestIP(request: Request): { readonly address: string } | null;
}
declare const Bun: {
  serve(options: {
    readonly port: number;
    readonly hostname: string;
    fetch(request: Request, server: BunServer): Response | Promise<Response>;
  }): BunServer;
};

const { CONFIG = '{}', MOUNT = '' } = process.env;
// Written by the test that starts this process.
const config = JSON.parse(CONFIG) as Omit<FileServiceConfig<Request>, 'authorize'>;
const files = createFetchHandler({ ...config, authorize: allowAll }, { mount: MOUNT });

const { port } = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request, server) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/own') return new Response('own');
    return files(request, { ip: server.requestIP(request)?.address ?? '' });
  },
});
console.log(port);
