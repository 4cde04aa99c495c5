// Figures of the tokens of uploads: what altered ones open, and whether storage hears of them.
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { isFileServiceError } from '../../src/core/errors.ts';
import { openGrant, sealGrant, sealPart, sealTicket } from '../../src/operations/uploads/token.ts';
import { mutations } from '../support/mutations.ts';
import { MOUNT, startService, type RunningService } from '../support/service.ts';
import { inParallel } from '../support/service-child.ts';
import { doubleStore } from '../support/stores.ts';
import { sessionPath, UPLOAD_SECRET } from '../support/upload-link.ts';
import { figure } from './report.ts';

const COUNT = 100_000;
const SECRETS = ['the secret of the figures'];
const SEED = Number(process.env.SEED ?? 1);

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
  for (const altered of mutations(token, COUNT, SEED))
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

describe('tokens of uploads that a service is sent', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let service: RunningService;
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  beforeAll(async () => {
    store = await doubleStore();
    service = await startService(store, {
      resumable: true,
      direct: true,
      uploadSecret: UPLOAD_SECRET,
      authenticate: () => ({ id: 'alice' }),
    });
    await service.ask({ path: '/' });
  });
  afterAll(async () => {
    agent.destroy();
    await service.close();
    await store.close();
  });

  const status = (path: string, method: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request(
        { port: service.port, host: '127.0.0.1', method, path: MOUNT + path, agent },
        (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode ?? 0));
        },
      );
      sent.on('error', reject);
      sent.end();
    });

  it('are 404 before storage is asked', { timeout: 1_800_000 }, async () => {
    const now = Math.floor(Date.now() / 1000);
    const session = sessionPath('', 'alice', { key: 'a.txt', id: 'upload', length: 20_000_000 });
    const token = session.slice('/_uploads/'.length);
    const hour = { tenant: 'x', principal: null, expiresAt: now + 3600 };
    const removed = ['a secret that was removed'];
    const common = { key: 'a.txt', verb: 'PUT', createOnly: false };
    // Every tenth is whole, and sealed by a secret that is none any more, or has expired.
    const whole = [
      () => sealGrant(removed, { ...common, ...hour }),
      () => sealTicket(removed, { ...common, id: 'x', key: 'in/', ...hour }),
      () => sealGrant([UPLOAD_SECRET], { ...common, ...hour, expiresAt: now - 1 }),
      () =>
        sessionPath('', 'alice', {
          key: 'a.txt',
          nonce: randomBytes(12).toString('base64url'),
          expiresAt: now - 1,
        }).slice('/_uploads/'.length),
      () => {
        const { session: sealed } = openGrant([UPLOAD_SECRET], token) as {
          session: Parameters<typeof sealPart>[1]['session'];
        };
        return sealPart(removed, {
          part: 1,
          session: sealed,
          principal: null,
          expiresAt: now + 60,
        });
      },
    ];
    const altered = [...mutations(token, COUNT * 0.9, SEED)].map((one) => encodeURIComponent(one));
    const kinds = [
      (one: string) => [`/_uploads/${one}`, 'HEAD'],
      (one: string) => [`/_uploads/${one}`, 'PATCH'],
      (one: string) => [`/_uploads/${one}`, 'DELETE'],
      (one: string) => [`/_uploads/${one}`, 'PUT'],
      (one: string) => [`/_uploads/s3/multipart/${one}/1?key=a.txt`, 'GET'],
      (one: string) => [`/_uploads/t/${one}/s3/params?filename=a.txt`, 'GET'],
    ] as const;
    store.double.clearCalls();
    const statuses = new Map<number, number>();
    await inParallel(COUNT, 20, async (n) => {
      const one = n % 10 === 9 ? whole[n % whole.length]?.() : altered[n - Math.ceil(n / 10)];
      const [path = '', method = 'GET'] = kinds[n % kinds.length]?.(one ?? '') ?? [];
      const got = await status(path, method);
      statuses.set(got, (statuses.get(got) ?? 0) + 1);
    });
    const refused = [400, 404, 405].reduce((sum, one) => sum + (statuses.get(one) ?? 0), 0);
    figure({
      name: '100,000 requests with tokens that were altered, cut, expired, or sealed by a removed secret, of six kinds',
      target:
        '0 open (404; 400 and 405 where it is no path of an upload any more); 0 calls to storage',
      measured: `${COUNT - refused} open; ${[...statuses].map(([code, times]) => `${times} x ${code}`).join(', ')}; ${store.double.calls.length} calls`,
      reached: refused === COUNT && store.double.calls.length === 0,
    });
  });
});
