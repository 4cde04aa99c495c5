// The tokens of upload links: only their own service opens them, whatever is done to them.
import { describe, expect, it } from 'vitest';
import { isFileServiceError } from '../../../src/core/errors.ts';
import { openGrant, sealGrant, type LinkGrant } from '../../../src/operations/uploads/token.ts';
import { mutations } from '../../support/mutations.ts';

const SECRETS = ['a secret of this service'];
const NOW = Date.UTC(2026, 10, 25);
const GRANT: LinkGrant = {
  kind: 'link',
  key: 'uploads/report.pdf',
  verb: 'POST',
  createOnly: true,
  contentType: 'application/pdf',
  length: 102_400,
  tenant: 'digest-of-a-container',
  principal: { id: 'alice', roles: ['editor'], team: 'red' },
  expiresAt: NOW / 1000 + 60,
};

/** Why a token does not open; undefined when it does. */
const refusal = (token: string, secrets = SECRETS, now = NOW): string | undefined => {
  try {
    openGrant(secrets, token, now);
    return undefined;
  } catch (error) {
    return isFileServiceError(error) ? error.reason : String(error);
  }
};

describe('a token', () => {
  it('opens to the grant that was sealed', () => {
    expect(openGrant(SECRETS, sealGrant(SECRETS, GRANT), NOW)).toEqual(GRANT);
  });

  it('opens to a grant without type, length and principal', () => {
    const { contentType: _, length: __, ...rest } = GRANT;
    const grant = { ...rest, createOnly: false, verb: 'PUT', principal: null };
    expect(openGrant(SECRETS, sealGrant(SECRETS, grant), NOW)).toEqual(grant);
  });

  it('opens no more once its secret was taken out of the list, in place too', () => {
    const secrets = ['old'];
    const token = sealGrant(secrets, GRANT);
    secrets.unshift('new');
    expect(refusal(token, secrets)).toBeUndefined();
    secrets.pop();
    expect(refusal(token, secrets)).toBe('upload_gone');
    secrets[0] = 'newest';
    expect(openGrant(['newest'], sealGrant(secrets, GRANT), NOW)).toEqual(GRANT);
  });

  it('differs each time that the same grant is sealed, and shows nothing of it', () => {
    const tokens = [sealGrant(SECRETS, GRANT), sealGrant(SECRETS, GRANT)];
    expect(tokens[0]).not.toBe(tokens[1]);
    for (const token of tokens) {
      expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(Buffer.from(token, 'base64url').toString('latin1')).not.toMatch(/report|alice/);
    }
  });

  it('is short enough for a URL with the longest key and a large principal', () => {
    const principal = { id: 'alice', roles: ['editor'], photo: 'x'.repeat(100_000) };
    const token = sealGrant(SECRETS, { ...GRANT, key: '/'.padStart(1024, 'é'), principal });
    expect(token.length).toBeLessThan(6000);
    expect(openGrant(SECRETS, token, NOW)).toMatchObject({
      principal: { id: 'alice', roles: ['editor'] },
    });
  });

  it('keeps id and roles of a principal that JSON cannot hold', () => {
    const principal: Record<string, unknown> & { id: string } = { id: 'alice' };
    principal['self'] = principal;
    const token = sealGrant(SECRETS, { ...GRANT, principal });
    expect(openGrant(SECRETS, token, NOW)).toEqual({ ...GRANT, principal: { id: 'alice' } });
  });

  it('ends at its last second', () => {
    const token = sealGrant(SECRETS, GRANT);
    expect(refusal(token, SECRETS, NOW + 59_999)).toBeUndefined();
    expect(refusal(token, SECRETS, NOW + 60_000)).toBe('upload_gone');
  });

  it('opens with every secret of the list, sealed with the first', () => {
    const old = sealGrant(SECRETS, GRANT);
    const rotated = ['a newer secret', ...SECRETS];
    expect(openGrant(rotated, old, NOW)).toEqual(GRANT);
    expect(openGrant(rotated, sealGrant(rotated, GRANT), NOW)).toEqual(GRANT);
    expect(refusal(sealGrant(rotated, GRANT))).toBe('upload_gone');
    expect(refusal(old, ['a newer secret'])).toBe('upload_gone');
  });

  it('tells nobody whether it was altered, is foreign, or has expired', () => {
    const messages = [
      () => openGrant(SECRETS, 'x'.repeat(200), NOW),
      () => openGrant(['another'], sealGrant(SECRETS, GRANT), NOW),
      () => openGrant(SECRETS, sealGrant(SECRETS, GRANT), NOW + 3_600_000),
    ].map((open) => {
      try {
        return JSON.stringify(open());
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(new Set(messages).size).toBe(1);
  });

  it('does not open when anything of it is altered', () => {
    const token = sealGrant(SECRETS, GRANT);
    const opened = [...mutations(token, 5000)].filter((altered) => refusal(altered) === undefined);
    expect(opened).toEqual([]);
  });
});
