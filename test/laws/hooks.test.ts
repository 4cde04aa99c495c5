// What a host's hooks can and cannot do to an answer, and what the description says.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileServiceConfig, HookRequest } from '../../src/index.ts';
import { FileServiceError } from '../../src/index.ts';
import { OPERATIONS } from '../../src/operations/index.ts';
import type { Method, Operation } from '../../src/operations/operation.ts';
import { startService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

let store: Awaited<ReturnType<typeof doubleStore>>;
beforeAll(async () => {
  store = await doubleStore();
  store.double.seed(store.bucket, 'a.txt', 'a', { contentType: 'text/plain' });
});
afterAll(() => store.close());

// A JavaScript host can answer anything, whatever the types say.
const misused = (hooks: object): Partial<FileServiceConfig> => hooks;
const broken = (): never => {
  throw new Error('secret text of the host');
};
const silent = () => new Promise<never>(() => {});
const token = () => {
  throw new FileServiceError('unauthorized', 'The token has expired.');
};

/** One GET under these hooks: the status and reason, the audit events, the calls to storage. */
const ask = async (hooks: object) => {
  const service = await startService(store, {
    timeouts: { hookMs: 40 },
    authenticate: () => ({ id: 'someone' }),
    ...misused(hooks),
  });
  store.double.clearCalls();
  const answer = await service.ask({ path: '/a.txt' });
  if (!('audit' in hooks)) await service.audited(answer.headers['x-request-id'] ?? '');
  const told = new Set(service.told());
  await service.close();
  expect(answer.text).not.toContain('secret text');
  const reason = answer.status < 400 ? null : (answer.json() as Failure).error.reason;
  return {
    answer: [answer.status, reason],
    audited: service.audit.map(({ status, reason: why }) => [status, why]),
    calls: store.double.calls.length,
    told: [...told],
  };
};
interface Failure {
  readonly error: { readonly reason: string };
}

describe('hooks that fail refuse, before storage', () => {
  it.each<[string, object, number, string]>([
    ['authenticate throws', { authenticate: broken }, 503, 'authorization_unavailable'],
    [
      'authenticate rejects',
      { authenticate: async () => broken() },
      503,
      'authorization_unavailable',
    ],
    ['authenticate is silent', { authenticate: silent }, 503, 'authorization_unavailable'],
    ['authenticate throws a 401', { authenticate: token }, 401, 'unauthorized'],
    ['authenticate rejects with a 401', { authenticate: async () => token() }, 401, 'unauthorized'],
    ['authenticate answers true', { authenticate: () => true }, 503, 'authorization_unavailable'],
    ['authenticate answers {}', { authenticate: () => ({}) }, 503, 'authorization_unavailable'],
    ['the container throws', { container: broken }, 403, 'access_denied'],
    ['the container is none', { container: () => undefined }, 403, 'access_denied'],
    ['the container is empty', { container: () => '' }, 403, 'access_denied'],
    ['the container is a promise', { container: async () => 'a' }, 403, 'access_denied'],
    ['the container climbs', { container: () => 'a/../b' }, 403, 'access_denied'],
    ['the container is a 401', { container: token }, 401, 'unauthorized'],
    ['the limit throws', { limit: broken }, 503, 'limit_unavailable'],
    ['the limit rejects', { limit: async () => broken() }, 503, 'limit_unavailable'],
    ['the limit is silent', { limit: silent }, 503, 'limit_unavailable'],
    ['the limit answers nothing', { limit: () => undefined }, 503, 'limit_unavailable'],
    ['the limit answers true', { limit: () => true }, 503, 'limit_unavailable'],
    ['a later authorizer refuses', { authorize: [() => true, () => false] }, 403, 'access_denied'],
    ['a first authorizer refuses', { authorize: [() => false, () => true] }, 403, 'access_denied'],
  ])('%s', async (name, hooks, status, reason) => {
    const [hook = ''] = Object.keys(hooks);
    // A 401 that a hook throws, a plain no, and nobody's container are answers of the host's choice.
    const isChosen = status === 401 || hook === 'authorize' || name === 'the container is empty';
    expect(await ask(hooks)).toEqual({
      answer: [status, reason],
      audited: [[status, reason]],
      calls: 0,
      told: isChosen ? [] : [hook],
    });
  });
});

it.each([null, undefined])('takes %s from authenticate for an anonymous caller', async (none) => {
  const authenticate = () => none;
  expect(await ask({ authenticate })).toEqual({
    answer: [200, null],
    audited: [[200, null]],
    calls: 1,
    told: [],
  });
});

describe('the audit hook', () => {
  it.each<[string, () => unknown]>([
    ['throws', broken],
    ['rejects', async () => broken()],
    ['is silent', silent],
  ])('changes no answer when it %s', async (_, audit) => {
    let events = 0;
    const counted = () => {
      events += 1;
      return audit();
    };
    const told: string[] = [];
    const onError = (_: unknown, { phase }: { phase: string }): void => void told.push(phase);
    expect((await ask({ audit: counted, onError })).answer).toEqual([200, null]);
    expect(events).toBe(1);
    await until(() => told.length > 0, { what: 'onError to be told' });
    expect(told).toEqual(['audit']);
  });

  it('refuses the next requests when it is required and fails, until it works again', async () => {
    let works = false;
    const seen: number[] = [];
    const service = await startService(
      store,
      misused({
        auditRequired: true,
        audit: ({ status }: { status: number }) => {
          seen.push(status);
          if (!works) broken();
        },
      }),
    );
    const statuses: number[] = [];
    for (const now of [false, true, true]) {
      works = now;
      statuses.push((await service.ask({ path: '/a.txt' })).status);
      await until(() => seen.length === statuses.length, { what: 'the audit' });
    }
    expect(service.told()).toEqual(['audit']);
    await service.close();
    expect([statuses, seen]).toEqual([
      [200, 503, 200],
      [200, 503, 200],
    ]);
  });
});

it('gives hooks a frozen request that names the caller', async () => {
  let seen: HookRequest | undefined;
  const service = await startService(store, {
    authenticate: () => ({ id: 'alice' }),
    authorize: (_, request) => {
      seen = request;
      return true;
    },
  });
  const answer = await service.ask({ path: '/a.txt', headers: { 'X-Request-Id': 'mine-1' } });
  await service.close();
  expect([seen?.id, seen?.principal, seen?.ip, Object.isFrozen(seen)]).toEqual([
    'mine-1',
    { id: 'alice' },
    '127.0.0.1',
    true,
  ]);
  expect(answer.headers['x-request-id']).toBe('mine-1');
});

describe('the description', () => {
  const PATHS = { root: '/', folder: '/{folder_path}/', file: '/{file_path}', spec: '/_spec' };
  type Described = Record<string, Record<string, Endpoint>>;
  interface Endpoint {
    readonly 'x-operations': readonly string[];
    readonly parameters: readonly { readonly name: string; readonly in: string }[];
    readonly responses?: Readonly<Record<string, { readonly description: string }>>;
  }

  const described = async (importFromUrl: boolean): Promise<Described> => {
    const service = await startService(store, { importFromUrl });
    const answer = await service.ask({ path: '/_spec' });
    await service.close();
    return (answer.json() as { paths: Described }).paths;
  };
  const answering = (all: readonly Operation[], target: keyof typeof PATHS, method: Method) =>
    all.filter(({ targets, methods }) => targets.includes(target) && methods.includes(method));
  const METHODS: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

  it.each([true, false])('lists every declared parameter and no other, import %s', async (on) => {
    const paths = await described(on);
    const enabled = OPERATIONS.filter(
      ({ name, enabled: isOn }) => isOn === undefined || (on && name === 'import'),
    );
    const expected: Record<string, unknown> = {};
    const found: Record<string, unknown> = {};
    for (const target of ['root', 'folder', 'file', 'spec'] as const)
      for (const method of METHODS) {
        const place = `${method} ${target}`;
        const operations = answering(enabled, target, method);
        const names = operations.flatMap(({ query, headers }) => [
          ...Object.keys(query).map((name) => `query ${name}`),
          ...Object.keys(headers)
            .filter((name) => name !== 'content-type')
            .map((name) => `header ${name}`),
        ]);
        expected[place] = [operations.map(({ name }) => name), [...new Set(names)].toSorted()];
        const endpoint = paths[PATHS[target]]?.[method.toLowerCase()];
        found[place] = [
          endpoint?.['x-operations'] ?? [],
          (endpoint?.parameters ?? []).map((one) => `${one.in} ${one.name}`).toSorted(),
        ];
      }
    expect(found).toEqual(expected);
  });

  it('says each answer of an endpoint once', async () => {
    const endpoints = Object.values(await described(true)).flatMap((path) => Object.values(path));
    const sentences = endpoints.flatMap(({ responses = {} }) =>
      Object.values(responses).map(({ description }) => description.split(' Or: ')),
    );
    expect(sentences.length).toBeGreaterThan(50);
    expect(sentences.filter((one) => new Set(one).size < one.length)).toEqual([]);
  });
});
