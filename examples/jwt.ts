// Authenticates by JWT, with a shared secret (HS256) or the keys that an identity provider publishes.
import {
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyOptions,
} from 'jose';
import { FileServiceError, type HookRequest, type Principal } from '../src/index.ts';

const unauthorized = (cause?: unknown): FileServiceError =>
  new FileServiceError('unauthorized', 'A valid token is required.', {
    cause,
    headers: { 'WWW-Authenticate': 'Bearer' },
  });

const principalOf = ({ sub, roles, team }: JWTPayload): Principal => {
  if (sub === undefined || sub === '') throw unauthorized();
  return { id: sub, roles: Array.isArray(roles) ? roles : [], team };
};

// A key server that cannot be reached is no fault of the token: the service answers 503.
const isOutage = (error: errors.JOSEError): boolean =>
  error instanceof errors.JWKSTimeout || error.code === errors.JOSEError.code;

const bearer =
  (verify: (token: string) => Promise<{ payload: JWTPayload }>) =>
  async ({ headers }: HookRequest<unknown>): Promise<Principal> => {
    const [scheme, token] = (headers['authorization'] ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || !token) throw unauthorized();
    try {
      return principalOf((await verify(token)).payload);
    } catch (error) {
      throw error instanceof errors.JOSEError && !isOutage(error) ? unauthorized(error) : error;
    }
  };

/** Tokens of one issuer, for this audience; they must expire and name a subject. */
export interface TokenOptions {
  readonly issuer: string;
  readonly audience: string;
}

const strict = (options: TokenOptions, algorithms: string[]): JWTVerifyOptions => ({
  ...options,
  algorithms,
  requiredClaims: ['exp', 'sub'],
});

/** Tokens signed with a secret of ours: `authenticate: sharedSecret(process.env.JWT_SECRET, ...)`. */
export const sharedSecret = (secret: string, options: TokenOptions) => {
  const key = new TextEncoder().encode(secret);
  return bearer((token) => jwtVerify(token, key, strict(options, ['HS256'])));
};

/** Tokens of a provider: `authenticate: publishedKeys('https://login.example/jwks.json', ...)`. */
export const publishedKeys = (url: string, options: TokenOptions) => {
  const keys = createRemoteJWKSet(new URL(url));
  return bearer((token) => jwtVerify(token, keys, strict(options, ['RS256', 'ES256'])));
};
