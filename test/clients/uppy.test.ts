// Uppy in Chromium by the code of docs/uploads.md: what its users do, and what a network does to them.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { installed } from '../support/programs.ts';
import { availableStores } from '../support/stores.ts';
import { until } from '../support/until.ts';
import {
  sha256,
  startUppyTrial,
  WAYS,
  type UppyPage,
  type UppyTrial,
  type Way,
} from '../support/uppy.ts';

const MB = 1_000_000;
const SIZE = 20 * MB;
// Of a file of which some was sent before a cut: what is sent again, and what stands around parts.
const SENT_AGAIN = 8 * MB;

describe.runIf(installed('chromium', 'uppy'))('Uppy', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  describe.each(availableStores())('over $name', ({ name: storeName, open }) => {
    let trial: UppyTrial;
    beforeAll(async () => {
      trial = await startUppyTrial(await open(), browser);
    });
    afterAll(() => trial.close());

    // The keys of a table.
    describe.each(Object.keys(WAYS) as Way[])('by %s', (way) => {
      const { folder } = WAYS[way];
      let user: UppyPage;
      beforeEach(async () => {
        user = await trial.open(way);
      });
      afterEach(async () => {
        await user.close();
        await trial.clear();
      });

      /** Everything that is stored is what was chosen, and nothing else is left. */
      const expectStored = async (
        chosen: Readonly<Record<string, string>>,
        isGivenUp = false,
      ): Promise<void> => {
        const keys = Object.keys(chosen).map((name) => folder + name);
        await until(async () => (await trial.around.keys()).length === keys.length, {
          what: 'what stood beside the files to go',
        });
        expect((await trial.around.keys()).toSorted()).toEqual(keys.toSorted());
        for (const [name, digest] of Object.entries(chosen))
          expect(sha256(await trial.around.bytes(folder + name)), name).toBe(digest);
        // What a client could not tell us that it has given up, `sweep` ends.
        if (!isGivenUp) expect(await trial.openUploads()).toEqual([]);
      };
      /** Bytes that the page has sent so far: to the service, or past it as parts. */
      const bytesSent = (): number => {
        const { service, store } = trial;
        const parts = (store.double?.calls ?? []).filter(
          ({ operation, headers }) => operation === 'UploadPart' && headers['origin'] !== undefined,
        );
        return [...service.audit, ...parts].reduce((sum, { bytesIn }) => sum + bytesIn, 0);
      };

      it.each([0, 1000, SIZE])('stores a file of %i bytes', async (size) => {
        const digest = await user.choose('caf\u00e9 1.bin', size);
        await user.begin();
        expect(await user.ended()).toBe(0);
        await expectStored({ 'caf\u00e9 1.bin': digest });
        const { content_type } = await trial.around.look(`${folder}caf\u00e9 1.bin`);
        expect(content_type).toBe('application/x-test');
      });

      it('stores several files at once', async () => {
        const chosen: Record<string, string> = {};
        for (const [index, size] of [1, 70_000, 6 * MB, 11 * MB, 3 * MB].entries())
          chosen[`${index}.bin`] = await user.choose(`${index}.bin`, size);
        await user.begin();
        expect(await user.ended()).toBe(0);
        await expectStored(chosen);
      });

      // The rest is about the page and the service, which any store is good for.
      if (storeName !== 'double') return;
      describe('on a network that takes its time', () => {
        let digest: string;
        let before: number;
        beforeEach(async () => {
          digest = await user.choose('large.bin', SIZE);
          before = bytesSent();
          await user.network(12 * MB);
          await user.begin();
          await user.sent(7 * MB);
        });

        // Parts that were under way together may all have been cut.
        const mostAgain = () => (way === 'tus' ? SENT_AGAIN : bytesSent() - before + MB);

        it('goes on where it was paused', async () => {
          await user.press('pauseAll()');
          const again = mostAgain();
          await user.network(null);
          await user.press('resumeAll()');
          expect(await user.ended()).toBe(0);
          await expectStored({ 'large.bin': digest });
          expect(bytesSent() - before).toBeLessThan(SIZE + again);
          expect(bytesSent() - before).toBeGreaterThanOrEqual(SIZE);
        });

        it('leaves nothing of an upload that was cancelled', async () => {
          expect((await trial.openUploads()).length).toBeGreaterThan(0);
          await user.press('cancelAll()');
          await until(
            async () =>
              (await trial.openUploads()).length === 0 && (await trial.around.keys()).length === 0,
            { what: 'everything of the upload to go' },
          );
        });

        it('goes on after a reload of the page', async () => {
          await user.reload();
          const again = mostAgain();
          await user.page.waitForFunction(
            'uppy.getFiles().length === 1 && uppy.getFiles()[0].data?.size > 0',
          );
          await user.press("emit('restore-confirmed')");
          expect(await user.ended()).toBe(0);
          await expectStored({ 'large.bin': digest });
          expect(bytesSent() - before).toBeLessThan(SIZE + again);
          expect(bytesSent() - before).toBeGreaterThanOrEqual(SIZE);
        });

        it('goes on when the network comes back', async () => {
          await user.network(0);
          await user.page.waitForFunction('navigator.onLine === false');
          await user.network(null);
          // What does not go on by itself says so, and has a button for it.
          const isFailed = (await user.ended()) > 0;
          if (isFailed) {
            await user.press('retryAll().catch(() => {})');
            await user.page.waitForFunction('uppy.getFiles().every(({ error }) => !error)');
          }
          expect(await user.ended()).toBe(0);
          // Version 5 begins anew.
          await expectStored({ 'large.bin': digest }, isFailed && way === 'aws-s3 5');
        });
      });
    });
  });
});
