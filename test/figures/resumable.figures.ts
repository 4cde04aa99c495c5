// Figures of resumable uploads at full size: cut at random bytes over three processes, and while processes are killed.
import { describe, it } from 'vitest';
import { cutUploads, type CutResult } from '../support/cut-uploads.ts';
import { doubleStore } from '../support/stores.ts';
import { figure } from './report.ts';

const HOURS = 3 * 3_600_000;
/** A smaller run by hand: `UPLOADS=50 npm run figures`. */
const COUNT = Number(process.env.UPLOADS ?? 1000);
const SIZES = { smallest: 12_000_000, largest: 60_000_000, cuts: 5, atOnce: 4, processes: 3 };

const share = (bytes: number, of: number): string => `${((100 * bytes) / of).toFixed(1)} %`;
const isClean = ({ fallen, openUploads, left, unhandled }: CutResult): boolean =>
  fallen === 0 && openUploads === 0 && left.length === 0 && unhandled.length === 0;

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
        'all identical, 0 uploads and objects left (after kills: once swept); sent again <= what was unacknowledged; 1 request a cut',
      measured:
        `${identical} identical, ${result.openUploads} and ${result.left.length} left; ${cuts} cuts` +
        (kills > 0 ? `, ${kills} kills` : '') +
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
