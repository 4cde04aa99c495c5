// A hundred clients that create one name: one is told 201, the others 409, and its bytes are stored. R30.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bypass, type Bypass } from '../support/fixture.ts';
import { startService, type RunningService } from '../support/service.ts';
import { availableStores, type Store } from '../support/stores.ts';

const RACERS = 100;

describe.each(availableStores())('on $name', ({ open }) => {
  let store: Store;
  let around: Bypass;
  let services: [RunningService, RunningService];
  const serviceOf = (racer: number) => services[racer % 2 === 0 ? 0 : 1];

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    // Two services, as behind a load balancer: nothing in one process decides the race.
    services = [await startService(store), await startService(store)];
  });
  afterAll(async () => {
    for (const service of services) await service.close();
    around.close();
    await store.close();
  });

  it.each([
    ['empty', 0],
    ['small', 1024],
    ['larger than a socket holds', 300_000],
  ])('one of a hundred POSTs of %s files wins', async (_, size) => {
    const path = `/race-${size}.bin`;
    const bodies = Array.from({ length: RACERS }, (_unused, racer) =>
      Buffer.alloc(size, racer + 1),
    );
    const racers = bodies.map((body, racer) =>
      serviceOf(racer).ask({ method: 'POST', path, body }),
    );
    const statuses = (await Promise.all(racers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toEqual([201]);
    expect(statuses.filter((status) => status === 409)).toHaveLength(RACERS - 1);
    const winner = bodies[statuses.indexOf(201)] ?? Buffer.alloc(0);
    expect((await around.bytes(path.slice(1)))?.equals(winner)).toBe(true);
  });

  it('one of a hundred folders wins', async () => {
    const racers = Array.from({ length: RACERS }, (_, index) =>
      serviceOf(index).ask({ method: 'POST', path: '/raced/' }),
    );
    const statuses = (await Promise.all(racers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toEqual([201]);
    expect(statuses.filter((status) => status === 409)).toHaveLength(RACERS - 1);
  });

  it('PUTs of one name never mix: the last one is whole', async () => {
    const bodies = Array.from({ length: 30 }, (_, racer) => Buffer.alloc(200_000, racer + 1));
    const racers = bodies.map((body, index) =>
      serviceOf(index).ask({ method: 'PUT', path: '/torn.bin', body }),
    );
    const statuses = new Set((await Promise.all(racers)).map(({ status }) => status));
    expect(statuses).toEqual(new Set([201]));
    const stored = await around.bytes('torn.bin');
    expect(bodies.filter((body) => stored?.equals(body))).toHaveLength(1);
  });

  it('one of many If-Match writers wins', async () => {
    const first = await serviceOf(0).ask({ method: 'PUT', path: '/match.txt', body: 'first' });
    const { etag } = first.json() as { etag: string };
    const racers = Array.from({ length: 20 }, (_, index) =>
      serviceOf(index).ask({
        method: 'PUT',
        path: '/match.txt',
        headers: { 'If-Match': etag },
        body: `writer ${index}`,
      }),
    );
    const statuses = (await Promise.all(racers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toEqual([201]);
    // A store that is busy with the race may say so; it never lets a second one win.
    const others = new Set(statuses.filter((status) => status !== 201));
    expect([...others].filter((status) => status !== 412 && status !== 503)).toEqual([]);
    expect(others).toContain(412);
    expect(String(await around.bytes('match.txt'))).toBe(`writer ${statuses.indexOf(201)}`);
  });
});
