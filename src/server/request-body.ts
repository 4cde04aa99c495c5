// A body that has arrived whole is read to its end, although its client has closed the connection meanwhile.
import type { IncomingMessage } from 'node:http';
import { hasBody } from './mounted-request.js';

/**
 * Node destroys a request when its connection closes, and drops what has arrived of it and was not read yet. Of a
 * message that is complete this would lose an upload whose client does not wait for the answer.
 */
export function readWholeMessage(req: IncomingMessage): void {
  const destroy = req.destroy.bind(req);
  req.destroy = (error) => {
    if (!bodyHasArrived(req) || req.readableEnded) return destroy(error);
    req.once('end', () => destroy(error));
    return req;
  };
}

/** Whether every byte of a body has come. HTTP/2 calls a request complete that was aborted: it does not count. */
export function bodyHasArrived(req: IncomingMessage): boolean {
  return req.httpVersionMajor < 2 && req.complete && hasBody(req);
}
