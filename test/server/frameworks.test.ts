// Frameworks that are not Express: the service below its mount, and the app's own routes beside it.
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowAll, configureServer, createFileService, fastLane } from '../../src/index.ts';
import type { FileService } from '../../src/index.ts';
import { ask, MOUNT, storeConfig, type Answer, type Question } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

interface Running {
  readonly port: number;
  close(): Promise<unknown>;
}

const listen = async (listener: RequestListener): Promise<Running> => {
  const server = configureServer(createServer(listener));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
};

class NestApp {}
Module({})(NestApp);

const FRAMEWORKS: Readonly<Record<string, (files: FileService) => Promise<Running>>> = {
  Fastify: async (files) => {
    const app = fastify({
      serverFactory: (handler) => configureServer(createServer(fastLane(MOUNT, files, handler))),
    });
    app.get('/own', () => 'own');
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
  },
  Koa: (files) => {
    const app = new Koa();
    app.use((context) => {
      if (context.path === '/own') context.body = 'own';
    });
    const answer = app.callback();
    return listen(fastLane(MOUNT, files, (req, res) => void answer(req, res)));
  },
  "Hono's node server": (files) => {
    const app = new Hono().get('/own', (context) => context.text('own'));
    const answer = getRequestListener(app.fetch);
    return listen(fastLane(MOUNT, files, (req, res) => void answer(req, res)));
  },
  NestJS: async (files) => {
    // Its body parser would read the uploads.
    const app = await NestFactory.create(NestApp, { bodyParser: false, logger: false });
    app.use(MOUNT, files);
    app.use('/own', (_: unknown, res: { end(text: string): void }) => res.end('own'));
    await app.listen(0, '127.0.0.1');
    const server = configureServer(app.getHttpServer() as ReturnType<typeof createServer>);
    return { port: (server.address() as AddressInfo).port, close: () => app.close() };
  },
};

const FORM =
  '--b\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\nform\r\n--b--\r\n';

describe.each(Object.entries(FRAMEWORKS))('in %s', (_, start) => {
  let files: FileService;
  let running: Running;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const store = await doubleStore();
    files = createFileService({ ...storeConfig(store), authorize: allowAll });
    running = await start(files);
    close = async () => {
      await running.close();
      await files.close();
      await store.close();
    };
  });
  afterAll(() => close());

  const told = (question: Question): Promise<Answer> =>
    ask(running.port, { ...question, path: MOUNT + question.path });

  it('a file is stored, listed, read in part and deleted', async () => {
    const put = await told({ method: 'PUT', path: '/a%20b.txt', body: 'hello' });
    expect([put.status, put.headers['location']]).toEqual([201, `${MOUNT}/a%20b.txt`]);
    expect((await told({ path: '/?as_list=true' })).json()).toEqual({ resource: ['a b.txt'] });
    const part = await told({ path: '/a%20b.txt', headers: { Range: 'bytes=1-2' } });
    expect([part.status, part.text]).toEqual([206, 'el']);
    expect((await told({ method: 'DELETE', path: '/a%20b.txt' })).status).toBe(200);
    expect((await told({ path: '/a%20b.txt' })).status).toBe(404);
  });

  it.each([
    ['JSON', 'application/json', '{"resource":[{"type":"folder","name":"json"}]}', 'json/'],
    ['a form', 'multipart/form-data; boundary=b', FORM, 'f.txt'],
  ])('%s reaches the service unread', async (_, type, body, path) => {
    const answer = await told({
      method: 'POST',
      path: '/',
      headers: { 'Content-Type': type },
      body,
    });
    expect([answer.status, answer.json()]).toMatchObject([201, { resource: [{ path }] }]);
  });

  it('a body of unknown length is stored whole', async () => {
    const headers = { 'Transfer-Encoding': 'chunked' };
    const body = 'x'.repeat(300_000);
    expect((await told({ method: 'PUT', path: '/chunked', headers, body })).status).toBe(201);
    expect((await told({ path: '/chunked' })).text).toBe(body);
  });

  it('the routes of the app are its own', async () => {
    expect((await ask(running.port, { path: '/own' })).text).toBe('own');
  });
});
