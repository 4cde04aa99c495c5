// A client of Resumable Uploads for HTTP that sends exactly what it is told.
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { ask, MOUNT, type Answer, type RunningService } from './service.ts';

type Headers = Readonly<Record<string, string>>;
type Port = Pick<RunningService, 'port'>;

/** One upload by the draft. */
export interface DraftUpload {
  /** The answer that named it. */
  readonly answer: Answer;
  readonly url: string;
  readonly look: (method?: string) => Promise<Answer>;
  readonly append: (
    offset: number,
    bytes: Uint8Array,
    complete: boolean,
    headers?: Headers,
  ) => Promise<Answer>;
  readonly cancel: () => Promise<Answer>;
}

/** Headers of an append. */
export const appendHeaders = (offset: number, complete: boolean, more: Headers = {}): Headers => ({
  'Content-Type': 'application/partial-upload',
  'Upload-Offset': String(offset),
  'Upload-Complete': complete ? '?1' : '?0',
  ...more,
});

/** Asks to begin an upload. */
export const postDraft = (
  { port }: Port,
  path: string,
  headers: Headers = {},
  body?: Uint8Array,
): Promise<Answer> =>
  ask(port, {
    method: 'POST',
    path: MOUNT + path,
    headers: { 'Upload-Complete': '?0', ...headers },
    body,
  });

/** Begins an upload; fails unless it is 201. */
export async function beginDraft(
  service: Port,
  path: string,
  headers: Headers = {},
  body?: Uint8Array,
): Promise<DraftUpload> {
  const answer = await postDraft(service, path, headers, body);
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
  const url = answer.headers['location'] ?? '';
  const send = (method: string, more: Headers = {}, bytes?: Uint8Array) =>
    ask(service.port, { method, path: url, headers: more, body: bytes });
  return {
    answer,
    url,
    look: (method = 'HEAD') => send(method),
    append: (offset, bytes, complete, more) =>
      send('PATCH', appendHeaders(offset, complete, more), bytes),
    cancel: () => send('DELETE'),
  };
}

/** An answer and the interim ones before it. */
export interface Informed {
  readonly interim: readonly { readonly status: number; readonly headers: IncomingHttpHeaders }[];
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Sends pieces one by one, each when the one before says so; the body has as many bytes as they have together. */
export const sendInformed = (
  { port }: Port,
  { method, path, headers }: { readonly method: string; readonly path: string; headers: Headers },
  pieces: readonly Uint8Array[],
  next: () => Promise<unknown> = async () => {},
  onInterim: () => void = () => {},
): Promise<Informed> =>
  new Promise((resolve, reject) => {
    const interim: { status: number; headers: IncomingHttpHeaders }[] = [];
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const req = httpRequest({
      port,
      host: '127.0.0.1',
      method,
      path,
      agent: false,
      headers: { ...headers, 'Content-Length': String(length) },
    });
    req.on('information', ({ statusCode, headers: given }) => {
      interim.push({ status: statusCode, headers: given });
      onInterim();
    });
    req.on('response', (answer) => {
      answer.resume();
      answer.on('end', () =>
        resolve({ interim, status: answer.statusCode, headers: answer.headers }),
      );
    });
    req.on('error', reject);
    const write = async (): Promise<void> => {
      for (const piece of pieces) {
        await next();
        req.write(piece);
      }
      req.end();
    };
    req.flushHeaders();
    write().catch(reject);
  });
