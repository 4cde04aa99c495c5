// C: requests that race each other for one name, one file or one folder.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTrial, type Trial } from '../support/oracles.ts';
import { chunked } from '../support/raw-request.ts';
import { raw } from '../support/raw.ts';
import { rawRequest } from '../support/raw-request.ts';
import { MOUNT } from '../support/service.ts';
import { startServiceChild } from '../support/service-child.ts';
import { availableStores, doubleStore } from '../support/stores.ts';

const MIB = 2 ** 20;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'.split('');

const homogeneous = (body: Buffer): boolean => body.every((byte) => byte === body[0]);

describe.each(availableStores())('races over $name', ({ open }) => {
  let trial: Trial;
  beforeAll(async () => {
    trial = await startTrial(await open());
  });
  afterEach(() => trial.verify());
  afterAll(() => trial.close());

  it.each([
    ['1 KB', 1024, 5, 100],
    ['6 MiB', 6 * MIB, 1, 10],
  ])(
    'C83 lets one of many creates of %s win',
    async (_, bytes, rounds, racers) => {
      for (let round = 0; round < rounds; round += 1) {
        const path = `/race-${bytes}-${round}`;
        const bodies = Array.from({ length: racers }, (__, index) =>
          Buffer.alloc(bytes, LETTERS[index % LETTERS.length]),
        );
        const answers = await Promise.all(
          bodies.map((body) => trial.ask({ method: 'POST', path, body })),
        );
        const won = answers.flatMap(({ status }, index) => (status === 201 ? [index] : []));
        const statuses = answers.map(({ status }) => status);
        expect(statuses.filter((status) => status === 409)).toHaveLength(racers - 1);
        const [winner = -1] = won;
        expect((await trial.ask({ path })).body.equals(bodies[winner] ?? Buffer.alloc(0))).toBe(
          true,
        );
      }
    },
    60_000,
  );

  it('C83 lets one of many chunked creates win', async () => {
    const ask = (letter: string) =>
      trial.rawAsk({
        method: 'POST',
        target: '/race-chunked',
        headers: { 'Transfer-Encoding': 'chunked' },
        body: chunked(Buffer.alloc(64 * 1024, letter)),
      });
    const answers = await Promise.all(LETTERS.map(ask));
    const won = answers.flatMap(({ status }, index) => (status === 201 ? [LETTERS[index]] : []));
    expect(won).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(LETTERS.length - 1);
    const { body } = await trial.ask({ path: '/race-chunked' });
    expect(body.equals(Buffer.alloc(64 * 1024, won[0]))).toBe(true);
  });

  it('C86 C87 never mixes the bodies of concurrent replacements', async () => {
    await trial.put('mixed', Buffer.alloc(MIB, '-'));
    let writing = true;
    const readers = Array.from({ length: 4 }, async () => {
      const torn: number[] = [];
      while (writing) {
        const { status, body, headers } = await trial.ask({ path: '/mixed' });
        const isWhole = body.length === MIB && headers['content-length'] === `${MIB}`;
        if (status !== 200 || !isWhole || !homogeneous(body)) torn.push(status);
      }
      return torn;
    });
    const writes = await Promise.all(
      LETTERS.map((letter) =>
        trial.ask({ method: 'PUT', path: '/mixed', body: Buffer.alloc(MIB, letter) }),
      ),
    );
    writing = false;
    expect(new Set(writes.map(({ status }) => status))).toEqual(new Set([201]));
    expect((await Promise.all(readers)).flat()).toEqual([]);
    const { body } = await trial.ask({ path: '/mixed' });
    expect([body.length, homogeneous(body)]).toEqual([MIB, true]);
  }, 60_000);

  it('C88 removes a file once, whoever asks', async () => {
    await trial.put('once', 'x');
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => trial.ask({ method: 'DELETE', path: '/once' })),
    );
    const statuses = new Set(answers.map(({ status }) => status));
    expect(statuses.has(200)).toBe(true);
    expect([...statuses].filter((status) => status !== 200 && status !== 404)).toEqual([]);
    expect(await trial.etagOf('once')).toBeUndefined();
  });

  it('C89 survives writers, removers and listers of one folder', async () => {
    const statuses = new Set<number>();
    const lane = async (question: (round: number) => Parameters<Trial['ask']>[0]) => {
      for (let round = 0; round < 40; round += 1)
        statuses.add((await trial.ask(question(round))).status);
    };
    await Promise.all([
      lane((round) => ({ method: 'PUT', path: `/busy/${round % 5}`, body: `round ${round}` })),
      lane((round) => ({ method: 'DELETE', path: `/busy/${round % 5}` })),
      lane(() => ({ path: '/busy/' })),
      lane((round) => ({ path: `/busy/${round % 5}` })),
    ]);
    expect([...statuses].filter((status) => status >= 500)).toEqual([]);
  }, 60_000);

  it('C92 lets two removals of one folder both finish', async () => {
    for (let n = 0; n < 30; n += 1) await trial.put(`twice/${n}`, 'x');
    const remove = () => trial.ask({ method: 'DELETE', path: '/twice/?force=true' });
    const statuses = (await Promise.all([remove(), remove()])).map(({ status }) => status);
    expect(statuses).toContain(200);
    expect(statuses.filter((status) => status !== 200 && status !== 404)).toEqual([]);
    expect((await trial.ask({ path: '/twice/' })).status).toBe(404);
  });

  it('C93 answers a repeated upload alike', async () => {
    const put = () => trial.ask({ method: 'PUT', path: '/again', body: 'same' });
    const [first, second] = [await put(), await put()];
    expect(second.json()).toEqual(first.json());
  });

  it('C94 never puts wrong bytes into a zip whose files vanish', async () => {
    for (let n = 0; n < 20; n += 1) await trial.put(`zip/${n}`, Buffer.alloc(100_000, `${n % 10}`));
    const [zip] = await Promise.all([
      trial.rawAsk({ target: '/zip/?zip=true' }, { timeoutMs: 10_000 }),
      trial.ask({ method: 'DELETE', path: '/zip/19?no_check=true' }),
      trial.ask({ method: 'DELETE', path: '/zip/9?no_check=true' }),
    ]);
    // The length was promised before: an entry that is gone can only break the archive.
    if (zip.ended === 'complete')
      expect(zip.body.length).toBe(Number(zip.headers['content-length']));
    else expect(zip.body.length).toBeLessThan(Number(zip.headers['content-length']));
  });
});

it('C84 lets one of many creates through two processes win', async () => {
  const store = await doubleStore();
  const services = await Promise.all([startServiceChild(store), startServiceChild(store)]);
  for (let round = 0; round < 5; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const { port } = services[index % 2]?.child ?? { port: 0 };
        const body = Buffer.alloc(1024, LETTERS[index % LETTERS.length]);
        return raw(port, rawRequest({ method: 'POST', target: `${MOUNT}/race-${round}`, body }));
      }),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(59);
  }
  for (const { child } of services) {
    expect(child.unhandled).toEqual([]);
    await child.kill();
  }
  await store.close();
}, 60_000);

it('C85 warns of a store that ignores conditions, and still looks before it creates', async () => {
  const trial = await startTrial(await doubleStore({ conditionalWrites: false }));
  expect((await trial.ask({ method: 'POST', path: '/f', body: 'one' })).status).toBe(201);
  expect((await trial.ask({ method: 'POST', path: '/f', body: 'two' })).status).toBe(409);
  expect((await trial.ask({ path: '/f' })).text).toBe('one');
  const { findings } = await trial.service.files.check();
  expect(findings.filter(({ ok }) => !ok)).toHaveLength(1);
  await trial.close();
});
