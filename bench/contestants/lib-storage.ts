// Uploads as the SDK's documentation recommends them: @aws-sdk/lib-storage, whose defaults are parts of 5 MiB, four at a time.
import { Upload } from '@aws-sdk/lib-storage';
import express from 'express';
import type { NextFunction, Request, Response } from 'express';
import { client, statusOf } from './by-hand.ts';
import { bucket, MOUNT } from './environment.ts';
import { listen } from './listen.ts';

const app = express();
app.put(`${MOUNT}/*key`, async (req, res) => {
  const key = (req.params['key'] as unknown as string[]).join('/');
  const upload = new Upload({
    client,
    params: { Bucket: bucket, Key: key, Body: req, ContentType: req.headers['content-type'] },
  });
  await upload.done();
  res.status(201).json({ path: key });
});
app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
  if (res.headersSent) res.destroy();
  else res.status(statusOf(error)).end();
});

listen(app);
