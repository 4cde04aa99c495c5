// The recipe of image variants: what it makes, keeps, refuses, and whom it asks.
import { execFile } from 'node:child_process';
import { S3Client } from '@aws-sdk/client-s3';
import express from 'express';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { crc32, deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileService } from '../../src/index.ts';
import { createFetchHandler, type FetchHandler } from '../../src/server/fetch/fetch-handler.ts';
import { installed } from '../support/programs.ts';
import { storeConfig } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const FOLDER = fileURLToPath(new URL('../../examples/variants/', import.meta.url));
type Answer = (request: Request) => Promise<Response>;
/** What the recipe exports; its types need sharp's, which not every machine has. */
interface Recipe {
  readonly imageVariants: (options: Readonly<Record<string, unknown>>) => Answer;
}
interface Pipeline {
  withExif(exif: object): Pipeline;
  withMetadata(options: object): Pipeline;
  jpeg(): Pipeline;
  png(): Pipeline;
  toBuffer(): Promise<Buffer>;
  metadata(): Promise<Readonly<Record<string, unknown>>>;
}
/** As much of sharp as makes images to try. */
type Sharp = (given: object) => Pipeline;

const MOUNT = '/files';
const SITE = `http://app.example${MOUNT}`;
const VARIANTS = {
  thumb: { width: 32, height: 32 },
  square: { width: 20, height: 20, fit: 'cover' },
};
const KEPT = '.s3files/variants/';

/** A PNG of a few bytes that says it has so many pixels a side. */
const claiming = (side: number): Buffer => {
  const chunk = (type: string, data: Buffer): Buffer => {
    const named = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, sum]);
  };
  const head = Buffer.from('00000000000000000806000000', 'hex');
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  const pixels = chunk('IDAT', deflateSync(Buffer.alloc(1024)));
  return Buffer.concat([signature, chunk('IHDR', head), pixels, chunk('IEND', Buffer.alloc(0))]);
};

