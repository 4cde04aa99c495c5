// A Request of the Fetch standard as plain data, relative to where the service is mounted.
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { ClientSignal } from '../../core/client-signal.js';
import type { FileRequest } from '../../http/request.js';
import { forwardedPrefix, pathOf, SANE_ID, type Naming } from '../mounted-request.js';

/** Where a request came in. */
interface Arrival extends Naming {
  /** Below the mount. */
  readonly path: string;
  readonly mount: string;
  readonly ip: string;
  readonly signal: ClientSignal;
}

/** A Request below the mount. Its body is settled before anything else is asked of it. */
export class FetchRequest implements FileRequest<Request> {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly mount: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
  readonly bodyConsumed: boolean;
  readonly signal: ClientSignal;
  readonly ip: string;
  readonly raw: Request;
  #hasBody: boolean;
  #isFramed: boolean;

  constructor(request: Request, { path, mount, ip, signal, publicUrl, trustProxy }: Arrival) {
    const { searchParams, host } = new URL(request.url);
    const headers: Readonly<Record<string, string>> = {
      host,
      ...Object.fromEntries(request.headers),
    };
    const id = headers['x-request-id'];
    const prefix = trustProxy ? forwardedPrefix(headers) : '';
    this.id = id !== undefined && SANE_ID.test(id) ? id : randomUUID();
    this.method = request.method;
    this.path = path;
    this.mount = publicUrl === undefined ? prefix + mount : pathOf(publicUrl);
    this.query = searchParams;
    this.headers = headers;
    // Before our own reader: Bun calls a body used from then on.
    this.bodyConsumed = request.bodyUsed;
    this.body = bodyOf(request);
    this.signal = signal;
    this.ip = ip;
    this.raw = request;
    const length = headers['content-length'];
    this.#isFramed = length !== undefined || headers['transfer-encoding'] !== undefined;
    this.#hasBody = length === undefined ? request.body !== null : Number(length) > 0;
  }

  get hasBody(): boolean {
    return this.#hasBody;
  }

  /** What decides is whether a length must be announced: RFC 9113 section 8.1.1 has frames for that. */
  get httpVersion(): string {
    return this.#hasBody || this.#isFramed ? '2.0' : '1.1';
  }

  /**
   * Finds out whether there is a body at all, which a Request without a length does not say: some frameworks give a
   * stream to requests without a body too. Waits for its first bytes or its end, `idleMs` at most.
   */
  async settleBody(idleMs: number): Promise<void> {
    if (!this.#hasBody || this.#isFramed || this.bodyConsumed) return;
    const { body } = this;
    this.#hasBody = await new Promise<boolean>((resolve) => {
      const settle = (hasBody: boolean): void => {
        clearTimeout(timer);
        body.removeListener('readable', onReadable).removeListener('close', onClose);
        resolve(hasBody);
      };
      // What is readable and holds nothing is at its end.
      const onReadable = (): void => settle(body.readableLength > 0);
      const onClose = (): void => settle(true);
      const timer = setTimeout(onClose, idleMs);
      body.on('readable', onReadable).on('close', onClose);
    });
  }
}

/** The path below a mount; undefined for one that does not lie there. */
export function pathBelow(mount: string, url: string): string | undefined {
  const { pathname } = new URL(url);
  const next = pathname.charAt(mount.length);
  if (!pathname.startsWith(mount) || !['', '/'].includes(next)) return undefined;
  return next === '' ? '/' : pathname.slice(mount.length);
}

function bodyOf({ body, bodyUsed }: Request): Readable {
  if (body === null || bodyUsed) return Readable.from([]);
  // The types of the Fetch standard and of Node differ in what nobody uses here.
  const stream = Readable.fromWeb(body as ReadableStream);
  // Whoever reads the body is told of its errors; this listener keeps the rest from ending the process.
  stream.on('error', () => undefined);
  return stream;
}
