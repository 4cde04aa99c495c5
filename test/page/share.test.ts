// Links that a person makes and ends, and the room that is left (rows 14 and 16).
import Keyv from 'keyv';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { inChromium } from '../support/in-chromium.ts';
import { openTab, servePage, type ServeOptions } from '../support/page.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const start = async (options: ServeOptions = {}) => {
  const store = await doubleStore();
  store.double.seed(store.bucket, 'docs/a.txt', 'text of a', { contentType: 'text/plain' });
  store.double.seed(store.bucket, 'docs/b.txt', 'text of b', { contentType: 'text/plain' });
  const served = await servePage(store, options);
  const tab = await openTab(browser, served);
  closers.push(tab.close, served.close, store.close);
  const share = async (name: string) => {
    await tab.row(name).click({ position: { x: 500, y: 10 } });
    await tab.page.getByRole('toolbar').getByRole('button', { name: 'Share a link' }).click();
    await tab.page.getByRole('dialog').waitFor();
  };
  const make = async () => {
    await tab.page.getByRole('button', { name: 'Make the link' }).click();
    return tab.page.getByLabel('Link', { exact: true }).inputValue();
  };
  return { store, served, tab, page: tab.page, share, make };
};
const withLinks = { config: { linkStore: new Keyv() } } as const;

inChromium('a share link', () => {
  it('of a file reads it, as a download, until it ends', async () => {
    const { tab, page, share, make } = await start();
    await tab.open('#/docs/');
    await share('a.txt');
    await page.getByLabel('1 hour').check();
    await page.getByLabel('downloads the file').check();
    const url = await make();
    expect(new URL(url).pathname).toMatch(/^\/files\/_api\/_links\//);
    const answer = await fetch(url);
    expect(await answer.text()).toBe('text of a');
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment/);
    await page.getByText(/Who has it can read the file until .+/).waitFor();
    await page.getByRole('button', { name: 'Copy the link' }).waitFor();
    expect(tab.troubles).toEqual([]);
  });

  it('of a folder gives everything in it, by keyboard too', async () => {
    const { tab, page, make } = await start();
    await tab.open();
    await page.locator('#entries').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('s');
    const url = await make();
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/zip']);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.includes('text of a')).toBe(true);
    expect(answer.headers.get('content-length')).toBe(String(bytes.length));
  });

  it('with a password asks for it, in a browser too, and goes on to what it leads to', async () => {
    const { tab, page, share, make } = await start();
    await tab.open();
    await share('docs');
    await page.getByLabel('Password').fill('geheim');
    const url = await make();
    expect((await fetch(url)).status).toBe(401);
    const guest = await browser.newContext();
    closers.unshift(() => guest.close());
    const other = await guest.newPage();
    await other.goto(url);
    await other.getByLabel('Password').fill('wrong');
    await other.getByRole('button', { name: 'Open' }).click();
    await other.getByRole('alert').waitFor();
    await other.getByLabel('Password').fill('geheim');
    const [download] = await Promise.all([
      other.waitForEvent('download'),
      other.getByRole('button', { name: 'Open' }).click(),
    ]);
    expect([download.suggestedFilename(), await download.failure()]).toEqual(['docs.zip', null]);
  });

  it('is listed, says how often it was used, and is ended', async () => {
    const { tab, page, share, make } = await start(withLinks);
    await tab.open('#/docs/');
    await share('a.txt');
    await page.getByLabel('Uses').fill('2');
    const url = await make();
    await page.getByRole('dialog').getByText('0 of 2 uses').waitFor();
    expect((await fetch(url)).status).toBe(200);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'My links' }).click();
    await page.getByRole('dialog').getByText('docs/a.txt').waitFor();
    await page.getByRole('dialog').getByText('1 of 2 uses').waitFor();
    await page.getByRole('button', { name: 'End this link' }).click();
    await page.getByText('You have made no link that still works.').waitFor();
    expect((await fetch(url)).status).toBe(404);
    expect(tab.troubles).toEqual([]);
  });

  it('ends on a day that is chosen', async () => {
    const { tab, page, share, make } = await start(withLinks);
    await tab.open('#/docs/');
    await share('b.txt');
    await page.getByLabel('Until…').check();
    const day = await page.getByLabel('Last day').inputValue();
    await make();
    const { expires_at } = (
      (await page.evaluate(
        `fetch('_api/docs/b.txt?links=true').then((answer) => answer.json())`,
      )) as { resource: { expires_at: string }[] }
    ).resource[0] as { expires_at: string };
    const last = (await page.evaluate(`new Date('${day}T23:59:59').getTime()`)) as number;
    expect(Math.abs(Date.parse(expires_at) - last)).toBeLessThan(5000);
  });

  it('is not offered where the host says so', async () => {
    const { tab, page } = await start({ ...withLinks, page: { features: { share: false } } });
    await tab.open('#/docs/');
    await tab.row('a.txt').click({ position: { x: 500, y: 10 } });
    await page.getByRole('toolbar').waitFor();
    expect(await page.getByRole('button', { name: 'Share a link' }).count()).toBe(0);
    await page.getByRole('button', { name: 'End the selection' }).click();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Keyboard' }).waitFor();
    expect(await page.getByRole('menuitem', { name: 'My links' }).count()).toBe(0);
  });
});

inChromium('the room that is left', () => {
  it('is shown, follows what is stored, and what does not fit says so', async () => {
    const { tab, page, served } = await start({ config: { quota: { bytes: 1000 } } });
    await tab.open();
    await page.getByText('18 B of 1 kB used').waitFor();
    const put = async (name: string, bytes: number) => {
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        page.getByRole('button', { name: 'Upload', exact: true }).click(),
      ]);
      await chooser.setFiles([{ name, mimeType: 'text/plain', buffer: Buffer.alloc(bytes) }]);
    };
    await put('fits.bin', 882);
    await page.getByText('900 B of 1 kB used').waitFor();
    await put('large.bin', 200);
    await page.getByText('There is no room left: 900 B of 1 kB used.').waitFor();
    await until(async () => (await served.around.keys()).length === 3, { what: 'two and one' });
    expect(tab.troubles).toEqual([]);
  });
});
