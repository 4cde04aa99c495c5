// Hostile targets in great number against a service in this process, and what they must not reach.
import fc from 'fast-check';
import { bypass, type Bypass } from './fixture.ts';
import { hostilePath } from './hostile-path.ts';
import { openRaw } from './raw.ts';
import { rawRequest } from './raw-request.ts';
import { startService, type RunningService } from './service.ts';
import { doubleStore } from './stores.ts';

const CONNECTIONS = 8;
const IN_FLIGHT = 25;

/** The methods that are tried. */
export const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH'] as const;

/** Objects outside the container `tenant1`, of which some are named almost like it. */
export const CANARIES: readonly string[] = [
  'tenant10/canary',
  'tenant1-old/canary',
  'tenant2/secret',
  'canary',
  'tenant1',
];

/** A service with one container, and objects beside that container. */
export interface Besieged {
  readonly store: Awaited<ReturnType<typeof doubleStore>>;
  readonly around: Bypass;
  readonly service: RunningService;
  /** What `authorize` was asked; emptied by an attack. */
  readonly authorized: string[];
  /** Every object outside the container, with its ETag and date. */
  canaries(): readonly unknown[];
  /** Calls that name a key or a prefix outside the container. */
  strays(): readonly string[];
  close(): Promise<void>;
}

/** Starts the service over a double of its own. */
export async function besiege(): Promise<Besieged> {
  const store = await doubleStore();
  const around = bypass(store);
  const authorized: string[] = [];
  await around.plant(Object.fromEntries(CANARIES.map((key) => [key, { body: key }])));
  await around.plant({ 'tenant1/f10': { body: '0123456789', contentType: 'text/plain' } });
  const service = await startService(store, {
    container: 'tenant1',
    overwriteOnPost: true,
    audit: () => {},
    authorize: ({ path }) => {
      authorized.push(path);
      return true;
    },
  });
  return {
    store,
    around,
    service,
    authorized,
    canaries: () =>
      [...store.double.objects(store.bucket)]
        .filter(([key]) => !key.startsWith('tenant1/'))
        .map(([key, { etag, lastModified }]) => [key, etag, lastModified]),
    strays: () =>
      store.double.calls
        // The keys of a batch are in its body: the canaries tell of it. A bucket has no key.
        .filter(({ operation }) => operation !== 'DeleteObjects' && operation !== 'HeadBucket')
        .map(({ operation, key, query }) => `${operation} ${key === '' ? query.prefix : key}`)
        .filter((call) => !/^\w+ tenant1\//.test(call)),
    async close() {
      await service.close();
      around.close();
      await store.close();
    },
  };
}

/** What came of an attack. */
export interface Attacked {
  readonly statuses: ReadonlyMap<number, number>;
  /** Answers of 500 and above, answers that broke off, and calls outside the container. */
  readonly faults: readonly string[];
}

/** Sends `count` random hostile targets by one method. */
export async function attack(
  { service, store, strays, authorized }: Besieged,
  method: string,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Attacked> {
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  const waiting = fc.sample(hostilePath, { numRuns: count, seed }).values();

  const worker = async (): Promise<void> => {
    let connection = await openRaw(service.port);
    let left = take(waiting, method);
    while (left.length > 0) {
      connection.send(Buffer.concat(left.map((path) => requestTo(service.mount, method, path))));
      let closed = false;
      while (left.length > 0 && !closed) {
        const path = left.shift() ?? '';
        const answer = await connection.response({ head: method === 'HEAD', timeoutMs: 30_000 });
        const { status = 0, ended, headers } = answer;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status >= 500 || ended !== 'complete') faults.push(`${status} ${ended} ${path}`);
        closed = headers.connection === 'close' || ended !== 'complete';
      }
      faults.push(...strays());
      store.double.clearCalls();
      authorized.splice(0);
      if (closed) {
        connection.close();
        connection = await openRaw(service.port);
      }
      if (left.length === 0) left = take(waiting, method);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  return { statuses, faults };
}

/** The next targets of one connection. A refused upload closes it, so uploads go one by one. */
function take(waiting: Iterator<string>, method: string): string[] {
  const size = BODIES[method] === undefined ? IN_FLIGHT : 1;
  const batch: string[] = [];
  while (batch.length < size) {
    const { done, value } = waiting.next();
    if (done === true) break;
    batch.push(value);
  }
  return batch;
}

const BODIES: Readonly<Record<string, string>> = {
  PATCH: '{"content_type":"text/plain"}',
  POST: 'x',
  PUT: 'x',
};

function requestTo(mount: string, method: string, path: string): Buffer {
  return rawRequest({ method, target: `${mount}/${path}`, body: BODIES[method] });
}
