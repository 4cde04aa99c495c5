// What holds for every operation of the table, whichever it is.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Access } from '../../src/index.ts';
import { FileServiceError } from '../../src/index.ts';
import { OPERATIONS } from '../../src/operations/index.ts';
import { COMPLETED, EXAMPLES, EXAMPLES_CONTAINER as CONTAINER } from '../support/examples.ts';
import { bypass, FIXTURE, type Bypass } from '../support/fixture.ts';
import { knowingStore } from '../support/share-link.ts';
import { startService, type Answer, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { UPLOAD_SECRET } from '../support/upload-link.ts';

type Hook = (access: Access) => unknown;

const VERDICTS: readonly (readonly [string, Hook, number, string])[] = [
  ['undefined', () => undefined, 403, 'access_denied'],
  ['null', () => null, 403, 'access_denied'],
  ['1', () => 1, 403, 'access_denied'],
  ["'yes'", () => 'yes', 403, 'access_denied'],
  ["'true'", () => 'true', 403, 'access_denied'],
  ['{}', () => ({}), 403, 'access_denied'],
  ['{ allow: true }', () => ({ allow: true }), 403, 'access_denied'],
  ['[true]', () => [true], 403, 'access_denied'],
  ['a promise of undefined', async () => undefined, 403, 'access_denied'],
  ['a promise of 1', async () => 1, 403, 'access_denied'],
  ["a promise of 'yes'", async () => 'yes', 403, 'access_denied'],
  ['a promise of {}', async () => ({}), 403, 'access_denied'],
  ['a promise of false', async () => false, 403, 'access_denied'],
  ['a throw', () => fail(), 503, 'authorization_unavailable'],
  ['a rejection', async () => fail(), 503, 'authorization_unavailable'],
  ['nothing at all', () => new Promise(() => {}), 503, 'authorization_unavailable'],
  ['a 401 of the host', () => unauthorized(), 401, 'unauthorized'],
];

const HOOK_MS = 40;
let store: Awaited<ReturnType<typeof doubleStore>>;
let around: Bypass;
let service: RunningService;
let hook: Hook;
let asked: Access[];

// What the service keeps for itself: archives that are being unpacked, what has come of resumable uploads.
const OWN = `${CONTAINER}.s3files/`;
const inContainer = Object.fromEntries(
  Object.entries(FIXTURE).map(([key, thing]) => [CONTAINER + key, thing]),
);

/** What is stored, by key. */
const stored = (): Record<string, string> =>
  Object.fromEntries(
    [...store.double.objects(store.bucket)].map(([key, { etag, metadata, contentType }]) => [
      key,
      JSON.stringify([etag, metadata, contentType]),
    ]),
  );

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
  service = await startService(store, {
    container: CONTAINER,
    uploadSecret: UPLOAD_SECRET,
    resumable: true,
    versions: true,
    linkStore: knowingStore(CONTAINER, 'document.pdf', 'someone'),
    quota: { bytes: 2 ** 40 },
    trash: true,
    enableVersioning: true,
    direct: true,
    authenticate: () => ({ id: 'someone' }),
    timeouts: { hookMs: HOOK_MS },
    // What a hook answers is the host's own doing; a JavaScript host can answer anything.
    authorize: ((access: Access) => {
      asked.push(access);
      return hook(access);
    }) as never,
  });
  hook = () => true;
  asked = [];
  // The first create-only write of a service asks whether storage honours the condition.
  await service.ask({ method: 'POST', path: '/warm', body: 'x' });
});
beforeEach(async () => {
  for (const key of await around.keys()) await around.remove(key);
  await around.plant(inContainer);
  store.double.seed(store.bucket, CONTAINER + COMPLETED.key, 'completed', {
    metadata: COMPLETED.metadata,
  });
  hook = () => true;
  asked = [];
  service.audit.splice(0);
  store.double.clearCalls();
});
afterAll(async () => {
  await service.close();
  around.close();
  await store.close();
});

const reasonOf = (answer: Answer): unknown =>
  (answer.json() as { error: { reason: unknown } }).error.reason;
/** The errors of an answer, or those of each of its items. */
const errorsOf = (answer: Answer): string[] => {
  type Body = { error?: { code: number; reason: string }; resource?: readonly Body[] };
  const { error, resource = [] } = answer.json() as Body;
  return [error, ...resource.map((item) => item.error)]
    .filter((one) => one !== undefined)
    .map(({ code, reason }) => `${code} ${reason}`);
};
const eventOf = async (answer: Answer) => service.audited(answer.headers['x-request-id'] ?? '');

