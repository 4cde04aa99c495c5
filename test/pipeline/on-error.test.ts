// What a host is told of its own hooks' failures, and that telling it changes no answer.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { allowAll, memoryCache } from '../../src/index.ts';
import type { ErrorPhase, FileServiceConfig, Scan } from '../../src/index.ts';
import { FileServiceError } from '../../src/index.ts';
import { startService, type RunningService } from '../support/service.ts';
import { doubleStore, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';

let store: Store;
let service: RunningService;
beforeAll(async () => {
  store = await doubleStore();
});
afterEach(() => service.close());
afterAll(() => store.close());

const start = async (config: Partial<FileServiceConfig>): Promise<void> => {
  service = await startService(store, { timeouts: { hookMs: 50 }, ...config });
};
const put = () => service.ask({ method: 'PUT', path: '/a.txt', body: 'x' });
const broken = (): never => {
  throw new Error('the hook broke');
};
const silent = () => new Promise<never>(() => {});
const rejecting = async () => broken();
const readThenSilent: Scan = async (stream) => {
  for await (const chunk of stream) expect(chunk.length).toBe(1);
  return silent();
};

interface Told {
  readonly error: unknown;
  readonly phase: ErrorPhase;
  readonly id: string | undefined;
}
/** A service that keeps what it is told. */
const startTold = async (config: Partial<FileServiceConfig>): Promise<Told[]> => {
  const told: Told[] = [];
  await start({
    onError: (error, { phase, request }) => void told.push({ error, phase, id: request?.id }),
    ...config,
  });
  return told;
};

describe('onError', () => {
  it.each<[phase: ErrorPhase, how: string, config: Partial<FileServiceConfig>, status: number]>([
    ['authenticate', 'throws', { authenticate: broken }, 503],
    ['authenticate', 'rejects', { authenticate: rejecting }, 503],
    ['authenticate', 'is silent', { authenticate: silent }, 503],
    ['authenticate', 'answers a number', { authenticate: () => 7 as never }, 503],
    ['authorize', 'throws', { authorize: broken }, 503],
    ['authorize', 'rejects', { authorize: rejecting }, 503],
    ['authorize', 'is silent', { authorize: silent }, 503],
    ['authorize', 'throws in the second of a list', { authorize: [allowAll, broken] }, 503],
    ['container', 'throws', { container: broken, authenticate: () => ({ id: 'u' }) }, 403],
    ['container', 'answers a path out', { container: () => '../x' }, 401],
    ['limit', 'throws', { limit: broken }, 503],
    ['limit', 'rejects', { limit: rejecting }, 503],
    ['limit', 'is silent', { limit: silent }, 503],
    ['scan', 'throws', { scan: broken }, 503],
    ['scan', 'rejects', { scan: rejecting }, 503],
    ['scan', 'is silent', { scan: silent }, 503],
    ['scan', 'is silent once it has read everything', { scan: readThenSilent }, 503],
    ['onUploaded', 'throws', { onUploaded: broken }, 502],
    ['onUploaded', 'rejects', { onUploaded: rejecting }, 502],
    ['onUploaded', 'is silent', { onUploaded: silent }, 502],
    ['audit', 'throws', { audit: broken }, 201],
    ['audit', 'rejects', { audit: rejecting }, 201],
  ])('is told when %s %s', async (phase, _, config, status) => {
    const told = await startTold(config);
    const answer = await put();
    expect(answer.status).toBe(status);
    expect(answer.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
    await until(() => told.length > 0, { what: 'the report' });
    const id = answer.headers['x-request-id'];
    expect(told[0]).toEqual({ phase, id, error: expect.any(Error) });
  });

  it.each(['get', 'set', 'delete'] as const)(
    'is told when %s of the cache throws, rejects or is silent',
    async (name) => {
      for (const fails of [broken, rejecting, silent]) {
        const told = await startTold({ cache: { ...memoryCache(), [name]: fails }, cacheTtl: 60 });
        expect((await put()).status).toBe(201);
        expect((await service.ask({ path: '/a.txt' })).text).toBe('x');
        await until(() => told.length > 0, { what: 'the report' });
        expect(told[0]).toEqual({ phase: 'cache', id: undefined, error: expect.any(Error) });
        if (fails !== silent) await service.close();
      }
    },
  );

  it('is not told when a hook chooses the answer', async () => {
    const told = await startTold({
      authorize: () => {
        throw new FileServiceError('quota_exceeded', 'No more files for you.');
      },
    });
    expect((await put()).status).toBe(403);
    await service.close();
    expect(told).toEqual([]);
  });

  it.each([
    ['throws', broken],
    ['rejects', rejecting],
    ['never answers', silent],
    [
      'answers with an object that only looks like a promise',
      () => JSON.parse('{"then":7}') as never,
    ],
  ])('changes nothing when it %s', async (_, onError) => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    await start({ authorize: broken, onError });
    const answer = await put();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect([answer.status, answer.json()]).toMatchObject([
      503,
      { error: { reason: 'authorization_unavailable' } },
    ]);
    expect(unhandled).toEqual([]);
  });
});

describe('without onError', () => {
  it('stderr gets one line a phase, however often it fails', async () => {
    const lines: string[] = [];
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
      lines.push(String(line));
      return true;
    });
    try {
      await start({
        onError: undefined,
        authorize: () => {
          throw new Error('one\nforged line \u001b[31m');
        },
      });
      for (let asked = 0; asked < 5; asked += 1) await put();
    } finally {
      spy.mockRestore();
    }
    const ours = lines.filter((line) => line.startsWith('s3files: '));
    expect(ours).toEqual([
      expect.stringMatching(/^s3files: authorize failed: Error: one forged line .*\n$/),
    ]);
    expect(ours[0]?.slice(0, -1)).not.toMatch(/[\u0000-\u001f]/);
  });
});
