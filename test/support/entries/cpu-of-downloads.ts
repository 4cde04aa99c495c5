// Downloads on node:http in a process of their own: by the service, or by the SDK as hosts write it by hand.
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createServer, type RequestListener } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { allowAll, createFileService } from '../../../src/index.ts';
import type { FileServiceConfig } from '../../../src/index.ts';
import { reportToParent } from '../child-harness.ts';

// What startServiceChild wrote.
const config = JSON.parse(process.env.FILE_SERVICE ?? '') as Omit<FileServiceConfig, 'authorize'>;

const byHand = (): RequestListener => {
  const { bucket, region, endpoint, key = '', secret = '' } = config;
  const credentials = { accessKeyId: key, secretAccessKey: secret };
  const client = new S3Client({ region, endpoint, credentials, forcePathStyle: true });
  return (req, res) => {
    const { pathname } = new URL(req.url ?? '', 'http://host');
    const Key = pathname.replace('/api/v2/s3files', String(config.container));
    void client.send(new GetObjectCommand({ Bucket: bucket, Key })).then(async (object) => {
      res.setHeader('Content-Type', object.ContentType ?? 'application/octet-stream');
      res.setHeader('Content-Length', object.ContentLength ?? 0);
      res.setHeader('ETag', object.ETag ?? '');
      await pipeline(object.Body as Readable, res);
    });
  };
};

const service = (): RequestListener => {
  const files = createFileService({ ...config, authorize: allowAll });
  return (req, res) => {
    // The mount is the framework's to take off.
    req.url = req.url?.replace('/api/v2/s3files', '');
    files(req, res);
  };
};

const listener = process.env.BY_HAND === 'true' ? byHand() : service();
reportToParent(createServer(listener).listen(0, '127.0.0.1'));
