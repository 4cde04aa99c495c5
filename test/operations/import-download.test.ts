import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, createServer as createSocketServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { isFileServiceError } from '../../src/core/errors.ts';
import { isPublicAddress } from '../../src/operations/import/address.ts';
import { download } from '../../src/operations/import/download.ts';
import type { DownloadOptions } from '../../src/operations/import/download.ts';
import { parseRedirect, parseTarget } from '../../src/operations/import/target.ts';
import { makeCertificate } from '../support/certificate.ts';

const NOT_ALLOWED =
  'Bad Request: The "url" must be a public http or https address on port 80 or 443, without credentials.';
const bounds = { maxBytes: 1_000_000, timeoutMs: 5000, idleMs: 5000 };

// A listener that stands for everything that must not be reached, and one that plays the public server.
let canary: Listener;
let origin: Listener;
let secure: Listener;
let authority = '';
let answer: RequestListener;

beforeAll(async () => {
  const keys = makeCertificate(['a.example']);
  authority = keys.cert;
  const reply: RequestListener = (req, res) => answer(req, res);
  canary = await listen(createServer((_, res) => res.end('secret')));
  origin = await listen(createServer(reply));
  secure = await listen(createSecureServer(keys, reply));
});
beforeEach(() => {
  answer = (_, res) => res.end('hello');
});
afterAll(async () => {
  await Promise.all([canary, origin, secure].map((listener) => listener.close()));
});

describe('URLs', () => {
  const port = () => canary.port;
  const hostile: [url: string, extraPorts?: 'canary'][] = [
    ['http://127.0.0.1:PORT/', 'canary'],
    ['http://0x7f.1:PORT/', 'canary'],
    ['http://0x7f000001:PORT/', 'canary'],
    ['http://2130706433:PORT/', 'canary'],
    ['http://017700000001:PORT/', 'canary'],
    ['http://0177.0.0.1:PORT/', 'canary'],
    ['http://127.1:PORT/', 'canary'],
    ['http://127.0.1:PORT/', 'canary'],
    ['http://127.0.0.1.:PORT/', 'canary'],
    ['http://127.255.255.254:PORT/', 'canary'],
    ['http://0:PORT/', 'canary'],
    ['http://0.0.0.0:PORT/', 'canary'],
    ['http://[::1]:PORT/', 'canary'],
    ['http://[::]:PORT/', 'canary'],
    ['http://[::ffff:127.0.0.1]:PORT/', 'canary'],
    ['http://[::ffff:7f00:1]:PORT/', 'canary'],
    ['http://[::127.0.0.1]:PORT/', 'canary'],
    ['http://[0:0:0:0:0:ffff:7f00:0001]:PORT/', 'canary'],
    ['http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:PORT/', 'canary'],
    ['http://127\u30020\u30020\u30021:PORT/', 'canary'],
    ['http://localhost:PORT/', 'canary'],
    ['http://LOCALHOST:PORT/', 'canary'],
    ['http://localhost.:PORT/', 'canary'],
    ['http://a.localhost:PORT/', 'canary'],
    ['http:127.0.0.1:PORT', 'canary'],
    ['http:\\\\127.0.0.1:PORT\\', 'canary'],
    ['http:///127.0.0.1:PORT/', 'canary'],
    [' http://127.0.0.1:PORT/ ', 'canary'],
    ['ht\ntp://127.0.0.1:PORT/', 'canary'],
    ['https://127.0.0.1:PORT/', 'canary'],
    ['http://127.0.0.1:PORT/'],
    ['http://93.184.215.14:PORT/'],
    ['http://example.com:25/'],
    ['http://example.com:6379/'],
    ['http://example.com:8080/'],
    ['http://example.com:0/'],
    ['http://10.0.0.1/'],
    ['http://172.16.0.1/'],
    ['http://192.168.0.1/'],
    ['http://169.254.169.254/latest/meta-data/'],
    ['http://168.63.129.16/'],
    ['http://192.0.0.192/'],
    ['http://100.64.0.1/'],
    ['http://100.100.100.200/'],
    ['http://198.18.0.1/'],
    ['http://224.0.0.1/'],
    ['http://240.0.0.1/'],
    ['http://255.255.255.255/'],
    ['http://[fe80::1]/'],
    ['http://[fd00:ec2::254]/'],
    ['http://[::ffff:a9fe:a9fe]/'],
    ['http://[::a9fe:a9fe]/'],
    ['http://[64:ff9b::a9fe:a9fe]/'],
    ['http://[64:ff9b:1::a9fe:a9fe]/'],
    ['http://[2002:a9fe:a9fe::]/'],
    ['http://[2001:0:a9fe:a9fe::1]/'],
    ['http://[2001:db8::1]/'],
    ['http://a@169.254.169.254/'],
    ['http://a@example.com/'],
    ['http://a:b@example.com/'],
    ['http://:b@example.com/'],
    ['file:///etc/passwd'],
    ['gopher://example.com/'],
    ['ftp://example.com/'],
    ['data:text/plain,hello'],
    ['blob:http://example.com/x'],
    ['javascript:alert(1)'],
    ['//example.com/'],
    ['/relative'],
    ['example.com'],
    ['http://'],
    ['http://exa mple.com/'],
    ['http://999.1.1.1/'],
    ['http://[::1/'],
    [''],
  ];
  it.each(hostile)(
    'answers url_not_allowed to %j without opening a connection',
    async (url, ports) => {
      const exempt = { addresses: [], ports: ports === 'canary' ? [port()] : [] };
      const before = canary.connections();
      const target = url.replaceAll('PORT', String(port()));
      expect(await failureOf(download(target, { ...bounds, exempt, lookup: never }))).toEqual([
        'url_not_allowed',
        NOT_ALLOWED,
      ]);
      expect(canary.connections()).toBe(before);
    },
  );

  it('take ports 80 and 443, explicit or not, and any public host', () => {
    const urls = [
      'http://example.com/a',
      'https://example.com:80/',
      'http://example.com:443/',
      'http://8.8.8.8/',
    ];
    expect(urls.map((url) => parseTarget(url).href)).toEqual(urls);
    expect(parseTarget('https://[2606:4700::1111]:443/').href).toBe('https://[2606:4700::1111]/');
  });
});

