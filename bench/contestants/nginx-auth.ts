// nginx with auth_request: Node says yes to each request, nginx passes it on to storage.
import { listen } from './listen.ts';
import { authServers, nginxFront } from './nginx-front.ts';

listen(
  (_, res) => res.writeHead(204).end(),
  (port) => nginxFront(port, authServers),
);
