// An answer that is known whole before its first byte has an ETag, and answers 304 to a client that has it.
import { createHash } from 'node:crypto';
import { evaluate } from '../../http/conditions.js';
import { empty } from '../../http/reply.js';
import type { FileReply } from '../../http/reply.js';
import type { Ask } from '../operation.js';

/** The request header that it reads. */
export const ifNoneMatch = { 'if-none-match': { sentence: 'RFC 9110 section 13.1.2.' } } as const;

/** The reply with its ETag, or 304; a reply that is streamed, or whose next page has a fresh cursor, as it is. */
export function knownWhole({ request, verb }: Ask, reply: FileReply): FileReply {
  if (typeof reply.body !== 'string' || reply.headers['Link'] !== undefined) return reply;
  // What is hashed and then sent is encoded once.
  const body = Buffer.from(reply.body);
  // Weak: what compresses answers on the way changes the bytes and not what they say.
  const etag = `W/"${createHash('sha1').update(body).digest('base64url')}"`;
  const asked = request.headers['if-none-match'];
  if (asked !== undefined) {
    const verdict = evaluate({ 'if-none-match': asked }, verb, { etag, lastModified: null });
    if (verdict === 'not-modified') return empty(304, { ETag: etag });
  }
  return { ...reply, headers: { ...reply.headers, ETag: etag }, body };
}
