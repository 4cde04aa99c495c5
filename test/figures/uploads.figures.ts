// Figures of upload links: what altered tokens open.
import { it } from 'vitest';
import { isFileServiceError } from '../../src/core/errors.ts';
import { openGrant, sealGrant } from '../../src/operations/uploads/token.ts';
import { mutations } from '../support/mutations.ts';
import { figure } from './report.ts';

const COUNT = 100_000;
const SECRETS = ['the secret of the figures'];

it('counts the altered tokens that open', { timeout: 300_000 }, () => {
  const token = sealGrant(SECRETS, {
    key: 'uploads/report.pdf',
    verb: 'PUT',
    createOnly: false,
    tenant: 'digest',
    principal: { id: 'alice' },
    expiresAt: Math.floor(Date.now() / 1000) + 3600,
  });
  let opened = 0;
  let gone = 0;
  for (const altered of mutations(token, COUNT, Number(process.env.SEED ?? 1)))
    try {
      openGrant(SECRETS, altered);
      opened += 1;
    } catch (error) {
      if (isFileServiceError(error) && error.reason === 'upload_gone') gone += 1;
    }
  figure({
    name: '100,000 altered tokens of an upload link',
    target: '0 open, all `upload_gone`',
    measured: `${opened} open, ${gone} gone`,
    reached: opened === 0 && gone === COUNT,
  });
});
