// Figures of resumable uploads at full size: cut at random bytes over three processes, and while processes are killed.
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { Upload } from 'tus-js-client';
import { Readable } from 'node:stream';
import { describe, it } from 'vitest';
import { cutUploads, type CutResult } from '../support/cut-uploads.ts';
import { MOUNT, startService } from '../support/service.ts';
import { startServiceChild } from '../support/service-child.ts';
import { startSinkStore } from '../support/sink-store.ts';
import { doubleStore } from '../support/stores.ts';
import { beginTus } from '../support/tus.ts';
import { ROWS, zombies } from '../support/zombies.ts';
import { figure, megabytes } from './report.ts';

const HOURS = 3 * 3_600_000;
/** A smaller run by hand: `UPLOADS=50 npm run figures`. */
const COUNT = Number(process.env.UPLOADS ?? 1000);
const SIZES = { smallest: 12_000_000, largest: 60_000_000, cuts: 5, atOnce: 4, processes: 3 };

const share = (bytes: number, of: number): string => `${((100 * bytes) / of).toFixed(1)} %`;
const isClean = ({ fallen, openUploads, unmarked, kills, left, unhandled }: CutResult): boolean =>
  fallen === 0 &&
  unmarked <= kills &&
  openUploads === 0 &&
  left.length === 0 &&
  unhandled.length === 0;

describe('resumable uploads behind a round-robin balancer over three processes', () => {
  it.each([
    { uploads: COUNT, kills: 0 },
    { uploads: Math.ceil(COUNT / 5), kills: Math.ceil(COUNT / 25) },
  ])('$uploads uploads, $kills kills: all identical', { timeout: HOURS }, async (asked) => {
    const store = await doubleStore();
    const result = await cutUploads(store, { ...SIZES, ...asked });
    await store.close();
    const { identical, cuts, kills, sent, size, unacknowledged, requestsACut } = result;
    const resent = sent - size;
    figure({
      name:
        `${asked.uploads} uploads of 12 to 60 MB over three processes, each cut 1 to 5 times at random bytes` +
        (asked.kills > 0 ? `, ${asked.kills} x kill -9` : ''),
      target:
        'all identical; 0 uploads and objects left (after kills: once swept, but for uploads that were killed before they were marked); sent again <= what was unacknowledged; 1 request a cut',
      measured:
        `${identical} identical, ${result.openUploads} and ${result.left.length} left; ${cuts} cuts` +
        (kills > 0 ? `, ${kills} kills, ${result.unmarked} unmarked` : '') +
        `; ${share(resent, size)} sent again of ${share(unacknowledged, size)}; ${requestsACut} a cut, ${result.conflicts} x 409`,
      reached:
        identical === asked.uploads &&
        isClean(result) &&
        requestsACut <= 1 &&
        // A process that is killed while it receives acknowledges nothing of that request.
        (kills > 0 || resent <= unacknowledged),
    });
  });
});

it('requests that were given up and wake later', { timeout: HOURS }, async () => {
  const store = await doubleStore();
  const times = Number(process.env.TIMES ?? 100);
  const heads = times * 100;
  const result = await zombies(store, { times, heads });
  await store.close();
  const all = times * ROWS.length;
  const { right, fallen, openUploads, left, unhandled } = result;
  figure({
    name: `${ROWS.length} kinds of requests that meet another one of the same upload, in the same and in another process, ${times} times each`,
    target: `all files identical or rightly gone, nothing left; no offset falls in ${heads} HEADs`,
    measured: `${right} of ${all}; ${openUploads} and ${left.length} left; ${fallen} fell in ${result.heads}`,
    reached:
      right === all &&
      result.wrong.length + fallen + openUploads + left.length + unhandled.length === 0,
  });
});

const MIB = 2 ** 20;

describe('tus-js-client', () => {
  const PART = 5 * MIB;
  const CHUNKS = [64 * 1024, MIB, PART, PART + 1, Infinity];

  it('every size in pieces of any size', { timeout: HOURS }, async () => {
    const store = await doubleStore();
    const service = await startService(store, { resumable: true, partSize: PART });
    const send = (bytes: Buffer, filename: string, chunkSize: number, isDeferred: boolean) =>
      new Promise<void>((resolve, reject) => {
        new Upload(isDeferred ? Readable.from([bytes]) : bytes, {
          endpoint: `http://127.0.0.1:${service.port}${MOUNT}/`,
          metadata: { filename },
          chunkSize,
          retryDelays: null,
          ...(isDeferred ? { uploadLengthDeferred: true } : {}),
          onError: reject,
          onSuccess: () => resolve(),
        }).start();
      });
    let sent = 0;
    let identical = 0;
    for (const size of [0, 1, PART - 1, PART, PART + 1, 3 * PART, 100 * MIB])
      for (const chunkSize of CHUNKS)
        for (const isDeferred of [false, true]) {
          // A stream of unknown end is read piece by piece, and an empty one sends none.
          if (isDeferred && (chunkSize === Infinity || size === 0)) continue;
          const bytes = randomBytes(size);
          const name = `${size}-${chunkSize}-${isDeferred}.bin`;
          await send(bytes, name, chunkSize, isDeferred);
          sent += 1;
          const stored = store.double.objects(store.bucket).get(name);
          const sum = (of: Uint8Array) => createHash('sha256').update(of).digest('hex');
          if (stored !== undefined && sum(stored.bytes()) === sum(bytes)) identical += 1;
          await service.ask({ method: 'DELETE', path: `/${name}` });
        }
    const keys = [...store.double.objects(store.bucket).keys()];
    const left = keys.filter((key) => key.startsWith('.s3files/tails/')).length;
    const open = store.double.uploads(store.bucket).length;
    await service.close();
    await store.close();
    figure({
      name: 'tus-js-client 4.3.1: 7 sizes from 0 to 100 MiB in pieces of 64 KiB, 1 MiB, a part, a byte more, and whole; length known and not',
      target: 'all identical, nothing left',
      measured: `${identical} of ${sent} identical, ${open} and ${left} left`,
      reached: identical === sent && open + left === 0,
    });
  });
});