it('has an example of every operation that needs no further server', () => {
  expect(EXAMPLES.map(({ name }) => name).toSorted()).toEqual(
    OPERATIONS.filter(({ name }) => name !== 'import')
      .map(({ name }) => name)
      .toSorted(),
  );
});

describe.each(EXAMPLES)('$name', ({ name, question, status }) => {
  it('is the operation that answers its example, allowed', async () => {
    const answer = await service.ask(question);
    const event = await eventOf(answer);
    expect([answer.status, event.operation, event.reason]).toEqual([status, name, null]);
  });

  it('asks for at least one access, in its own name', async () => {
    const answer = await service.ask(question);
    const { access } = await eventOf(answer);
    expect(access).toEqual(asked);
    expect([...new Set(asked.map(({ operation }) => operation))]).toEqual([name]);
  });

  it('touches nothing when it is refused', async () => {
    const before = stored();
    hook = () => false;
    const answer = await service.ask(question);
    const event = await eventOf(answer);
    expect([answer.status, reasonOf(answer), event.storageCalls]).toEqual([
      403,
      'access_denied',
      0,
    ]);
    expect(store.double.calls).toEqual([]);
    expect(stored()).toEqual(before);
    expect(asked.length).toBeGreaterThan(0);
  });

  it.each(VERDICTS)('is refused by %s', async (_, verdict, refusal, reason) => {
    hook = verdict;
    const answer = await service.ask(question);
    expect([answer.status, reasonOf(answer)]).toEqual([refusal, reason]);
    expect(store.double.calls).toEqual([]);
    await eventOf(answer);
    expect(service.audit.map((event) => [event.status, event.reason])).toEqual([[refusal, reason]]);
    if (refusal === 503) expect(service.told()).toContain('authorize');
  });

  it('answers as the host chose to hide', async () => {
    hook = async () => hidden();
    const answer = await service.ask(question);
    expect(new Set(errorsOf(answer))).toEqual(new Set(['404 not_found']));
    expect(store.double.calls).toEqual([]);
  });

  it('is allowed by a promise of true', async () => {
    hook = async () => true;
    expect((await service.ask(question)).status).toBe(status);
  });

  it('never lets a hook change what it was asked', async () => {
    hook = (access) => {
      expect(Object.isFrozen(access)).toBe(true);
      return true;
    };
    expect((await service.ask(question)).status).toBe(status);
  });

  it('touches only keys that were judged before, inside the container', async () => {
    const judged = new Set<string>();
    const unjudged: string[] = [];
    hook = (access) => {
      for (const key of touched().filter((one) => !judged.has(one))) unjudged.push(key);
      judged.add(access.path);
      return true;
    };
    const before = stored();
    await service.ask(question);
    const after = stored();
    const changed = [...Object.keys(before), ...Object.keys(after)]
      .filter((key) => before[key] !== after[key] && !key.startsWith(OWN))
      .map((key) => key.slice(CONTAINER.length));
    expect([...touched(), ...changed].filter((key) => !judged.has(key))).toEqual([]);
    expect(unjudged).toEqual([]);
  });

  it('leaves exactly one audit event', async () => {
    await eventOf(await service.ask(question));
    await service.ask({ path: '/_spec' });
    expect(service.audit.map(({ operation }) => operation)).toEqual([name, 'describe']);
  });
});

/** The keys and prefixes that storage was asked for, without the container, which all must have. */
function touched(): string[] {
  // Whether the bucket is there, and keeps versions, is asked about no key.
  const calls = store.double.calls.filter(
    ({ operation, query }) => operation !== 'HeadBucket' && !('versioning' in query),
  );
  return calls.flatMap(({ key, query, headers }) => {
    const source = headers['x-amz-copy-source'];
    const from =
      source === undefined ? [] : [decodeURIComponent(source).replace(/^\/?[^/]+\//, '')];
    const whole = key === '' ? (query.prefix ?? query.delete) : key;
    return [whole ?? 'nothing', ...from]
      .filter((one) => one !== '' && !one.startsWith(OWN))
      .map((one) => (one.startsWith(CONTAINER) ? one.slice(CONTAINER.length) : `outside: ${one}`));
  });
}

function fail(): never {
  throw new Error('the database of rights is down');
}

function unauthorized(): never {
  throw new FileServiceError('unauthorized', 'The token has expired.');
}

function hidden(): never {
  throw new FileServiceError('not_found', 'Nothing to see.');
}