describe('addresses', () => {
  const PUBLIC = [
    '8.8.8.8',
    '93.184.215.14',
    '100.63.255.255',
    '198.20.0.1',
    '2606:4700::1111',
    '2a00:1450:4001::1',
  ];
  it.each(PUBLIC)('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  const REFUSED = `
    0.1.2.3 10.1.2.3 100.127.255.255 127.8.8.8 169.254.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1
    192.168.255.255 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.251 239.255.255.255 255.255.255.255 168.63.129.16 ::
    ::1 ::8.8.8.8 ::ffff:8.8.8.8 ::ffff:0:8.8.8.8 64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:2::1
    2001:10::1 2001:20::1 2001:db8::1 2002:808:808::1 3fff::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0
    fec0::1 ff02::1 5f00::1 localhost  1.2.3
  `.split(/\s+/);
  it.each(REFUSED)('%j is refused', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('names', () => {
  const named = (addresses: Record<string, string[]>) => async (hostname: string) =>
    (addresses[hostname] ?? []).map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }));

  const refused: [what: string, addresses: string[]][] = [
    ['a private address', ['127.0.0.1']],
    ['a public and a private address', ['8.8.8.8', '127.0.0.1']],
    ['a private and a public address', ['127.0.0.1', '8.8.8.8']],
    ['a public IPv4 and a private IPv6 address', ['8.8.8.8', '::1']],
    ['a mapped address', ['::ffff:127.0.0.1']],
    ['a metadata service', ['169.254.169.254']],
    ['nothing', []],
    ['nonsense', ['not an address']],
  ];
  it.each(refused)('are refused when they resolve to %s', async (_, addresses) => {
    const before = canary.connections();
    const exempt = { addresses: [], ports: [canary.port] };
    const lookup = named({ 'public.example': addresses });
    const url = `http://public.example:${canary.port}/`;
    expect(await failureOf(download(url, { ...bounds, exempt, lookup }))).toEqual([
      'url_not_allowed',
      NOT_ALLOWED,
    ]);
    expect(canary.connections()).toBe(before);
  });

  it('are refused in the same words when they do not exist', async () => {
    const lookup = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    };
    expect(await failureOf(download('http://inner.example/', { ...bounds, lookup }))).toEqual([
      'url_not_allowed',
      NOT_ALLOWED,
    ]);
  });

  it('answer import_failed when the resolver fails', async () => {
    const lookup = async () => {
      throw Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' });
    };
    expect((await failureOf(download('http://a.example/', { ...bounds, lookup })))?.[0]).toBe(
      'import_failed',
    );
  });

  it('are resolved once for a connection, so that a second answer cannot change where it leads', async () => {
    const answers = [['127.0.0.2'], ['127.0.0.1']];
    const asked: string[] = [];
    const lookup = async (hostname: string) => {
      asked.push(hostname);
      return (answers.shift() ?? []).map((address) => ({ address, family: 4 }));
    };
    const exempt = { addresses: ['127.0.0.2'], ports: [origin.port] };
    let reached: string | undefined;
    answer = (req, res) => {
      reached = req.socket.localAddress;
      res.end('hello');
    };
    const { body } = await download(`http://rebind.example:${origin.port}/`, {
      ...bounds,
      exempt,
      lookup,
    });
    expect([await text(body), asked, reached]).toEqual(['hello', ['rebind.example'], '127.0.0.2']);
  });
});

