// Asks the double over node:http with requests signed here, so that a test decides every byte.
import { createHash, createHmac } from 'node:crypto';
import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';

/** What to send; `target` goes out as it is. */
export interface SignedRequest {
  readonly method?: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The value of x-amz-content-sha256. @default UNSIGNED-PAYLOAD */
  readonly payloadHash?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly region?: string;
  /** @default now */
  readonly time?: Date;
  /** Headers that are sent and not signed. */
  readonly unsigned?: Readonly<Record<string, string>>;
  /** False leaves Content-Length to the headers given. @default true */
  readonly withLength?: boolean;
}

/** What came back, whole. */
export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The Code of an error document, '' without one. */
  readonly code: string;
}

/** The signature that a request was sent with, for the chunks that follow it. */
export interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  readonly key: Buffer;
  readonly date: string;
  readonly scope: string;
  readonly signature: string;
}

const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();

/** The hex SHA-256 of bytes. */
export const sha256 = (bytes: string | Buffer): string =>
  createHash('sha256').update(bytes).digest('hex');

/** Signs a request by the header. */
export const sign = (host: string, asked: SignedRequest): Signed => {
  const { method = 'GET', target, region = 'us-east-1', time = new Date() } = asked;
  const date = time.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`;
  const payloadHash = asked.payloadHash ?? 'UNSIGNED-PAYLOAD';
  const headers: Record<string, string> = {
    host,
    'x-amz-date': date,
    'x-amz-content-sha256': payloadHash,
    ...asked.headers,
  };
  const names = Object.keys(headers).sort();
  const [path = '', query = ''] = target.split('?');
  const pairs = query === '' ? [] : query.split('&').sort();
  const canonical = [
    method,
    path,
    pairs.map((pair) => (pair.includes('=') ? pair : `${pair}=`)).join('&'),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    payloadHash,
  ].join('\n');
  const key = scope
    .split('/')
    .reduce<string | Buffer>(hmac, `AWS4${asked.secretAccessKey ?? 'testsecretkey'}`);
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const signature = hmac(key, text).toString('hex');
  const credential = `${asked.accessKeyId ?? 'testaccess'}/${scope}`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return {
    headers: { ...headers, authorization },
    key: Buffer.from(key),
    date,
    scope,
    signature,
  };
};

/** Frames data in signed chunks, the last one empty, each over the signature before it. */
export const signedChunks = (signed: Signed, pieces: readonly string[]): string => {
  let previous = signed.signature;
  return [...pieces, '']
    .map((piece) => {
      const text = ['AWS4-HMAC-SHA256-PAYLOAD', signed.date, signed.scope, previous];
      previous = hmac(signed.key, [...text, sha256(''), sha256(piece)].join('\n')).toString('hex');
      return `${piece.length.toString(16)};chunk-signature=${previous}\r\n${piece}\r\n`;
    })
    .join('');
};

/** Sends bytes as they are and reads the answer whole; rejects when the connection breaks. */
export const exchange = (
  port: number,
  method: string,
  target: string,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
): Promise<Received> =>
  new Promise((resolve, reject) => {
    const req = request({ port, host: '127.0.0.1', method, path: target, headers, agent: false });
    req.on('error', reject);
    req.on('response', (res) => {
      const pieces: Buffer[] = [];
      res.on('data', (piece: Buffer) => pieces.push(piece));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        const code = /<Code>(.*?)<\/Code>/.exec(text)?.[1] ?? '';
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text, code });
      });
    });
    req.end(body);
  });

/** Signs, sends and reads. */
export const ask = (port: number, asked: SignedRequest): Promise<Received> => {
  const { method = 'GET', target, body, withLength = true } = asked;
  const signed = sign(asked.headers?.['host'] ?? `127.0.0.1:${port}`, asked);
  const length =
    withLength && body !== undefined ? { 'content-length': String(Buffer.byteLength(body)) } : {};
  return exchange(port, method, target, { ...signed.headers, ...asked.unsigned, ...length }, body);
};
