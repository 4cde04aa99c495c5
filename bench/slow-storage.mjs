// `node slow-storage.mjs`, after `npm run build` in the root: how far the memory of a host grows while sixteen uploads of
// 48 MiB go through it at once to a storage that takes them slowly, through us and through @aws-sdk/lib-storage.
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';

const UPLOADS = 16;
const BYTES = 48 * 2 ** 20;
const SELF = import.meta.filename;
const [role, who, endpoint] = process.argv.slice(2);

const listen = (handler) => {
  const server = http.createServer(handler);
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
};

/** Takes a chunk in 5 ms, and says what S3 says. */
const storage = (req, res) => {
  const { searchParams } = new URL(req.url, 'http://x');
  req.on('data', () => {
    req.pause();
    setTimeout(() => req.resume(), 5);
  });
  req.on('end', () => {
    if (req.method !== 'POST') return res.setHeader('ETag', `"${'0'.repeat(32)}"`).end();
    const name = searchParams.has('uploads')
      ? 'InitiateMultipartUpload'
      : 'CompleteMultipartUpload';
    const text = '<Bucket>b</Bucket><Key>k</Key><UploadId>1</UploadId><ETag>"a"</ETag>';
    return res.end(`<${name}Result>${text}</${name}Result>`);
  });
};

const hosts = {
  async s3files() {
    const { allowAll, createFileService } = await import('../dist/index.js');
    return createFileService({
      bucket: 'bucket',
      endpoint,
      usePathStyleEndpoint: true,
      key: 'a',
      secret: 'b',
      authorize: allowAll,
    });
  },
  async 'lib-storage'() {
    const { S3Client } = await import('@aws-sdk/client-s3');
    const { Upload } = await import('@aws-sdk/lib-storage');
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const client = new S3Client({
      region: 'us-east-1',
      endpoint,
      forcePathStyle: true,
      credentials,
    });
    return async (req, res) => {
      const params = { Bucket: 'bucket', Key: req.url.slice(1), Body: req };
      await new Upload({ client, params }).done();
      res.writeHead(201).end();
    };
  },
};

const start = (...words) => {
  const child = fork(SELF, words);
  return new Promise((resolve) => child.once('message', (port) => resolve({ child, port })));
};
const memoryOf = ({ pid }, name) =>
  Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) /
  1024;

const PIECE = Buffer.alloc(65_536);
const put = (port, path, bytes) =>
  new Promise((resolve, reject) => {
    const headers = { 'content-length': bytes };
    const sent = http.request({
      host: '127.0.0.1',
      port,
      method: 'PUT',
      path,
      agent: false,
      headers,
    });
    sent.on('error', reject).on('response', (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    });
    let left = bytes;
    const send = () => {
      while (left > 0) {
        left -= PIECE.length;
        if (!sent.write(PIECE)) return sent.once('drain', send);
      }
      return sent.end();
    };
    send();
  });

if (role === 'storage') listen(storage);
else if (role === 'host') listen(await hosts[who]());
else {
  const stub = await start('storage');
  for (const name of Object.keys(hosts)) {
    const { child, port } = await start('host', name, `http://127.0.0.1:${stub.port}`);
    await put(port, '/warm', 2 ** 20);
    const before = memoryOf(child, 'VmRSS');
    const paths = Array.from({ length: UPLOADS }, (_, index) => `/${index}`);
    const statuses = await Promise.all(paths.map((path) => put(port, path, BYTES)));
    const grown = Math.round(memoryOf(child, 'VmHWM') - before);
    console.log(`${name}: grew by ${grown} MB; answers ${[...new Set(statuses)].join()}`);
    child.kill();
  }
  stub.child.kill();
}