describe('redirects', () => {
  it('are followed three times, also relative ones and to other hosts', async () => {
    const hops: Record<string, string> = {
      '/1': '2?a=b',
      '/2?a=b': '/3',
      '/3': `http://b.example:${origin.port}/4`,
    };
    const hosts: (string | undefined)[] = [];
    answer = (req, res) => {
      hosts.push(req.headers.host);
      redirectBy(hops)(req, res);
    };
    const { body } = await download(`http://a.example:${origin.port}/1`, reaching());
    expect(await text(body)).toBe('/4');
    expect(hosts).toEqual([
      ...Array.from({ length: 3 }, () => `a.example:${origin.port}`),
      `b.example:${origin.port}`,
    ]);
  });

  it('answer url_not_allowed the fourth time', async () => {
    answer = redirectBy({ '/1': '/2', '/2': '/3', '/3': '/4', '/4': '/5' });
    expect(await failureOf(fetched('/1'))).toEqual(['url_not_allowed', NOT_ALLOWED]);
  });

  it.each([
    'http://127.0.0.3:CANARY/',
    'http://169.254.169.254/',
    'http://[::1]:CANARY/',
    'http://localhost:CANARY/',
    'http://public.example:6379/',
    'http://user@public.example/',
    'file:///etc/passwd',
    'http://[',
  ])('answer url_not_allowed when they lead to %s', async (location) => {
    const before = canary.connections();
    const target = location.replace('CANARY', String(canary.port));
    answer = redirectBy({ '/1': '/2', '/2': target });
    const options = reaching();
    const exempt = { ...options.exempt, ports: [origin.port, canary.port] };
    expect(await failureOf(download(address('/1'), { ...options, exempt }))).toEqual([
      'url_not_allowed',
      NOT_ALLOWED,
    ]);
    expect(canary.connections()).toBe(before);
  });

  it('answer url_not_allowed when a name that they lead to is private', async () => {
    answer = redirectBy({ '/1': 'http://inner.example/' });
    const lookup = async (hostname: string) => [
      { address: hostname === 'inner.example' ? '10.0.0.1' : '127.0.0.1', family: 4 },
    ];
    expect(await failureOf(download(address('/1'), { ...reaching(), lookup }))).toEqual([
      'url_not_allowed',
      NOT_ALLOWED,
    ]);
  });

  it('never lead from https to http', async () => {
    answer = redirectBy({ '/1': `http://a.example:${origin.port}/` });
    expect(await failureOf(download(`https://a.example:${secure.port}/1`, reaching()))).toEqual([
      'url_not_allowed',
      NOT_ALLOWED,
    ]);
    const from = new URL('https://a.example/b/c');
    expect(() => parseRedirect(from, 'http://a.example/')).toThrow(NOT_ALLOWED);
    expect(parseRedirect(from, '../d').href).toBe('https://a.example/d');
    expect(parseRedirect(from, '//b.example/').href).toBe('https://b.example/');
  });

  it('answer import_failed without a location', async () => {
    answer = (_, res) => res.writeHead(302).end();
    expect((await failureOf(fetched('/')))?.[0]).toBe('import_failed');
  });
});

