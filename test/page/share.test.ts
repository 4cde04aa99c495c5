// Links that a person makes and ends, and the room that is left (rows 14 and 16).
import Keyv from 'keyv';
import { expect, it } from 'vitest';
import { inChromium } from '../support/in-chromium.ts';
import type { ServeOptions } from '../support/page.ts';
import { pageSuite } from '../support/page-suite.ts';
import { availableStores, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';

const { open: openPage, browser, closers } = pageSuite();

const SEED = { 'docs/a.txt': 'text of a', 'docs/b.txt': 'text of b' };

const start = async (open: () => Promise<Store>, options: ServeOptions = {}) => {
  const opened = await openPage(open(), { seed: SEED, ...options });
  const { tab, page } = opened;
  const share = async (name: string) => {
    await tab.select(name);
    await tab.act('Share a link');
    await page.getByRole('dialog').waitFor();
  };
  const make = async () => {
    await page.getByRole('button', { name: 'Make the link' }).click();
    return page.getByLabel('Link', { exact: true }).inputValue();
  };
  /** When the links to a file end, as the service keeps them. */
  const ends = async (path: string) => {
    const answer = await fetch(`${opened.served.url}_api/${path}?links=true`);
    const { resource } = (await answer.json()) as { resource: readonly { expires_at: string }[] };
    return resource.map(({ expires_at }) => Date.parse(expires_at));
  };
  return { ...opened, share, make, ends };
};
const withLinks = () => ({ config: { linkStore: new Keyv() } });

inChromium.each(availableStores())('a share link on $name', ({ open }) => {
  it('of a file reads it, as a download, until it ends', async () => {
    const { tab, page, share, make } = await start(open);
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
    // What is changed needs another link.
    await page.getByLabel('shows the file').check();
    const shown = await fetch(await make());
    expect(await shown.text()).toBe('text of a');
    expect(shown.headers.get('content-disposition') ?? '').not.toMatch(/^attachment/);
    expect(tab.troubles).toEqual([]);
  });

  it('is copied by its button', async () => {
    const { tab, page, share, make } = await start(open);
    await tab.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await tab.open('#/docs/');
    await share('b.txt');
    const url = await make();
    await page.getByRole('button', { name: 'Copy the link' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(url);
    expect(await (await fetch(url)).text()).toBe('text of b');
  });

  it('of a folder gives everything in it, by keyboard too', async () => {
    const { tab, make } = await start(open);
    await tab.open();
    await tab.press('Home', 's');
    const url = await make();
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/zip']);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.includes('text of a')).toBe(true);
    expect(answer.headers.get('content-length')).toBe(String(bytes.length));
  });

  it('with a password asks for it, in a browser too, and goes on to what it leads to', async () => {
    const { tab, page, share, make } = await start(open);
    await tab.open();
    await share('docs');
    await page.getByLabel('Password').fill('geheim');
    const url = await make();
    expect((await fetch(url)).status).toBe(401);
    const guest = await browser().newContext();
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
    const { tab, page, share, make } = await start(open, withLinks());
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

  it('ends after the time that is chosen, or with a day of the next seven', async () => {
    const { tab, page, share, make, ends } = await start(open, withLinks());
    await tab.open('#/docs/');
    await share('b.txt');
    const made = new Set<number>();
    const newest = async () => {
      await make();
      const [end, ...more] = (await ends('docs/b.txt')).filter((time) => !made.has(time));
      expect(more).toEqual([]);
      made.add(end ?? 0);
      return end ?? 0;
    };
    const HOUR_MS = 3_600_000;
    for (const [choice, hours] of [
      ['1 hour', 1],
      ['1 day', 24],
      ['7 days', 24 * 7],
    ] as const) {
      await page.getByLabel(choice).check();
      const asked = Date.now();
      // Whole seconds, and the time that the page takes.
      const late = (await newest()) - asked - hours * HOUR_MS;
      expect([choice, late > -2000 && late < 20_000]).toEqual([choice, true]);
    }
    await page.getByLabel('Until…').check();
    const field = page.getByLabel('Last day');
    const day = await field.inputValue();
    const last = (await page.evaluate(`new Date('${day}T23:59:59').getTime()`)) as number;
    expect(Math.abs((await newest()) - last)).toBeLessThan(5000);
    // A later day is no choice.
    const later = new Date(Date.now() + 9 * 24 * HOUR_MS).toISOString().slice(0, 10);
    await field.fill(later);
    await page.getByRole('button', { name: 'Make the link' }).click();
    const isRefused = `document.querySelector('input[type=date]').validity.rangeOverflow`;
    expect(await page.evaluate(isRefused)).toBe(true);
    expect(await page.getByLabel('Link', { exact: true }).count()).toBe(0);
    expect(await ends('docs/b.txt')).toHaveLength(4);
    expect(tab.troubles).toEqual([]);
  });

  it('is not offered where the host says so', async () => {
    const { tab, page } = await start(open, {
      ...withLinks(),
      page: { features: { share: false } },
    });
    await tab.open('#/docs/');
    await tab.select('a.txt');
    await page.getByRole('toolbar').waitFor();
    expect(await page.getByRole('button', { name: 'Share a link' }).count()).toBe(0);
    await page.getByRole('button', { name: 'End the selection' }).click();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Keyboard' }).waitFor();
    expect(await page.getByRole('menuitem', { name: 'My links' }).count()).toBe(0);
  });
});

inChromium.each(availableStores())('the room that is left on $name', ({ open }) => {
  it('is shown, follows what is stored, and what does not fit says so', async () => {
    const { tab, page, served } = await start(open, { config: { quota: { bytes: 1000 } } });
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