describe.runIf(installed('sharp'))('the recipe of image variants', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let s3: S3Client;
  let sharp: Sharp;
  let recipe: Recipe;
  let files: FetchHandler;
  let variants: Answer;
  let mayRead: boolean;

  beforeEach(async () => {
    store = await doubleStore();
    sharp = createRequire(`${FOLDER}variants.ts`)('sharp') as Sharp;
    recipe = (await import(`${FOLDER}variants.ts`)) as Recipe;
    mayRead = true;
    files = createFetchHandler(
      { ...storeConfig(store), container: 'app', authorize: () => mayRead },
      { mount: MOUNT },
    );
    s3 = new S3Client({
      endpoint: store.endpoint,
      region: store.region,
      forcePathStyle: true,
      credentials: { accessKeyId: store.accessKeyId, secretAccessKey: store.secretAccessKey },
    });
    variants = made();
  });
  afterEach(async () => {
    await files.close({ graceMs: 100 });
    s3.destroy();
    await store.close();
  });

  const made = (more: object = {}): Answer =>
    recipe.imageVariants({
      service: (request: Request) => files(request),
      variants: VARIANTS,
      s3,
      bucket: store.bucket,
      container: 'app',
      ...more,
    });
  const image = (width: number, height: number): Pipeline =>
    sharp({ create: { width, height, channels: 3, background: '#c40' } });
  const plant = (key: string, bytes: Uint8Array, contentType: string): void => {
    store.double.seed(store.bucket, `app/${key}`, bytes, { contentType });
  };
  const get = (path: string, init: RequestInit = {}, answer = variants) =>
    answer(new Request(SITE + path, init));
  const kept = (): string[] =>
    [...store.double.objects(store.bucket).keys()].filter((key) => key.startsWith(`app/${KEPT}`));
  const metadataOf = async (answer: Response) =>
    sharp(Buffer.from(await answer.arrayBuffer())).metadata();
  const reasonOf = async (answer: Response): Promise<unknown> =>
    ((await answer.json()) as { error: { reason: unknown } }).error.reason;

  it('makes one, scaled into its box, as the camera was held, without what the camera knew', async () => {
    const photo = await image(200, 100)
      .withExif({ IFD3: { GPSLatitude: '51/1 30/1 0/1' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    plant('a.jpg', photo, 'image/jpeg');
    const answer = await get('/a.jpg?variant=thumb');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/webp']);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const { width, height, format, exif } = await metadataOf(answer);
    expect({ width, height, format, exif }).toEqual({
      width: 16,
      height: 32,
      format: 'webp',
      exif: undefined,
    });
    const square = await metadataOf(await get('/a.jpg?variant=square'));
    expect([square['width'], square['height']]).toEqual([20, 20]);
  });

  it('keeps it in the folder of the service, and makes it once however many ask', async () => {
    plant('a.png', await image(80, 80).png().toBuffer(), 'image/png');
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => get('/a.png?variant=thumb')),
    );
    const bodies = await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    expect(new Set(bodies.map((body) => Buffer.from(body).toString('base64'))).size).toBe(1);
    const called = (operation: string): number =>
      store.double.calls.filter((call) => call.operation === operation).length;
    expect([called('PutObject'), kept().length]).toEqual([1, 1]);
    store.double.clearCalls();
    expect((await get('/a.png?variant=thumb')).status).toBe(200);
    expect([called('HeadObject'), called('GetObject'), called('PutObject')]).toEqual([1, 1, 0]);
    // Nobody gets there by the service, nor sees it.
    expect((await get(`/${kept()[0]?.slice('app/'.length) ?? ''}`)).status).toBe(400);
    expect(await (await get('/?as_list=true&full_tree=true')).json()).toEqual({
      resource: ['a.png'],
    });
  });

  it('asks for the right each time, and calls no storage when it is missing', async () => {
    plant('a.png', await image(80, 80).png().toBuffer(), 'image/png');
    expect((await get('/a.png?variant=thumb')).status).toBe(200);
    mayRead = false;
    store.double.clearCalls();
    for (const method of ['GET', 'HEAD'])
      expect((await get('/a.png?variant=thumb', { method })).status).toBe(401);
    expect(store.double.calls).toEqual([]);
  });

  it('makes a new one of an image that was replaced, and none to who has it', async () => {
    plant('a.png', await image(80, 80).png().toBuffer(), 'image/png');
    const first = await get('/a.png?variant=thumb');
    const headers = { 'If-None-Match': first.headers.get('etag') ?? '' };
    const same = await get('/a.png?variant=thumb', { headers });
    expect([same.status, same.headers.get('etag')]).toEqual([304, first.headers.get('etag')]);
    plant('a.png', await image(90, 45).png().toBuffer(), 'image/png');
    const second = await get('/a.png?variant=thumb', { headers });
    expect([second.status, (await metadataOf(second))['height']]).toEqual([200, 16]);
    expect(kept()).toHaveLength(2);
  });

  it('refuses more pixels, more bytes, and what is no image, before it decodes any', async () => {
    plant('bomb.png', claiming(60_000), 'image/png');
    plant('drawing.png', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/png');
    plant('drawing.svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/svg+xml');
    plant('text.png', Buffer.from('no image'), 'image/png');
    const whole = await image(80, 80).png().toBuffer();
    plant('cut.png', whole.subarray(0, whole.length / 2), 'image/png');
    for (const [path, status, reason] of [
      ['/bomb.png?variant=thumb', 413, 'too_large'],
      ['/drawing.png?variant=thumb', 415, 'unsupported_type'],
      ['/drawing.svg?variant=thumb', 415, 'unsupported_type'],
      ['/text.png?variant=thumb', 415, 'unsupported_type'],
      ['/cut.png?variant=thumb', 415, 'unsupported_type'],
      ['/text.png?variant=huge', 400, 'invalid_parameter'],
      ['/text.png?variant=__proto__', 400, 'invalid_parameter'],
      ['/none.png?variant=thumb', 404, 'not_found'],
    ] as const) {
      const answer = await get(path);
      expect([path, answer.status, await reasonOf(answer)]).toEqual([path, status, reason]);
    }
    store.double.clearCalls();
    expect((await get('/cut.png?variant=thumb', {}, made({ maxBytes: 10 }))).status).toBe(413);
    expect(store.double.calls.map(({ operation }) => operation)).toEqual(['HeadObject']);
    expect(kept()).toEqual([]);
  });

  it('lets few be made at once, some wait, and refuses the rest', async () => {
    for (let n = 0; n < 6; n += 1)
      plant(
        `${n}.png`,
        await image(80, 80 + n)
          .png()
          .toBuffer(),
        'image/png',
      );
    // The first is being made until three were refused, however slowly all six are asked.
    let [refusals, release] = [0, (): void => undefined];
    const threeRefused = new Promise<void>((resolve) => {
      release = resolve;
    });
    const service = async (request: Request): Promise<Response> => {
      if (request.method === 'GET') await threeRefused;
      return files(request);
    };
    const narrow = made({ service, atOnce: 1, maxWaiting: 2 });
    const asked = Array.from({ length: 6 }, async (_, n) => {
      const { status } = await get(`/${n}.png?variant=thumb`, {}, narrow);
      if (status === 503 && (refusals += 1) === 3) release();
      return status;
    });
    expect((await Promise.all(asked)).toSorted((a, b) => a - b)).toEqual([
      200, 200, 200, 503, 503, 503,
    ]);
  });

  it('leaves every other request to the service, and answers HEAD', async () => {
    plant('a.png', await image(80, 80).png().toBuffer(), 'image/png');
    const put = await get('/b.txt?variant=thumb', { method: 'PUT', body: 'text' });
    expect([put.status, await (await get('/b.txt')).text()]).toEqual([201, 'text']);
    const head = await get('/a.png?variant=thumb', { method: 'HEAD' });
    const whole = await get('/a.png?variant=thumb');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String((await whole.arrayBuffer()).byteLength),
      '',
    ]);
  });

  it('stands in front of a service in Express, which is asked over HTTP', async () => {
    plant('a.png', await image(80, 80).png().toBuffer(), 'image/png');
    const inExpress = createFileService({
      ...storeConfig(store),
      container: 'app',
      authorize: (_, { headers }) => headers['x-who'] === 'ann',
    });
    const small = made({ service: (request: Request) => fetch(request) });
    const app = express();
    app.get(`${MOUNT}/*path`, async (req, res, next) => {
      if (req.query['variant'] === undefined) return next();
      const { host = '', 'x-who': who = '' } = req.headers;
      const answer = await small(
        new Request(`http://${host}${req.originalUrl}`, { headers: { 'X-Who': String(who) } }),
      );
      res.status(answer.status).set(Object.fromEntries(answer.headers));
      return res.send(Buffer.from(await answer.arrayBuffer()));
    });
    const server = createServer(app.use(MOUNT, inExpress));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}${MOUNT}/a.png?variant=thumb`;
    expect((await fetch(target)).status).toBe(401);
    const answer = await fetch(target, { headers: { 'X-Who': 'ann' } });
    expect([answer.status, (await metadataOf(answer))['format']]).toEqual([200, 'webp']);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await inExpress.close({ graceMs: 100 });
  });

  it('is code that compiles', async () => {
    const compiler = fileURLToPath(
      new URL('../../node_modules/typescript/bin/tsc', import.meta.url),
    );
    const { stdout } = await promisify(execFile)(process.execPath, [compiler, '-p', FOLDER]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  }, 60_000);
});
