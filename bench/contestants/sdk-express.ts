import express from 'express';
import type { NextFunction, Request, Response } from 'express';
import { get, head, list, put, remove, signRead, signWrite, statusOf, zip } from './by-hand.ts';
import { MOUNT } from './environment.ts';
import { listen } from './listen.ts';

const keyOf = (req: Request): string => (req.params['key'] as unknown as string[]).join('/');

const app = express();
app.head(`${MOUNT}/*key`, async (req, res) => {
  await head(res, keyOf(req));
});
app.get(`${MOUNT}/*key`, async (req, res) => {
  const key = keyOf(req);
  if (req.query['zip'] === 'true') await zip(res, key);
  else if (req.query['url'] === 'true') res.json(await signRead(key));
  else if (key.endsWith('/')) res.json(await list(key));
  else await get(req, res, key);
});
app.put(`${MOUNT}/*key`, async (req, res) => {
  const key = keyOf(req);
  if (req.query['url'] === 'true') res.json(await signWrite(key));
  else res.status(201).json(await put(req, key));
});
app.delete(`${MOUNT}/*key`, async (req, res) => {
  res.json(await remove(keyOf(req)));
});
app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
  if (res.headersSent) res.destroy();
  else res.status(statusOf(error)).end();
});

listen(app);
