// A network and a storage that fail in the middle: what the page says, how it goes on, and what is stored in the end.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { drip, reset, status } from '../support/faults.ts';
import { inChromium } from '../support/in-chromium.ts';
import { pageSuite } from '../support/page-suite.ts';
import { openTab, servePage, type ServeOptions } from '../support/page.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

const { browser, closers } = pageSuite();

/** `way` fails between the browser and the service, `behind` between the service and its storage. */
const start = async (options: ServeOptions = {}) => {
  const store = await doubleStore();
  const behind = await startFaultProxy({ target: store.endpoint });
  const served = await servePage({ ...store, endpoint: behind.endpoint }, options);
  const way = await startFaultProxy({ target: new URL(served.url).origin });
  const tab = await openTab(browser(), { url: `${way.endpoint}/files/` });
  closers.push(tab.close, way.close, served.close, behind.close, store.close);
  const fill = (count: number) => {
    for (let index = 0; index < count; index += 1)
      store.double.sparse(store.bucket, `f${String(index).padStart(5, '0')}`, 10);
  };
  const shaOf = (key: string) => {
    const bytes = store.double.objects(store.bucket).get(key)?.bytes();
    return bytes === undefined ? undefined : createHash('sha256').update(bytes).digest('hex');
  };
  return { store, behind, way, served, tab, page: tab.page, fill, shaOf };
};

const upload = async (page: Page, name: string, size: number): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 's3files-network-'));
  closers.push(() => rm(folder, { recursive: true }));
  const bytes = randomBytes(size);
  await writeFile(join(folder, name), bytes);
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Upload', exact: true }).first().click(),
  ]);
  await chooser.setFiles(join(folder, name));
  return createHash('sha256').update(bytes).digest('hex');
};

