// Uppy in Chromium at full size: one file of 200 MB, and 50 files at once, by each of its plugins.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { installed } from '../support/programs.ts';
import { doubleStore } from '../support/stores.ts';
import { sha256, startUppyTrial, WAYS, type UppyTrial, type Way } from '../support/uppy.ts';
import { figure } from './report.ts';

const MB = 1_000_000;
const LOADS = {
  'one file of 200 MB': [200 * MB],
  '50 files of 1 MB to 3 MB': Array.from({ length: 50 }, (_, n) => MB + (n % 5) * 500_000),
} as const;

// The keys of a table.
describe.runIf(installed('chromium', 'uppy')).each(Object.keys(WAYS) as Way[])(
  'Uppy by %s',
  (way) => {
    let browser: Browser;
    let trial: UppyTrial;
    beforeAll(async () => {
      browser = await launchChromium();
      trial = await startUppyTrial(await doubleStore(), browser);
    });
    afterAll(async () => {
      await browser.close();
      await trial.close();
    });

    it.each(Object.entries(LOADS))('%s', async (what, sizes) => {
      const user = await trial.open(way);
      const digests: string[] = [];
      for (const [index, size] of sizes.entries())
        digests.push(await user.choose(`${index}.bin`, size));
      const began = performance.now();
      await user.begin();
      const failed = await user.ended();
      const seconds = (performance.now() - began) / 1000;
      let whole = 0;
      for (const [index, digest] of digests.entries()) {
        const bytes = await trial.around.bytes(`${WAYS[way].folder}${index}.bin`);
        if (sha256(bytes) === digest) whole += 1;
      }
      const left = (await trial.openUploads()).length;
      const total = sizes.reduce((sum, size) => sum + size, 0);
      await user.close();
      await trial.clear();
      figure({
        name: `Uppy by ${way}: ${what}`,
        target: 'all identical, no upload left open',
        measured: `${whole} of ${sizes.length} identical, ${left} open, ${(total / MB / seconds).toFixed(0)} MB/s`,
        reached: whole === sizes.length && failed === 0 && left === 0,
      });
    });
  },
);
