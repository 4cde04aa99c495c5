// What only the demo has: a frame around the page with people to become and requests to watch, and /docs.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express from 'express';
import type { Request, Response, Router } from 'express';
import type { AuditEvent } from '../../src/index.ts';
import { PEOPLE, become, isSame, personOf } from './people.ts';

const PUBLIC = fileURLToPath(new URL('./public/', import.meta.url));
const SWAGGER = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
// swagger-ui sets style attributes.
const DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");

/** Passes audit events on to the browsers that watch. */
export interface Watchers {
  readonly tell: (event: AuditEvent) => void;
  readonly add: (res: Response) => void;
}

/** Nobody who watches. */
export function noWatchers(): Watchers {
  const watching = new Set<Response>();
  return {
    tell: (event) => {
      for (const res of watching) res.write(`data: ${JSON.stringify(event)}\n\n`);
    },
    add: (res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      res.write('\n');
      watching.add(res);
      res.once('close', () => watching.delete(res));
    },
  };
}

/** The pages of the demo, for whoever has shown the key. */
export function demoPages(key: string, watchers: Watchers): Router {
  const router = express.Router();
  router.get('/', (req, res) => showFrame(req, res, key));
  router.use(['/demo', '/docs'], (req, res, next) => {
    if (personOf(req, key) !== undefined) return next();
    res.status(401).type('text').send('Open the address that the demo has printed.\n');
  });
  router.get('/demo/people', (req, res) => {
    const people = Object.values(PEOPLE).map(({ id, says }) => ({ id, says }));
    res.json({ people, current: personOf(req, key)?.id });
  });
  router.get('/demo/become/:person', (req, res) => {
    if (Object.hasOwn(PEOPLE, req.params.person)) become(res, key, req.params.person);
    res.status(204).end();
  });
  router.get('/demo/requests', (_req, res) => watchers.add(res));
  router.use('/demo', express.static(PUBLIC, { index: false }));
  router.get('/docs', (req, res) => {
    res.set('Content-Security-Policy', DOCS_POLICY);
    if (!req.originalUrl.startsWith('/docs/')) return res.redirect('docs/');
    res.sendFile(join(PUBLIC, 'docs.html'));
  });
  router.use('/docs', express.static(SWAGGER, { index: false }));
  return router;
}

function showFrame(req: Request, res: Response, key: string): void {
  const given = req.query['key'];
  if (typeof given === 'string' && isSame(given, key)) {
    become(res, key, 'ada');
    // The key does not stay in the address.
    res.set('Referrer-Policy', 'no-referrer').redirect('./');
    return;
  }
  if (personOf(req, key) === undefined) {
    res.status(401).type('text').send('Open the address that the demo has printed.\n');
    return;
  }
  res.set({ 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-store' });
  res.sendFile(join(PUBLIC, 'index.html'));
}
