// Loads that the suites run small and the figures run large: they return what came of them.
import { once } from 'node:events';
import { inflateRawSync } from 'node:zlib';
import type { Double } from './double/index.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { fin, reset } from './faults.ts';
import { chunk, rawRequest } from './raw-request.ts';
import { openRaw, raw } from './raw.ts';
import { MOUNT } from './service.ts';
import { inParallel, type ServiceChild } from './service-child.ts';
import { until } from './until.ts';

/** What a double holds for a suite. */
export interface Held {
  readonly double: Double;
  readonly bucket: string;
}

/** What clients that left have left behind. */
export interface Left {
  readonly objects: number;
  readonly uploads: number;
  readonly sockets: number;
  readonly descriptors: number;
  /** Of 100 uploads afterwards. */
  readonly stored: number;
  readonly unhandled: readonly string[];
}

const BYTES = 256 * 1024;

/** Clients that leave at random offsets of whole and of chunked uploads. */
export async function leaveUploads(
  { child, upload, ask }: ServiceChild,
  { double, bucket }: Held,
  { count, random }: { readonly count: number; readonly random: () => number },
): Promise<Left> {
  await inParallel(20, 20, () => ask({ path: '/none' }));
  await inParallel(20, 20, (index) => upload(`/warm/${index}`, BYTES));
  await settled(child.sockets);
  const before = { sockets: child.sockets(), descriptors: child.fds() };
  const body = Buffer.alloc(BYTES, 'x');

  await inParallel(count, 20, async (index) => {
    const isChunked = index % 4 === 0;
    const headers: Record<string, string> = isChunked
      ? { 'Transfer-Encoding': 'chunked' }
      : { 'Content-Length': `${BYTES}` };
    const bytes = body.subarray(0, Math.floor(random() * BYTES));
    const connection = await openRaw(child.port);
    connection.send(rawRequest({ method: 'PUT', target: `${MOUNT}/cut/${index}`, headers }));
    connection.send(isChunked ? chunk(bytes) : bytes);
    await until(() => connection.socket.writableLength === 0, { what: 'bytes to go out' });
    if (index % 2 === 0) connection.reset();
    else connection.close();
    await once(connection.socket, 'close');
  });
  const cut = () => [...double.objects(bucket).keys()].filter((key) => key.includes('/cut/'));
  await until(() => double.uploads(bucket).length === 0, { what: 'uploads to go' });
  await settled(child.sockets);
  const descriptors = child.fds() - before.descriptors;
  const sockets = child.sockets() - before.sockets;
  const statuses = await inParallel(100, 10, (index) => upload(`/after/${index}`, BYTES));
  return {
    objects: cut().length,
    uploads: double.uploads(bucket).length,
    sockets: Math.max(0, sockets),
    descriptors: Math.max(0, descriptors),
    stored: statuses.filter((status) => status === 201).length,
    unhandled: child.unhandled,
  };
}

// Idle sockets to storage close by themselves after a few seconds.
async function settled(count: () => number): Promise<void> {
  let last = count();
  let since = performance.now();
  await until(
    () => {
      const now = count();
      if (now !== last) since = performance.now();
      last = now;
      return performance.now() - since > 4500;
    },
    { what: 'sockets to settle', deadlineMs: 20_000, everyMs: 100 },
  );
}

/** What readers made of answers that storage cut. */
export interface CutReads {
  /** Answers that looked complete and were not. */
  readonly lies: number;
  readonly whole: number;
  readonly broken: number;
}

/** The first file of a zip, inflated; nothing where it is not whole. APPNOTE.TXT section 4.3.7: the local header. */
function firstEntry(archive: Buffer): Buffer {
  try {
    const start = 30 + archive.readUInt16LE(26) + archive.readUInt16LE(28);
    return inflateRawSync(archive.subarray(start));
  } catch {
    return Buffer.alloc(0);
  }
}

/** Downloads, files and zips, that storage cuts at random offsets: for good, or once. */
export async function cutDownloads(
  { child }: ServiceChild,
  { double, bucket }: Held,
  proxy: FaultProxy,
  {
    count,
    random,
    isLasting,
  }: { readonly count: number; readonly random: () => number; readonly isLasting: boolean },
): Promise<CutReads> {
  const content = Buffer.alloc(BYTES, 'no byte is lost');
  const lanes = 20;
  for (let lane = 0; lane < lanes; lane += 1)
    double.seed(bucket, `tenant1/lane-${lane}/file`, content);
  const free = Array.from({ length: lanes }, (_, lane) => lane);
  const reads = { lies: 0, whole: 0, broken: 0 };

  await inParallel(count, lanes, async (index) => {
    const lane = free.pop() ?? 0;
    // A byte for each hope at least: else nothing would be cut.
    const afterBytes = 1 + Math.floor(random() * (isLasting ? BYTES / 6 : BYTES - 2));
    const fault = index % 2 === 0 ? reset(afterBytes) : fin(afterBytes);
    const key = new RegExp(`/lane-${lane}/`);
    proxy.fail({ operation: 'GetObject', key, nth: 1, times: isLasting ? 5 : 1, fault });
    const target = index % 4 < 2 ? `lane-${lane}/file` : `lane-${lane}/?zip=true`;
    const bytes = rawRequest({ target: `${MOUNT}/${target}` });
    const { ended, body } = await raw(child.port, bytes, { timeoutMs: 20_000 });
    const isWhole = content.equals(index % 4 < 2 ? body : firstEntry(body));
    if (ended !== 'complete') reads.broken += 1;
    else if (isWhole) reads.whole += 1;
    else reads.lies += 1;
    free.push(lane);
  });
  return reads;
}
