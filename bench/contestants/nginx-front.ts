// nginx in front of a contestant: it goes when the contestant does, however that ends.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endpoint, guide } from './environment.ts';

const STORAGE = new URL(endpoint).host;
// nginx as a child of a shell that waits for the end of its input: ours, whose end no signal can hide.
const WHILE_WE_LIVE = 'nginx "$@" & nginx=$!; cat > /dev/null; kill $nginx';

/** The servers of the file in docs/deployment.md, which the tests run too. */
export async function offloadServers(front: number, files: number): Promise<string> {
  const text = await readFile(guide, 'utf8');
  const [, file = ''] = /<!-- offload -->\s+```nginx\n([^]*?)```/.exec(text) ?? [];
  return file
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${files}`)
    .replaceAll('127.0.0.1:9000', STORAGE)
    .replace('listen 8080', `listen 127.0.0.1:${front} backlog=4096`);
}

/** What a host writes by hand instead: the right is asked in a request beside each, the bytes come from storage. */
export function authServers(front: number, files: number): Promise<string> {
  return Promise.resolve(`
    upstream files { server 127.0.0.1:${files}; keepalive 32; }
    upstream storage { server ${STORAGE}; keepalive 64; }
    server {
      listen 127.0.0.1:${front} backlog=4096;
      location /api/v2/s3files/ {
        auth_request /_auth;
        proxy_pass http://storage/bench/;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
      }
      location = /_auth {
        internal;
        proxy_pass http://files;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
      }
    }`);
}

/** Starts nginx with these servers and waits until it listens; the port that the load meets. */
export async function nginxFront(
  files: number,
  servers: (front: number, files: number) => Promise<string>,
): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 's3files-front-'));
  const front = await freePort();
  const config = path.join(folder, 'nginx.conf');
  const http = (await servers(front, files)).replace('/var/cache/nginx/s3files', `${folder}/cache`);
  await mkdir(path.join(folder, 'cache'));
  await writeFile(
    config,
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log crit;
     ${process.getuid?.() === 0 ? 'user root;' : ''}
     events { worker_connections 4096; }
     http {
       access_log off; keepalive_requests 10000000; tcp_nodelay on;
       client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
       fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
       ${http}
     }`,
  );
  spawn('sh', ['-c', WHILE_WE_LIVE, 'sh', '-c', config, '-p', folder], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  for (let waited = 0; !(await accepts(front)); waited += 50) {
    if (waited > 10_000) throw new Error('nginx does not listen.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return front;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function accepts(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
