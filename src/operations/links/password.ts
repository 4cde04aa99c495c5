// Passwords of links: by scrypt in the seal of the link, never stored.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** Characters of a password, so that nobody makes scrypt's input long. */
export const MAX_PASSWORD = 1000;

/** What a seal holds of a password: `salt.key`. */
export async function sealedPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return `${salt.toString('base64url')}.${(await keyOf(password, salt)).toString('base64url')}`;
}

/** Whether it is the password. */
export async function isPassword(sealed: string, password: string): Promise<boolean> {
  if (password === '' || password.length > MAX_PASSWORD) return false;
  const [salt = '', key = ''] = sealed.split('.').map((part) => Buffer.from(part, 'base64url'));
  const given = await keyOf(password, Buffer.from(salt));
  return key.length === given.length && timingSafeEqual(given, Buffer.from(key));
}

// RFC 7914 with Node's defaults: N = 16384, r = 8, p = 1, some 50 ms and 16 MiB.
function keyOf(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