/** Remembers when the page has said to try again, in seconds: it says so for no longer than it waits. */
const watchRetries = async (page: Page) => {
  await page.evaluate(`(() => {
    globalThis.retries = [];
    new MutationObserver(() => {
      const seconds = /Trying again in (\\d+) sec/.exec(document.body.innerText)?.[1];
      if (seconds !== undefined && retries.at(-1) !== Number(seconds)) retries.push(Number(seconds));
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
  })()`);
  return () => page.evaluate('retries') as Promise<readonly number[]>;
};
const MIB = 2 ** 20;
// The proxy names requests as S3 would: a PATCH is nothing that S3 has.
const APPENDS = { operation: 'Other', key: /_uploads\// };
const LISTS = { operation: 'GetObject', key: /^_api\/$/ };

inChromium('a list', () => {
  it('whose storage answers 503 is read again by itself', async () => {
    const { behind, tab, page, fill } = await start();
    fill(3);
    behind.fail({ operation: 'ListObjectsV2', fault: status(503, 'ServiceUnavailable') });
    await tab.open();
    await page.getByText('The storage does not answer.').waitFor();
    const retries = await watchRetries(page);
    await until(async () => (await retries()).length > 0, { what: 'another attempt' });
    await page.getByText(/Request [\w-]+\./).waitFor({ state: 'attached' });
    behind.heal();
    await tab.shows(['f00000', 'f00001', 'f00002']);
    expect(tab.troubles).toEqual([]);
  });

  it('that a balancer refuses is read again too, by hand once waiting has not helped', async () => {
    const { way, tab, page, fill } = await start();
    fill(1);
    way.fail({ ...LISTS, fault: status(503, 'of a balancer, in no words of ours') });
    await page.clock.install();
    await tab.open();
    // From now on its clock goes only when it is told to.
    await page.clock.pauseAt(Date.now() + 10_000);
    const seen: number[] = [];
    for (;;) {
      // Read at once: between two looks it may be trying again.
      const said = String(
        await until(
          () => page.evaluate(`/does not answer[^]*Try again/.exec(document.body.innerText)?.[0]`),
          { what: 'the sentence', deadlineMs: 20_000 },
        ),
      );
      const seconds = /Trying again in (\d+) sec/.exec(said)?.[1];
      if (seconds === undefined) break;
      seen.push(Number(seconds));
      const before = way.calls.length;
      await page.clock.runFor(Number(seconds) * 1000);
      await until(() => way.calls.length > before, { what: 'another attempt' });
      await until(async () => (await page.evaluate('document.body.innerText')) !== said, {
        what: 'another look',
      });
    }
    expect(seen.slice(-2)).toEqual([8, 16]);
    const asked = () =>
      way.calls.filter(({ key, query }) => key === '_api/' && !query.has('rights')).length;
    await until(() => asked() === 6, { what: 'six attempts' });
    await page.clock.runFor(60_000);
    expect(await page.getByText('Trying again in').count()).toBe(0);
    expect(asked()).toBe(6);
    way.heal();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.clock.resume();
    await tab.shows(['f00000']);
  });

  it('that is cut in its middle says so, and keeps what it has', async () => {
    const { way, tab, page, fill } = await start();
    fill(1500);
    way.fail({ ...LISTS, fault: reset(20_000) });
    await tab.open();
    await page.getByText('No connection.').waitFor();
    way.heal();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('1,000+ items').waitFor();
    way.fail({ ...LISTS, fault: reset(20_000) });
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    await page.getByText('The list broke off after 1,000.').waitFor();
    expect(await page.locator('.row').count()).toBeGreaterThan(10);
    way.heal();
    await page.getByRole('button', { name: 'Try again' }).click();
    // It goes on from there, since that is where one is.
    await page.getByText('1,500 items').waitFor();
    expect(tab.troubles).toEqual([]);
  });

  it('at 50 KB/s shows that it is being read, and then all of it', async () => {
    const { way, tab, page, fill } = await start();
    fill(500);
    way.fail({ ...LISTS, fault: drip(50_000) });
    await page.goto(`${way.endpoint}/files/#/`);
    await page.locator('.skeleton-row').first().waitFor();
    expect(await page.locator('.skeleton-row').count()).toBe(8);
    expect(await page.getByRole('status', { name: 'Reading…' }).count()).toBe(1);
    await page.getByText('500 items').waitFor();
    expect(tab.troubles).toEqual([]);
  });
});

inChromium('an upload', () => {
  it('that is cut in the middle of an append goes on where it was', async () => {
    const { way, served, tab, page, shaOf } = await start({ config: { resumable: true } });
    await tab.open();
    // Browsers send a request again by themselves on each connection that had served another.
    way.fail({ ...APPENDS, nth: 2, times: 8, fault: reset(3 * MIB, 'request') });
    const retries = await watchRetries(page);
    const sha = await upload(page, 'film.mp4', 24 * MIB);
    await tab.shows(['film.mp4']);
    expect((await retries()).length).toBeGreaterThan(0);
    expect(shaOf('film.mp4')).toBe(sha);
    // What had arrived is not sent again, save in a piece that was cut.
    const sent = way.calls
      .filter(({ method, fault }) => method === 'PATCH' && fault === undefined)
      .reduce((sum, { bytesIn }) => sum + bytesIn, 0);
    expect(sent).toBeLessThanOrEqual(24 * MIB + 8 * MIB);
    expect(
      served.audit.filter(({ operation }) => operation === 'append_upload').length,
    ).toBeGreaterThan(2);
  });

  it('that the storage refuses for a while waits longer each time, and then asks a person', async () => {
    const { behind, served, tab, page, shaOf } = await start();
    await page.clock.install();
    await tab.open();
    behind.fail({ operation: 'PutObject', fault: status(503, 'ServiceUnavailable') });
    await page.clock.pauseAt(Date.now() + 10_000);
    const sha = await upload(page, 'a.bin', 100_000);
    const waits = page.getByText(/Trying again in \d+ secs?$/);
    const attempts = () => served.audit.filter(({ operation }) => operation === 'write').length;
    const seen: number[] = [];
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      await until(() => attempts() === attempt, { what: `attempt ${attempt}`, deadlineMs: 20_000 });
      await waits.waitFor();
      const seconds = Number(/\d+/.exec(await waits.innerText())?.[0]);
      seen.push(seconds);
      await page.clock.runFor(seconds * 1000);
    }
    // At first the service asks for more than a second.
    expect(seen.slice(-2)).toEqual([8, 16]);
    await page.getByRole('button', { name: 'Try again: a.bin' }).waitFor();
    await page.getByText('1 failed').waitFor();
    expect(shaOf('a.bin')).toBeUndefined();
    behind.heal();
    await page.clock.resume();
    await page.getByRole('button', { name: 'Try again: a.bin' }).click();
    await page.getByText('1 file uploaded').waitFor();
    expect(shaOf('a.bin')).toBe(sha);
  });

  it('that is cut as one request begins again, and never as another file', async () => {
    const { way, tab, page, shaOf, store } = await start();
    await tab.open();
    way.fail({ key: /once\.bin/, nth: 1, fault: reset(200_000, 'request') });
    const sha = await upload(page, 'once.bin', 600_000);
    await page.getByText('1 file uploaded').waitFor();
    expect(shaOf('once.bin')).toBe(sha);
    expect([...store.double.objects(store.bucket).keys()]).toEqual(['once.bin']);
  });

  it('whose answer is lost is no conflict with itself', async () => {
    const { way, tab, page, shaOf, store } = await start();
    await tab.open();
    way.fail({ key: /lost\.bin/, nth: 1, fault: { kind: 'commit-then-reset' } });
    const sha = await upload(page, 'lost.bin', 50_000);
    await page.getByText('1 file uploaded').waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(shaOf('lost.bin')).toBe(sha);
    expect([...store.double.objects(store.bucket).keys()]).toEqual(['lost.bin']);
  });

  it('at 50 KB/s says how fast it goes and how long it takes', async () => {
    const { tab, page, shaOf } = await start();
    const session = await tab.context.newCDPSession(page);
    await tab.open();
    // In the browser: what a proxy has not taken yet waits in buffers of the system, and counts as sent.
    await session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 50_000,
    });
    const sha = await upload(page, 'slow.bin', 250_000);
    await page.getByText(/^\d+ kB\/s · \d sec left$/).waitFor();
    await page.getByText(/^[1-9]\d?% · 250 kB$/).waitFor();
    await page.getByText('1 file uploaded').waitFor();
    expect(shaOf('slow.bin')).toBe(sha);
    expect(tab.troubles).toEqual([]);
  });

  it('that trickles in at 50 KB/s is checked until it is stored', async () => {
    const { way, tab, page, shaOf } = await start();
    await tab.open();
    way.fail({ key: /slow\.bin/, fault: drip(50_000, 'request') });
    const sha = await upload(page, 'slow.bin', 150_000);
    await page.getByText('Checking').waitFor();
    expect(shaOf('slow.bin')).toBeUndefined();
    await page.getByText('1 file uploaded').waitFor();
    expect(shaOf('slow.bin')).toBe(sha);
  });

  it('waits for the network, and goes on when it is back', async () => {
    const { tab, page, shaOf } = await start({ config: { resumable: true } });
    await tab.open();
    await tab.context.setOffline(true);
    await page.getByText('No connection. Going on when it is back.').waitFor();
    const sha = await upload(page, 'later.bin', 9 * MIB);
    await page.getByText('Waiting for the network').waitFor();
    await tab.context.setOffline(false);
    await page.getByText('1 file uploaded').waitFor();
    expect(shaOf('later.bin')).toBe(sha);
  });
});
