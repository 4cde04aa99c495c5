// Uploads within a quota that are cut by their clients or by the death of their process, and what the quota makes of it.
import { once } from 'node:events';
import { Redis } from 'ioredis';
import type { Double } from './double/index.ts';
import { chunk, rawRequest } from './raw-request.ts';
import { openRaw, type RawConnection } from './raw.ts';
import { MOUNT } from './service.ts';
import { inParallel, startServiceChild, type ServiceChild } from './service-child.ts';
import type { Store } from './stores.ts';
import { until } from './until.ts';

/** How roughly. */
export interface Roughness {
  /** Uploads that their clients cut, by two instances. */
  readonly aborts: number;
  /** How many times an instance is killed, each time with `cutByKill` uploads under way. */
  readonly kills: number;
  readonly cutByKill: number;
  readonly random: () => number;
}

/** Bytes and files, as the quota has them or as they are. */
export interface Amount {
  readonly used: number;
  readonly files: number;
}

/** What the quota said, and what was there. */
export interface Drift {
  /** After the clients had cut; nothing was reconciled. */
  readonly afterAborts: { readonly said: Amount; readonly there: Amount };
  /** Bytes that the dead held reserved. */
  readonly heldByTheDead: number;
  readonly reconciled: Amount;
  readonly there: Amount;
  /** What Redis has after reconcile(): nothing is reserved. */
  readonly reserved: number;
  readonly reservations: number;
  /** The status of an upload of all the room that is left, and of one byte more. */
  readonly last: number;
  readonly tooMuch: number;
}

const BYTES = 64 * 1024;
const ROOM = 64 * 2 ** 20;
const HASH = 's3files:quota:tenant1/';

/** Cuts, kills, reconciles, and looks. */
export async function driftOf(
  store: Store & { readonly double: Double },
  redisUrl: string,
  { aborts, kills, cutByKill, random }: Roughness,
): Promise<Drift> {
  const { double: _double, close: _close, ...plain } = store;
  const environment = { REDIS: redisUrl, ROOM: String(ROOM) };
  const start = () => startServiceChild(plain, {}, { entry: 'quota', environment });
  const redis = new Redis(redisUrl);
  const amount = async (): Promise<Amount & { reserved: number }> => {
    const { used, files, reserved } = await redis.hgetall(HASH);
    return { used: Number(used), files: Number(files), reserved: Number(reserved) };
  };
  const there = (): Amount => {
    const stored = [...store.double.objects(store.bucket)].filter(
      ([key]) => key.startsWith('tenant1/') && !key.startsWith('tenant1/.s3files/'),
    );
    return { used: stored.reduce((sum, [, { size }]) => sum + size, 0), files: stored.length };
  };

  const instances = [await start(), await start()];
  await inParallel(aborts, 20, (index) =>
    cutOne(instances[index % 2] as ServiceChild, index, random),
  );
  // A request may be read long after its client has cut it: the room must stay given back.
  let looks = 0;
  const isGivenBack = async (): Promise<boolean> => {
    looks = (await amount()).reserved === 0 ? looks + 1 : 0;
    return looks === 20;
  };
  await until(isGivenBack, {
    what: 'the room of cut uploads to be given back',
    deadlineMs: 30_000,
  });
  const { reserved: _, ...said } = await amount();
  const afterAborts = { said, there: there() };

  let heldByTheDead = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const victim = instances[kill % 2] as ServiceChild;
    const before = heldByTheDead;
    const connections = await inParallel(cutByKill, cutByKill, (index) =>
      beginOne(victim, `killed/${kill}-${index}`, BYTES, index % 2 === 0),
    );
    await until(async () => (await amount()).reserved >= before + cutByKill * BYTES, {
      what: 'the uploads to reserve their room',
      deadlineMs: 30_000,
    });
    // Some end in the same moment: stored, and nobody notes it.
    const racing = inParallel(4, 4, (index) =>
      victim.upload(`/raced/${kill}-${index}`, BYTES).catch(() => 0),
    );
    await victim.child.kill();
    await racing;
    for (const connection of connections) connection.close();
    heldByTheDead = (await amount()).reserved;
    instances[kill % 2] = await start();
  }

  const [first] = instances as [ServiceChild];
  first.child.send('reconcile');
  const told = await until(() => first.child.messages[0], { what: 'reconcile()' });
  const { reconciled } = told as { reconciled: Amount };
  const after = { ...(await amount()), fields: await redis.hkeys(HASH), there: there() };
  const left = ROOM - after.used;
  const last = await first.upload('/last', left);
  const tooMuch = await (instances[1] as ServiceChild).upload('/more', 1);
  for (const { child } of instances) await child.kill();
  redis.disconnect();
  return {
    afterAborts,
    heldByTheDead,
    reconciled,
    there: after.there,
    reserved: after.reserved,
    reservations: after.fields.filter((field) => field.startsWith('r:')).length,
    last,
    tooMuch,
  };
}

/** In turn an upload that is whole, three that are cut, and a deletion. */
async function cutOne(service: ServiceChild, index: number, random: () => number): Promise<void> {
  const path = `files/${index}`;
  if (index % 10 === 0) {
    await service.upload(`/${path}`, Math.floor(random() * BYTES));
    // Replaced by another size, and now and then deleted.
    await service.upload(`/${path}`, Math.floor(random() * BYTES), { chunked: true });
    if (index % 30 === 0) await service.ask({ method: 'DELETE', path: `/${path}` });
  }
  const sent = Math.floor(random() * BYTES);
  const connection = await beginOne(service, path, sent, index % 4 === 0);
  if (index % 2 === 0) connection.reset();
  else connection.close();
  await once(connection.socket, 'close');
}

/** Announces more than it sends. */
async function beginOne(
  { child }: ServiceChild,
  path: string,
  sent: number,
  isChunked: boolean,
): Promise<RawConnection> {
  const headers: Record<string, string> = isChunked
    ? { 'Transfer-Encoding': 'chunked' }
    : { 'Content-Length': `${BYTES + 1}` };
  const bytes = Buffer.alloc(sent, 'x');
  const connection = await openRaw(child.port);
  connection.send(rawRequest({ method: 'PUT', target: `${MOUNT}/${path}`, headers }));
  if (sent > 0) connection.send(isChunked ? chunk(bytes) : bytes);
  // The last piece of a body that has not ended is held back: here it is one byte.
  if (sent > 0 && isChunked) connection.send(chunk('x'));
  await until(() => connection.socket.writableLength === 0, { what: 'bytes to go out' });
  return connection;
}
