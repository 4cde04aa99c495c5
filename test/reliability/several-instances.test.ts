// Several processes behind one address: one Redis, one bucket, one truth.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChild, type Child } from '../support/child.ts';
import { installed } from '../support/programs.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';
import { ask as askPort, MOUNT, type Question } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

const ENTRY = fileURLToPath(new URL('../support/entries/instance.ts', import.meta.url));

describe.runIf(installed('redis'))('instances that share Redis and a bucket', () => {
  let store: Awaited<ReturnType<typeof doubleStore>>;
  let redis: RedisServer;
  let instances: readonly [Child, Child, Child];

  const start = (env: Readonly<Record<string, string>> = {}): Promise<Child> => {
    const { double: _double, close: _close, ...plain } = store;
    return startChild(ENTRY, { STORE: JSON.stringify(plain), REDIS: redis.url, ...env });
  };

  beforeAll(async () => {
    store = await doubleStore();
    redis = await startRedis();
    instances = await Promise.all([start(), start(), start()]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.kill('SIGTERM')));
    await redis.close();
    await store.close();
  });

  const ask = ({ port }: Child, question: Question) =>
    askPort(port, { ...question, path: MOUNT + question.path });
  const textOf = async (instance: Child, path: string): Promise<string> =>
    (await ask(instance, { path })).text;
  const gets = (): number =>
    store.double.calls.filter(({ method }) => method === 'GET' || method === 'HEAD').length;

  it('share what one of them has read', async () => {
    const [one, other, third] = instances;
    store.double.seed(store.bucket, 'shared/a.txt', 'shared');
    const paths = ['/shared/a.txt', '/shared/', '/shared/a.txt?include_properties=true'];
    for (const path of paths) await ask(one, { path });
    const before = gets();
    for (const path of paths)
      for (const instance of [other, third])
        expect(await textOf(instance, path)).toBe(await textOf(one, path));
    expect(gets()).toBe(before);
  });

  it.each<[string, Omit<Question, 'path'>, string]>([
    ['a PUT', { method: 'PUT', body: 'new' }, 'a.txt'],
    ['a DELETE', { method: 'DELETE' }, 'a.txt'],
    ['a DELETE of the folder', { method: 'DELETE' }, '?force=true'],
    [
      'a batch',
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: '{"resource":[{"type":"file","name":"b.txt","content":"b"}]}',
      },
      '',
    ],
  ])('see %s of another at once, in files, properties and listings', async (name, write, at) => {
    const [one, other, third] = instances;
    const folder = `/seen/${encodeURIComponent(name)}/`;
    const views = ['a.txt', 'b.txt', 'a.txt?include_properties=true', '', '?full_tree=true'];
    const see = (instance: Child) =>
      Promise.all(views.map((view) => textOf(instance, folder + view)));
    for (const path of ['a.txt', 'c/d.txt'])
      await ask(one, { method: 'PUT', path: folder + path, body: 'old' });
    const before = await see(one);
    expect([await see(other), await see(third)]).toEqual([before, before]);
    expect((await ask(one, { ...write, path: folder + at })).status).toBeLessThan(300);
    const after = await see(other);
    expect(after).not.toEqual(before);
    expect([await see(third), await see(one)]).toEqual([after, after]);
  });

  it('never show an older file than the last whose write was answered', async () => {
    const path = '/race/counter.txt';
    let answered = -1;
    let stale = 0;
    const write = async (): Promise<void> => {
      for (let version = 0; version < 40; version += 1) {
        const instance = instances[version % 3] as Child;
        await ask(instance, { method: 'PUT', path, body: `${version}` });
        answered = version;
      }
    };
    let writing = true;
    const read = async (instance: Child): Promise<void> => {
      while (writing) {
        const least = answered;
        const { status, text } = await ask(instance, { path });
        if (status === 200 && Number(text) < least) stale += 1;
      }
    };
    const readers = [...instances, ...instances].map(read);
    await write();
    writing = false;
    await Promise.all(readers);
    expect(stale).toBe(0);
    for (const instance of instances) expect(await textOf(instance, path)).toBe('39');
  });

  it('count a limit once between them', async () => {
    const limited = await Promise.all([start({ POINTS: '30' }), start({ POINTS: '30' })]);
    store.double.seed(store.bucket, 'limit.txt', 'x');
    const headers = { 'X-Who': 'counted' };
    const answers = await Promise.all(
      Array.from({ length: 80 }, (_, index) =>
        ask(limited[index % 2] as Child, { path: '/limit.txt', headers }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(30);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(50);
    const other = await ask(limited[0], { path: '/limit.txt', headers: { 'X-Who': 'else' } });
    expect([other.status, other.headers['ratelimit-remaining']]).toEqual([200, '29']);
    await Promise.all(limited.map((instance) => instance.kill('SIGTERM')));
  });

  it('open the cursors of each other', async () => {
    const [one, other] = instances;
    for (const name of ['a', 'b', 'c']) store.double.seed(store.bucket, `pages/${name}.txt`, 'x');
    const first = (await ask(one, { path: '/pages/?limit=2&as_list=true' })).json() as {
      next_cursor: string;
    };
    const path = `/pages/?limit=2&as_list=true&cursor=${first.next_cursor}`;
    expect((await ask(other, { path })).json()).toEqual({ resource: ['pages/c.txt'] });
  });

  it('lose nothing but speed when Redis is killed, and use it again when it is back', async () => {
    const [one, other] = instances;
    const put = async (instance: Child, body: string) =>
      expect((await ask(instance, { method: 'PUT', path: '/outage/a.txt', body })).status).toBe(
        201,
      );
    const read = (instance: Child) => textOf(instance, '/outage/a.txt');
    await put(one, 'before');
    expect([await read(one), await read(other)]).toEqual(['before', 'before']);
    await redis.kill();
    const rounds: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const startedAt = performance.now();
      await put(round % 2 === 0 ? one : other, `round ${round}`);
      expect([await read(one), await read(other)]).toEqual([`round ${round}`, `round ${round}`]);
      rounds.push(performance.now() - startedAt);
    }
    // Three requests, each with at most 100 ms for the cache twice and 100 ms for the limit.
    const slowest = rounds.toSorted((a, b) => b - a);
    // A busy machine may stop all of us for a moment.
    expect(slowest[0]).toBeLessThan(3000);
    expect(slowest[2]).toBeLessThan(1500);
    await redis.restart();
    await put(one, 'after');
    expect([await read(one), await read(other)]).toEqual(['after', 'after']);
    await until(
      async () => {
        const before = gets();
        await read(one);
        await read(other);
        return gets() === before;
      },
      { what: 'the cache to be used again', deadlineMs: 10_000 },
    );
    await put(other, 'at the end');
    expect([await read(one), await read(other)]).toEqual(['at the end', 'at the end']);
    for (const instance of instances) expect(instance.unhandled).toEqual([]);
  });
});
