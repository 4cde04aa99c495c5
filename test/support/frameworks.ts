// The frameworks in which a service can stand, each as a listener for node:http that has it at the test mount.
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { filesBelow } from '../../examples/koa.ts';
import { fastLane } from '../../src/index.ts';
import type { FileServiceConfig } from '../../src/index.ts';
import { createFetchHandler } from '../../src/server/fetch/fetch-handler.ts';
import { filesPlugin } from '../../src/server/frameworks/fastify.ts';
import { filesModule } from '../../src/server/frameworks/nest.ts';
import { bunPath, inBun, overHttp2 } from './bridges.ts';
import type { Given, Hosted } from './hosted.ts';
import { MOUNT } from './mount.ts';

const nestOf = async (
  imports: ReturnType<typeof filesModule>[],
  bodyParser: boolean,
  prepare: (use: (...mounted: unknown[]) => unknown) => void = () => undefined,
): Promise<Hosted> => {
  class NestApp {}
  Module({ imports })(NestApp);
  const app = await NestFactory.create(NestApp, { bodyParser, logger: false });
  prepare((...mounted) => app.use(...mounted));
  app.use('/own', (_: unknown, res: { end(text: string): void }) => res.end('own'));
  await app.init();
  return {
    listener: app.getHttpAdapter().getInstance() as RequestListener,
    close: () => app.close(),
  };
};

/** By name. Each has a route of the app's own, `/own`. */
export const FRAMEWORKS: Readonly<Record<string, (given: Given) => Promise<Hosted> | Hosted>> = {
  'Fastify, its plugin': async ({ files }) => {
    const app = fastify();
    await app.register(filesPlugin, { prefix: MOUNT, files });
    app.get('/own', () => 'own');
    await app.ready();
    return { listener: (req, res) => app.routing(req, res), close: () => app.close() };
  },
  'Fastify, past it': async ({ files }) => {
    let listener: RequestListener | undefined;
    const app = fastify({
      serverFactory: (handler) => {
        listener = fastLane(MOUNT, files, handler);
        return createServer(listener);
      },
    });
    app.get('/own', () => 'own');
    await app.ready();
    return { listener: (req, res) => listener?.(req, res), close: () => app.close() };
  },
  Koa: ({ files }) => {
    const app = new Koa();
    app.use(filesBelow(MOUNT, files));
    app.use((context) => {
      if (context.path === '/own') context.body = 'own';
    });
    const answer = app.callback();
    return { listener: (req, res) => void answer(req, res) };
  },
  'Hono, fetch': ({ config }) => {
    const files = createFetchHandler(config as unknown as FileServiceConfig<Request>, {
      mount: MOUNT,
    });
    const app = new Hono()
      .get('/own', (context) => context.text('own'))
      .all(`${MOUNT}/*`, (context) => files(context.req.raw));
    const answer = getRequestListener(app.fetch);
    return {
      listener: (req, res) => void answer(req, res),
      close: () => files.close({ graceMs: 100 }),
      tidiesTargets: true,
    };
  },
  'NestJS, its module': ({ files }) => nestOf([filesModule({ mount: MOUNT, files })], true),
  'NestJS, app.use': ({ files }) => nestOf([], false, (use) => use(MOUNT, files)),
  'HTTP/2': ({ files }) => overHttp2(files),
  ...(bunPath() === undefined ? {} : { 'Bun, fetch': ({ config }: Given) => inBun(config) }),
};
