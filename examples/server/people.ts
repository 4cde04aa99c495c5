// Who asks in the demo: an API key, or one of three people that a browser can become.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { apiKeys, roles } from '../../src/index.ts';
import type { Authenticate, Principal } from '../../src/index.ts';

/** The people, by their ids. */
export const PEOPLE: Readonly<Record<string, Principal & { readonly says: string }>> = {
  ada: { id: 'ada', roles: ['admin'], says: 'admin: everything' },
  ben: { id: 'ben', roles: ['member'], says: 'member: writes in Inbox and Team' },
  cleo: { id: 'cleo', roles: ['reader'], says: 'reader: looks' },
};

/** What they may do. */
export const authorize = roles({
  admin: [{ path: '**', allow: '*' }],
  member: [
    { path: '**', allow: ['GET'] },
    { path: 'Inbox/**', allow: '*' },
    { path: 'Team/**', allow: '*' },
    { path: 'Private/**', deny: '*' },
  ],
  reader: [
    { path: '**', allow: ['GET'] },
    { path: 'Private/**', deny: '*' },
  ],
});

const COOKIE = 's3files-demo';

/** Whoever shows the key, in a header or in the cookie that the printed address gave. */
export function authenticateWith(key: string): Authenticate {
  const byKey = apiKeys({ [key]: { id: 'demo', roles: ['admin'] } });
  return (request) => personOf(request.raw, key) ?? byKey(request);
}

/** The person that a browser has become; undefined for one that has not shown the key. */
export function personOf(req: IncomingMessage, key: string): Principal | undefined {
  const cookies = (req.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
  const value = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`));
  const [given = '', person = ''] = value?.slice(COOKIE.length + 1).split('.') ?? [];
  return isSame(given, key) && Object.hasOwn(PEOPLE, person) ? PEOPLE[person] : undefined;
}

/** Makes a browser a person. Only pages of the demo itself send the cookie back. */
export function become(res: ServerResponse, key: string, person: string): void {
  res.setHeader('Set-Cookie', `${COOKIE}=${key}.${person}; Path=/; HttpOnly; SameSite=Strict`);
}

/** Compares secrets in a time that says nothing of them. */
export function isSame(given: string, key: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(key));
}
