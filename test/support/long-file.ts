// Files too long to hold: made while they are sent, so that only their digest is kept.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

/** What was sent, and what was answered. */
export interface Sent {
  readonly status: number;
  /** SHA-256 of the bytes, in hex. */
  readonly digest: string;
}

const PIECE = 64 * 1024;
const PIECES = 64;

/** Sends a file of so many bytes that no store can compress, in pieces of 64 KiB. */
export async function sendLong(
  port: number,
  path: string,
  bytes: number,
  { chunked = false } = {},
): Promise<Sent> {
  const headers = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': `${bytes}` };
  const sent = request({ host: '127.0.0.1', port, path, method: 'PUT', headers, agent: false });
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  const hash = createHash('sha256');
  const noise = randomBytes(PIECE * PIECES);
  for (let at = 0; at < bytes; at += PIECE) {
    const index = (at / PIECE) % PIECES;
    // A copy each time: what is written may wait for its socket.
    const piece = Buffer.from(noise.subarray(index * PIECE, (index + 1) * PIECE));
    piece.writeDoubleBE(at);
    const last = piece.subarray(0, Math.min(PIECE, bytes - at));
    hash.update(last);
    if (!sent.write(last)) await Promise.race([once(sent, 'drain'), answered]);
  }
  sent.end();
  const [answer] = await answered;
  await answer.toArray();
  return { status: answer.statusCode ?? 0, digest: hash.digest('hex') };
}
