// The ready-made `onUploaded` that tells another server: over real sockets, to a receiver that does as it is told.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { webhook } from '../../src/index.ts';
import type { UploadDetails, WebhookOptions } from '../../src/index.ts';
import { webhookHeaders, webhookKey } from '../../src/policies/webhook/signature.ts';
import { startService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { rejection } from './request.ts';

const KEY = Buffer.alloc(24, 7);
const SECRET = `whsec_${KEY.toString('base64')}`;
const FILE = {
  name: 'a.txt',
  path: 'in/a.txt',
  contentType: 'text/plain',
  contentLength: 5,
  etag: '"e"',
};
const details = (given: Partial<UploadDetails> = {}): UploadDetails => ({
  principal: { id: 'alice', roles: ['editor'], password: 'hidden' },
  upload: { id: 'u1', via: 'form' },
  signal: AbortSignal.timeout(5000),
  ...given,
});

interface Message {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly atMs: number;
}

let receiver: Server;
let url: string;
let messages: Message[];
/** What the receiver does with its nth message; the last one for all further ones. */
let replies: readonly RequestListener[];

beforeAll(async () => {
  receiver = createServer((req, res) => {
    void req.toArray().then((chunks) => {
      const body = Buffer.concat(chunks as Buffer[]).toString();
      messages.push({ headers: req.headers, body, atMs: performance.now() });
      (replies[messages.length - 1] ?? replies.at(-1))?.(req, res);
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks/files?k=1`;
});
beforeEach(() => {
  messages = [];
  replies = [ok];
});
afterAll(async () => {
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

const status =
  (code: number, headers: Record<string, string> = {}): RequestListener =>
  (_, res) =>
    res.writeHead(code, headers).end();
const ok = status(204);
const cut: RequestListener = (req) => req.socket.destroy();
const silent: RequestListener = () => {};
const answering =
  (type: string, text: string): RequestListener =>
  (_, res) =>
    res.writeHead(200, { 'Content-Type': type }).end(text);
const first = (): Message => {
  const [message] = messages;
  if (message === undefined) throw new Error('no message came');
  return message;
};
const send = async (options: Partial<WebhookOptions> = {}, given?: Partial<UploadDetails>) =>
  webhook(url, { secret: SECRET, ...options })(FILE, details(given));

describe('the signature of a webhook', () => {
  it('is the one of the vector of Standard Webhooks', () => {
    const key = webhookKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    const message = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1614265330,
      body: '{"test": 2432232314}',
    };
    expect(webhookHeaders(key === undefined ? [] : [key], message)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });
});

describe('webhook', () => {
  it('sends the file, who uploaded it and how, signed over what was sent', async () => {
    const before = Math.floor(Date.now() / 1000);
    expect(await send()).toBeUndefined();
    const { headers, body } = first();
    expect(JSON.parse(body)).toEqual({
      type: 'file.uploaded',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      data: {
        file: {
          name: 'a.txt',
          path: 'in/a.txt',
          content_type: 'text/plain',
          content_length: 5,
          etag: '"e"',
        },
        principal: { id: 'alice', roles: ['editor'] },
        upload: { id: 'u1', via: 'form' },
      },
    });
    const timestamp = String(headers['webhook-timestamp']);
    expect(Number(timestamp) - before).toBeLessThanOrEqual(5);
    const signature = createHmac('sha256', KEY).update(`u1.${timestamp}.${body}`).digest('base64');
    expect([headers['webhook-id'], headers['webhook-signature'], headers['content-type']]).toEqual([
      'u1',
      `v1,${signature}`,
      'application/json',
    ]);
  });

  it('signs with every secret of a list', async () => {
    const other = Buffer.alloc(32, 9);
    await send({ secret: [SECRET, `whsec_${other.toString('base64')}`] });
    const { headers, body } = first();
    const signed = `u1.${String(headers['webhook-timestamp'])}.${body}`;
    expect(headers['webhook-signature']).toBe(
      [KEY, other]
        .map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
        .join(' '),
    );
  });

  it.each<[string, RequestListener, unknown]>([
    ['JSON', answering('application/json; charset=utf-8', '{"row":7}'), { row: 7 }],
    ['problem JSON', answering('application/problem+json', '[1]'), [1]],
    ['text', answering('text/plain', '{"row":7}'), undefined],
    ['broken JSON', answering('application/json', '{"row":'), undefined],
    ['much JSON', answering('application/json', `"${'x'.repeat(65_535)}"`), undefined],
    ['nothing', ok, undefined],
  ])('answers with what the receiver answers: %s', async (_, reply, data) => {
    replies = [reply];
    expect([await send(), messages.length]).toEqual([data, 1]);
  });

  it.each<[string, RequestListener]>([
    ['503', status(503)],
    ['500', status(500)],
    ['429', status(429)],
    ['408', status(408)],
    ['a broken connection', cut],
    ['silence', silent],
  ])('sends again after %s, with the same id, after a pause', async (_, failure) => {
    replies = [failure, answering('application/json', '"heard"')];
    expect(await send({ attemptMs: 150 })).toBe('heard');
    const [first, second] = messages;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.body).toBe(first?.body);
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(190);
  });

  it("waits for a receiver's Retry-After", async () => {
    replies = [status(503, { 'Retry-After': '1' }), ok];
    await send();
    expect((messages[1]?.atMs ?? 0) - (messages[0]?.atMs ?? 0)).toBeGreaterThan(990);
  });

  it.each([400, 401, 404, 410, 301, 302, 307, 308])('gives up at once on %i', async (code) => {
    replies = [status(code, { Location: `${url}&elsewhere` })];
    expect(String(await rejection(send()))).toContain(`answered ${code}`);
    expect(messages.length).toBe(1);
  });

  it('gives up after as many attempts as it may make', async () => {
    replies = [status(500)];
    expect(String(await rejection(send({ attempts: 2 })))).toContain('answered 500');
    expect(messages.length).toBe(2);
  });

  it('ends with the time of the hook, whatever the receiver asks', async () => {
    replies = [status(503, { 'Retry-After': '600' })];
    const startedMs = performance.now();
    await rejection(send({}, { signal: AbortSignal.timeout(100) }));
    expect(performance.now() - startedMs).toBeLessThan(2000);
    expect(messages.length).toBe(1);
  });

  it.each<[string, string | URL, object]>([
    ['a URL of another kind', 'ftp://a.example', { secret: SECRET }],
    ['no URL', 'a.example', { secret: SECRET }],
    ['credentials in the URL', 'https://u:p@a.example', { secret: SECRET }],
    ['no secret', 'https://a.example', {}],
    ['an empty list of secrets', 'https://a.example', { secret: [] }],
    ['a secret without its prefix', 'https://a.example', { secret: KEY.toString('base64') }],
    ['a short secret', 'https://a.example', { secret: 'whsec_c2hvcnQ=' }],
    ['a secret that is no base64', 'https://a.example', { secret: `whsec_${'!'.repeat(32)}` }],
    ['no attempt', 'https://a.example', { secret: SECRET, attempts: 0 }],
    ['an unknown option', 'https://a.example', { secret: SECRET, retries: 2 }],
  ])('takes no %s', (_, target, options) => {
    expect(() => webhook(target, options as WebhookOptions)).toThrow(TypeError);
  });

  it('never shows its secret when it refuses it', () => {
    const secret = 'not-the-right-form-but-secret';
    expect(() => webhook('https://a.example', { secret })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(secret) as string }) as Error,
    );
  });

  it('tells of an upload before its client is answered, and answers it with what it heard', async () => {
    const store = await doubleStore();
    const service = await startService(store, { onUploaded: webhook(url, { secret: SECRET }) });
    replies = [status(500), answering('application/json', '{"row":7}')];
    const answer = await service.ask({ method: 'PUT', path: '/a.txt', body: 'hello' });
    await service.close();
    await store.close();
    expect([answer.status, answer.json()]).toMatchObject([
      201,
      { path: 'a.txt', data: { row: 7 } },
    ]);
    expect(messages.map(({ headers }) => headers['webhook-id'])).toEqual(
      Array.from({ length: 2 }, () => expect.stringMatching(/^[\w-]{32,}$/) as string),
    );
    expect(messages[1]?.headers['webhook-id']).toBe(messages[0]?.headers['webhook-id']);
  });
});
