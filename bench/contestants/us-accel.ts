// The service decides, nginx carries the bytes: by the file of docs/deployment.md, through its cache or without.
import type { RequestListener } from 'node:http';
import { MOUNT } from './environment.ts';
import { listen } from './listen.ts';
import { nginxFront, offloadServers } from './nginx-front.ts';
import { s3files, service } from './us.ts';

const location = process.env.BENCH_CACHED === '1' ? '/_s3files_cached/' : '/_s3files/';
const files = service({
  offload: { by: 'x-accel', location },
  cache: s3files.memoryCache(),
  cacheTtl: 60,
});
const nothing: RequestListener = (_, res) => res.writeHead(404).end();

listen(s3files.fastLane(MOUNT, files, nothing), (port) => nginxFront(port, offloadServers));
