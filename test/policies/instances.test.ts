// What many instances share: a cache in two levels, audit events in batches.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEvent, Cache } from '../../src/index.ts';
import { auditBatches } from '../../src/policies/instances/audit-batches.ts';
import { tieredCache } from '../../src/policies/instances/tiered-cache.ts';
import { startService, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

/** A store that answers later, and counts. */
function sharedStore() {
  const kept = new Map<string, string | Uint8Array>();
  const asked = { gets: 0, values: 0 };
  const cache: Cache = {
    get: async (key) => {
      asked.gets += 1;
      const value = kept.get(key);
      if (value instanceof Uint8Array) asked.values += 1;
      return await Promise.resolve(value);
    },
    set: async (key, value) => {
      await Promise.resolve(kept.set(key, value));
    },
    delete: async (key) => await Promise.resolve(kept.delete(key)),
  };
  return { cache, asked };
}

describe('a cache in two levels', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  beforeAll(async () => {
    store = await doubleStore();
  });
  afterAll(() => store.close());

  const instances = async (staleSeconds: number) => {
    const { cache: far, asked } = sharedStore();
    const start = (): Promise<RunningService> =>
      startService(store, { cache: tieredCache({ far, staleSeconds }), cacheTtl: 60 });
    const [one, other] = [await start(), await start()];
    const close = async (): Promise<void> => {
      await one.close();
      await other.close();
    };
    return { one, other, asked, close };
  };
  const textOf = async (service: RunningService): Promise<string> =>
    (await service.ask({ path: '/shared.txt' })).text;

  it('has values near, and what others write is seen at once', async () => {
    const { one, other, asked, close } = await instances(0);
    const put = (body: string) => other.ask({ method: 'PUT', path: '/shared.txt', body });
    await put('first');
    for (let time = 0; time < 3; time += 1) expect(await textOf(one)).toBe('first');
    expect(await textOf(other)).toBe('first');
    const { values } = asked;
    store.double.clearCalls();
    for (let time = 0; time < 20; time += 1) expect(await textOf(one)).toBe('first');
    expect([asked.values - values, store.double.calls.length]).toEqual([0, 0]);
    await put('second');
    expect([await textOf(one), await textOf(other)]).toEqual(['second', 'second']);
    await close();
  });

  it('asks the store for nothing where others may be overlooked for a while', async () => {
    const { one, asked, close } = await instances(30);
    await one.ask({ method: 'PUT', path: '/shared.txt', body: 'kept' });
    await textOf(one);
    await textOf(one);
    const { gets } = asked;
    for (let time = 0; time < 20; time += 1) expect(await textOf(one)).toBe('kept');
    expect(asked.gets - gets).toBe(0);
    // What this instance writes it sees at once.
    await one.ask({ method: 'PUT', path: '/shared.txt', body: 'own' });
    expect(await textOf(one)).toBe('own');
    await close();
  });

  it('says what is wrong with its options', () => {
    const { cache: far } = sharedStore();
    expect(() => tieredCache({ far: {} as Cache })).toThrow('"far" must be a cache');
    expect(() => tieredCache({ far, nearSeconds: 0 })).toThrow('"nearSeconds"');
    expect(() => tieredCache({ far, nearby: 1 } as never)).toThrow('nearby');
  });
});

const event = (id: string): AuditEvent => ({ id }) as AuditEvent;

describe('audit events in batches', () => {
  it('go in order, many at a time, one batch after the other', async () => {
    const batches: string[][] = [];
    let underWay = 0;
    const audit = auditBatches(
      async (events) => {
        underWay += 1;
        expect(underWay).toBe(1);
        await Promise.resolve();
        batches.push(events.map(({ id }) => id));
        underWay -= 1;
      },
      { maxEvents: 100, maxDelayMs: 5 },
    );
    const ids = Array.from({ length: 250 }, (_, index) => `${index}`);
    await Promise.all(ids.map((id) => audit(event(id))));
    expect(batches.map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(batches.flat()).toEqual(ids);
  });

  it('that fail are told of at once, and sent again', async () => {
    const sent: string[] = [];
    let isDown = true;
    const audit = auditBatches(
      (events) => {
        if (isDown) throw new Error('down');
        sent.push(...events.map(({ id }) => id));
      },
      { maxDelayMs: 1 },
    );
    const refused = { reason: 'audit_unavailable', status: 503 };
    await expect(audit(event('a'))).rejects.toMatchObject(refused);
    isDown = false;
    await audit(event('b'));
    expect(sent).toEqual(['a', 'b']);
  });

  it('are bounded', async () => {
    const audit = auditBatches(() => new Promise(() => {}), { maxWaiting: 3, maxDelayMs: 1 });
    for (const id of ['a', 'b', 'c']) audit(event(id)).catch(() => undefined);
    await expect(audit(event('d'))).rejects.toMatchObject({ reason: 'audit_unavailable' });
  });

  it('keep auditRequired: refused while they fail, taken again afterwards', async () => {
    const store = await doubleStore();
    let isDown = false;
    const sent: AuditEvent[] = [];
    const service = await startService(store, {
      audit: auditBatches(
        (events) => {
          if (isDown) throw new Error('down');
          sent.push(...events);
        },
        { maxDelayMs: 1 },
      ),
      auditRequired: true,
      onError: () => undefined,
    });
    const status = async (): Promise<number> => (await service.ask({ path: '/' })).status;
    expect(await status()).toBe(200);
    await until(() => sent.length === 1, { what: 'the first event' });
    isDown = true;
    await until(async () => (await status()) === 503, { what: 'a refusal' });
    isDown = false;
    await until(async () => (await status()) === 200, { what: 'being taken again' });
    // Refusals are recorded too, none is lost.
    await until(() => sent.some(({ status: told }) => told === 503), { what: 'the refusals' });
    await service.close();
    await store.close();
  });
});