it('a checksum that is wrong after 40 parts', { timeout: HOURS }, async () => {
  const store = await doubleStore();
  const part = 5 * MIB;
  const service = await startService(store, { resumable: true, partSize: part });
  const bytes = randomBytes(41 * part);
  const upload = await beginTus(service, '/forty.bin', { 'Upload-Length': String(bytes.length) });
  await upload.patch(0, bytes.subarray(0, 1000));
  const piece = bytes.subarray(1000, 1000 + 40 * part);
  const md5 = (of: Uint8Array) => `md5 ${createHash('md5').update(of).digest('base64')}`;
  const refused = await upload.patch(1000, piece, { 'Upload-Checksum': md5(bytes) });
  const offset = await upload.offset();
  const taken = await upload.patch(1000, piece, { 'Upload-Checksum': md5(piece) });
  const rest = 1000 + piece.length;
  const last = await upload.patch(rest, bytes.subarray(rest));
  const stored = store.double.objects(store.bucket).get('forty.bin');
  const isSame = stored !== undefined && Buffer.from(stored.bytes()).equals(bytes);
  await service.close();
  await store.close();
  const statuses = [refused, taken, last].map(({ status }) => status).join(', ');
  figure({
    name: 'a wrong `Upload-Checksum` of a request of 40 parts',
    target: '460, the offset as before, the retry succeeds, the file identical',
    measured: `${statuses}; offset ${offset} of 1000; ${isSame ? 'identical' : 'other bytes'}`,
    reached: statuses === '460, 204, 204' && offset === 1000 && isSame,
  });
});

it('memory of 200 uploads at once', { timeout: HOURS }, async () => {
  const size = 64 * MIB;
  const count = Number(process.env.SESSIONS ?? 200);
  const sink = await startSinkStore();
  const service = await startServiceChild(sink, {
    resumable: { maxOpenPerPrincipal: 1000 },
    container: '',
  });
  const { child } = service;
  const piece = Buffer.alloc(64 * 1024);
  const send = async (n: number): Promise<number> => {
    const { url } = await beginTus(child, `/m-${n}.bin?check_exist=false`, {
      'Upload-Length': String(size),
    });
    return new Promise((resolve, reject) => {
      const req = request({
        port: child.port,
        host: '127.0.0.1',
        method: 'PATCH',
        path: url,
        agent: false,
        headers: {
          'Tus-Resumable': '1.0.0',
          'Content-Type': 'application/offset+octet-stream',
          'Upload-Offset': '0',
          'Content-Length': String(size),
        },
      });
      req.on('response', (answer) => resolve(answer.resume().statusCode ?? 0));
      req.on('error', reject);
      let left = size;
      const write = (): void => {
        while (left > 0) {
          left -= piece.length;
          if (!req.write(piece)) return void req.once('drain', write);
        }
        req.end();
      };
      write();
    });
  };
  // A service that has worked before: code is compiled, sockets are open.
  await Promise.all([-1, -2, -3, -4, -5, -6, -7, -8].map(send));
  await child.collectGarbage();
  const before = child.rss();
  child.resetPeakRss();
  const statuses = await Promise.all(Array.from({ length: count }, (_, n) => send(n)));
  const grown = child.peakRss() - before;
  const stored = statuses.filter((status) => status === 204).length;
  const isWhole = sink.bytes() === (count + 8) * size && sink.completed() === count + 8;
  await child.kill();
  await sink.close();
  // 16 buffers of 8 MiB are the part budget of a process.
  const most = 16 * 8 * MIB + 96 * MIB;
  figure({
    name: `${count} resumable uploads of 64 MiB at once: memory`,
    target: `grows by <= 128 (16 parts of 8 MiB) + 96 MB, all stored`,
    measured: `${megabytes(grown)}; ${stored} of ${count} stored`,
    reached: grown <= most && stored === count && isWhole,
  });
});