describe('answers', () => {
  it('give the body, its type and its length', async () => {
    answer = (_, res) =>
      res.writeHead(200, { 'content-type': 'text/plain', 'content-length': 5 }).end('hello');
    const { body, ...rest } = await fetched('/');
    expect([await text(body), rest]).toEqual(['hello', { contentType: 'text/plain', length: 5 }]);
  });

  it('give a body of unknown length, and an empty one', async () => {
    answer = (req, res) => {
      if (req.url !== '/empty') res.write('hel');
      res.end(req.url === '/empty' ? '' : 'lo');
    };
    const { body, ...rest } = await fetched('/');
    expect([await text(body), rest]).toEqual(['hello', { contentType: null, length: undefined }]);
    expect(await text((await fetched('/empty')).body)).toBe('');
  });

  it('come over https from a server whose certificate is good, and from no other', async () => {
    const url = `https://a.example:${secure.port}/`;
    expect(await text((await download(url, reaching())).body)).toBe('hello');
    const { exempt, ...rest } = reaching();
    const untrusted = { addresses: exempt.addresses, ports: exempt.ports };
    expect((await failureOf(download(url, { ...rest, exempt: untrusted })))?.[0]).toBe(
      'import_failed',
    );
    expect((await failureOf(download(`https://b.example:${secure.port}/`, reaching())))?.[0]).toBe(
      'import_failed',
    );
  });

  it('are asked for without cookie, credential, origin or referrer', async () => {
    let headers: IncomingMessage['headers'] = {};
    answer = (req, res) => {
      headers = req.headers;
      redirectBy({ '/1': '/2' })(req, res);
    };
    await text((await fetched('/1')).body);
    expect(headers).toEqual({
      host: `a.example:${origin.port}`,
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': 's3files',
      connection: 'close',
    });
  });

  it.each([404, 410])('of %i are import_not_found', async (status) => {
    answer = (_, res) => res.writeHead(status).end('no');
    expect(await failureOf(fetched('/'))).toEqual([
      'import_not_found',
      'Not Found: Invalid URL entered. File not found.',
    ]);
  });

  it.each([201, 204, 206, 304, 400, 401, 403, 500, 503])(
    'of %i are import_failed',
    async (status) => {
      answer = (_, res) => res.writeHead(status).end();
      expect(await failureOf(fetched('/'))).toEqual([
        'import_failed',
        `Bad Gateway: The server of the "url" answered ${status}.`,
      ]);
    },
  );

  it.each(['gzip', 'br', 'deflate, gzip'])('encoded as %s are import_failed', async (encoding) => {
    answer = (_, res) =>
      res.writeHead(200, { 'content-encoding': encoding }).end(gzipSync(Buffer.alloc(1_000_000)));
    expect((await failureOf(fetched('/')))?.[0]).toBe('import_failed');
  });

  it('longer than allowed are too_large before a byte is read, when they say so', async () => {
    answer = (_, res) => res.writeHead(200, { 'content-length': bounds.maxBytes + 1 }).write('x');
    expect((await failureOf(fetched('/')))?.[0]).toBe('too_large');
    await origin.idle();
  });

  it('without end are too_large once the count passes the limit', async () => {
    answer = (_, res) => endless(res);
    const { body } = await fetched('/');
    expect((await failureOf(text(body)))?.[0]).toBe('too_large');
    await origin.idle();
  });

  it('of exactly the limit are whole', async () => {
    answer = (_, res) => res.end(Buffer.alloc(bounds.maxBytes, 'x'));
    expect((await text((await fetched('/')).body)).length).toBe(bounds.maxBytes);
  });

  const broken: [what: string, bytes: string][] = [
    ['shorter than declared', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'],
    ['cut in a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello'],
    ['without a last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['of two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    ['of a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello'],
    ['of no sense', 'hello\r\n\r\n'],
    ['of nothing', ''],
    ['that upgrade', 'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
  ];
  it.each(broken)('%s are import_failed', async (_, bytes) => {
    const raw = await listen(
      createSocketServer((socket) => socket.once('data', () => socket.end(bytes))),
    );
    const exempt = { addresses: ['127.0.0.1'], ports: [raw.port] };
    const reading = async () =>
      text((await download(`http://127.0.0.1:${raw.port}/`, { ...bounds, exempt })).body);
    expect((await failureOf(reading()))?.[0]).toBe('import_failed');
    await raw.close();
  });

  it('are import_failed when nobody listens', async () => {
    const gone = await listen(createServer());
    await gone.close();
    const exempt = { addresses: ['127.0.0.1'], ports: [gone.port] };
    expect(
      (await failureOf(download(`http://127.0.0.1:${gone.port}/`, { ...bounds, exempt })))?.[0],
    ).toBe('import_failed');
  });
});

describe('time', () => {
  const tooLong = ['import_failed', 'Bad Gateway: The server of the "url" took too long.'];

  it('runs out for an answer that does not come, and the connection is closed', async () => {
    answer = () => {};
    expect(await failureOf(fetched('/', { timeoutMs: 50 }))).toEqual(tooLong);
    await origin.idle();
  });

  it('runs out for a name that is never resolved', async () => {
    const lookup = () => new Promise<never>(() => {});
    expect(await failureOf(fetched('/', { timeoutMs: 50, lookup }))).toEqual(tooLong);
  });

  it('runs out for a body that stops', async () => {
    answer = (_, res) => res.write('hel');
    const { body } = await fetched('/', { idleMs: 50 });
    expect(await failureOf(text(body))).toEqual([
      'import_failed',
      'Bad Gateway: The server of the "url" stopped sending.',
    ]);
    await origin.idle();
  });

  it('runs out for a body that drips', async () => {
    answer = (_, res) => {
      const drip = setInterval(() => res.write('x'), 5);
      res.on('close', () => clearInterval(drip));
    };
    const { body } = await fetched('/', { durationMs: 100 });
    expect(await failureOf(text(body))).toEqual(tooLong);
    await origin.idle();
  });

  it('does not run out while the reader is slow', async () => {
    const sent = Buffer.alloc(900_000, 'x');
    answer = (_, res) => res.end(sent);
    // Ours alone: sockets keep the clock of the system.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { body } = await fetched('/', { idleMs: 1000, timeoutMs: 1000 });
      body.once('readable', () => {});
      while (body.readableLength < body.readableHighWaterMark) await nextTurn();
      vi.advanceTimersByTime(60_000);
      vi.useRealTimers();
      body.removeAllListeners('readable');
      expect((await text(body)).length).toBe(sent.length);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('departure', () => {
  it('closes the connection when the caller aborts before the answer', async () => {
    const aborting = new AbortController();
    answer = () => aborting.abort();
    expect(await failureOf(fetched('/', { signal: aborting.signal }))).toEqual([
      'import_failed',
      'Bad Gateway: The import was cancelled.',
    ]);
    await origin.idle();
  });

  it('opens no connection when the caller has gone already', async () => {
    const before = origin.connections();
    expect((await failureOf(fetched('/', { signal: AbortSignal.abort() })))?.[0]).toBe(
      'import_failed',
    );
    expect(origin.connections()).toBe(before);
  });

  it('closes the connection when the caller aborts in the body', async () => {
    const aborting = new AbortController();
    answer = (_, res) => res.write('hel');
    const { body } = await fetched('/', { signal: aborting.signal });
    body.once('data', () => aborting.abort());
    expect((await failureOf(text(body)))?.[0]).toBe('import_failed');
    await origin.idle();
  });

  it('closes the connection when the body is destroyed', async () => {
    answer = (_, res) => endless(res);
    const { body } = await fetched('/');
    body.destroy();
    await origin.idle();
  });

  it('does not end the process when nobody reads a body that fails', async () => {
    answer = (_, res) => {
      res.writeHead(200, { 'content-length': 10 }).write('hel');
      setImmediate(() => res.destroy());
    };
    const { body } = await fetched('/');
    body.read(0);
    await vi.waitFor(() => expect(body.destroyed).toBe(true));
    expect((await failureOf(text(body)))?.[0]).toBe('import_failed');
  });
});

interface Listener {
  readonly port: number;
  /** Connections so far. */
  connections(): number;
  /** Resolves when none is open any more, in less than a second. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

async function listen(server: Server): Promise<Listener> {
  let connections = 0;
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    idle: () => vi.waitFor(() => expect(open.size).toBe(0), { timeout: 1000, interval: 5 }),
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function address(path: string): string {
  return `http://a.example:${origin.port}${path}`;
}

/** Options that reach the origin by any name. */
function reaching() {
  const exempt = { addresses: ['127.0.0.1'], ports: [origin.port, secure.port], authority };
  return { ...bounds, exempt, lookup: async () => [{ address: '127.0.0.1', family: 4 }] };
}

function fetched(path: string, options: Partial<DownloadOptions> = {}) {
  return download(address(path), { ...reaching(), ...options });
}

function redirectBy(hops: Record<string, string>): RequestListener {
  return (req, res) => {
    const location = hops[req.url ?? ''];
    if (location === undefined) res.end(req.url);
    else res.writeHead(302, { location }).end('moved');
  };
}

function endless(res: ServerResponse): void {
  const more = () => {
    while (!res.destroyed && res.write(Buffer.alloc(64 * 1024))) continue;
  };
  res.on('drain', more);
  more();
}

function never(): Promise<never> {
  throw new Error('a name was resolved');
}

async function failureOf(
  promise: Promise<unknown>,
): Promise<[reason: string, message: string] | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (!isFileServiceError(error)) throw error;
    return [error.reason, error.message];
  }
}

it('counts connections to the canary, so that the tests above can fail', async () => {
  const before = canary.connections();
  const socket = connect(canary.port, '127.0.0.1');
  await vi.waitFor(() => expect(canary.connections()).toBe(before + 1));
  socket.destroy();
});
