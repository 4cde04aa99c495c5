// How a link asks for its password: a form for browsers, JSON for programs; and how it is proved from then on.
import { FileServiceError } from '../../core/errors.js';
import { LINKS_FOLDER, linkOf } from '../../core/key.js';
import { empty, failure } from '../../http/reply.js';
import type { FileReply } from '../../http/reply.js';
import type { FileRequest } from '../../http/request.js';
import type { Ask } from '../operation.js';
import { sealProof } from './share-grant.js';
import type { ShareGrant } from './share-grant.js';

/** Longest that a browser need not be asked again. */
const PROOF_SECONDS = 12 * 3600;

const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'Referrer-Policy': 'no-referrer',
};

/** 401 that asks for the password. */
export function passwordForm(
  { headers }: FileRequest<unknown>,
  reason: 'asked' | 'wrong',
): FileReply {
  if (!/\btext\/html\b/i.test(headers['accept'] ?? '')) {
    const sentence = reason === 'asked' ? 'The link needs a password.' : 'The password is wrong.';
    return failure(new FileServiceError('unauthorized', sentence));
  }
  const note = reason === 'wrong' ? '<p role="alert">That was not the password.</p>' : '';
  const body = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>Password</title></head>
<body><main><h1>This link needs a password</h1>${note}
<form method="post"><label>Password <input type="password" name="password" required autofocus></label>
<button>Open</button></form></main></body></html>
`;
  return {
    status: 401,
    headers: { ...HEADERS, 'Content-Length': String(Buffer.byteLength(body)) },
    body,
  };
}

/** 303 back to the link, with a cookie that proves the password. */
export function unlocked({ request, settings }: Ask, share: ShareGrant): FileReply {
  const { id, expiresAt } = share;
  const { token = '', rest = '' } = linkOf(request.path) ?? {};
  const path = `${request.mount}/${LINKS_FOLDER}${token}`;
  // What was asked for with the password, such as the zip of a folder.
  const asked = new URLSearchParams(request.query);
  // The link itself adds it.
  if (share.download) asked.delete('download');
  const query = asked.size === 0 ? '' : `?${asked.toString()}`;
  const left = Math.min(PROOF_SECONDS, expiresAt - Math.floor(Date.now() / 1000));
  const proof = sealProof(settings, id, left);
  const secure = settings.isSecure ? '; Secure' : '';
  return empty(303, {
    Location: path + rest + query,
    'Set-Cookie': `s3files-link=${proof}; Path=${path}; Max-Age=${left}; HttpOnly; SameSite=Lax${secure}`,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'Content-Length': '0',
  });
}
