// A reply as a Response of the Fetch standard. A body that breaks errs its stream and never ends cleanly.
import type { Readable } from 'node:stream';
import type { ClientSignal } from '../../core/client-signal.js';
import type { FileReply } from '../../http/reply.js';
import type { Sent } from '../send-reply.js';

/** Whom an answer is for, and what becomes of it. */
interface Sending {
  /** Fires when the client has gone, or when its answer is not wanted any more. */
  readonly signal: ClientSignal;
  /** How long a body waits for its reader. */
  readonly idleMs: number;
  /** Called exactly once: with the last byte handed over, or once nobody wants more. */
  readonly done: (sent: Sent) => void;
}

// As with sockets: who takes nothing for ten times as long as storage may be silent has gone.
const READER_PATIENCE = 10;

/** The Response of a reply. */
export function responseOf({ status, headers, body }: FileReply, sending: Sending): Response {
  if (typeof body === 'object' && body !== null && 'pipe' in body)
    return new Response(streamOf(body, headers['Content-Length'], sending), { status, headers });
  sending.done({ bytesOut: body === null ? 0 : Buffer.byteLength(body), complete: true });
  // The Fetch standard knows no Uint8Array over shared memory, which ours never is.
  return new Response(body as string | Uint8Array<ArrayBuffer> | null, { status, headers });
}

function streamOf(body: Readable, declared: string | undefined, sending: Sending): ReadableStream {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array | string>;
  let bytesOut = 0;
  let impatience: NodeJS.Timeout | undefined;
  let isOver = false;

  const end = (sent: Pick<Sent, 'complete' | 'error'>): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(impatience);
    sending.signal.removeEventListener('abort', leave);
    body.destroy();
    sending.done({ bytesOut, ...sent });
  };
  const leave = (): void => end({ complete: false });
  if (sending.signal.aborted) leave();
  else sending.signal.addEventListener('abort', leave);

  const next = async (): Promise<Uint8Array | undefined> => {
    const { done, value } = await chunks.next();
    if (isOver) throw new Error('Nobody has taken the body.');
    if (done !== true) return Buffer.from(value);
    // A length that was promised and not kept must not look like a whole body.
    if (declared !== undefined && Number(declared) !== bytesOut)
      throw new Error(`The body has ${bytesOut} bytes instead of ${declared}.`);
    return undefined;
  };
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        clearTimeout(impatience);
        try {
          const chunk = await next();
          if (chunk === undefined) {
            controller.close();
            end({ complete: true });
            return;
          }
          bytesOut += chunk.length;
          controller.enqueue(chunk);
          impatience = setTimeout(leave, sending.idleMs * READER_PATIENCE);
        } catch (error) {
          controller.error(error);
          end({ complete: false, error });
        }
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
}
