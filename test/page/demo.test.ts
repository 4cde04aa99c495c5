// The demo in a browser, on both stores: three people to become, the requests that the page makes, what they cost (row 25).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { bypass } from '../support/fixture.ts';
import { inChromium } from '../support/in-chromium.ts';
import { openTab } from '../support/page.ts';
import { pageSuite, things } from '../support/page-suite.ts';
import { environmentOf } from '../support/service.ts';
import { availableStores, type Store } from '../support/stores.ts';
import { until } from '../support/until.ts';

const { browser, closers } = pageSuite();
const KEY = 'shown-by-the-test';
const MAIN = fileURLToPath(new URL('../../examples/server/main.ts', import.meta.url));

/** Starts the demo on a store; its address. */
const startDemo = async (store: Store): Promise<string> => {
  const demo = spawn(process.execPath, ['--import', 'tsx', MAIN], {
    env: {
      ...process.env,
      PORT: '0',
      DEMO_KEY: KEY,
      ...environmentOf(store, 'demo'),
    },
  });
  closers.unshift(async () => {
    if (demo.exitCode !== null) return;
    const exited = once(demo, 'exit');
    demo.kill('SIGTERM');
    await exited;
  });
  let output = '';
  for (const stream of [demo.stdout, demo.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const printed = () => /^Open (http:\S+)\/\?key=/m.exec(output)?.[1];
  await until(() => printed() !== undefined || demo.exitCode !== null, {
    what: 'the demo',
    deadlineMs: 40_000,
  });
  const address = printed();
  if (address === undefined) throw new Error(`the demo has ended: ${output}`);
  return address;
};

inChromium.each(availableStores())('the demo on $name', ({ open }) => {
  it('shows each person what they may do, and every request with its calls to storage', async () => {
    const store = await open();
    const around = bypass(store);
    closers.unshift(
      async () => around.close(),
      () => store.close(),
    );
    const keys = ['demo/Inbox/a.txt', 'demo/Private/b.txt', 'demo/c.txt'];
    await around.plant(things(Object.fromEntries(keys.map((key) => [key, 'text']))));
    const origin = await startDemo(store);
    const tab = await openTab(browser(), { url: `${origin}/` });
    closers.unshift(tab.close);
    const { page } = tab;
    await page.goto(`${origin}/?key=${KEY}`);
    expect(page.url()).toBe(`${origin}/`);
    const files = page.frameLocator('#page');
    const person = (name: string) => page.getByRole('button', { name, exact: true });
    const lineOf = (who: string, asked: string, path: string) =>
      page.locator('#lines tr').filter({
        has: page.locator(`td:text-is("${who}") + td:text-is("${asked}") + td:text-is("${path}")`),
      });

    expect(await person('Ada').getAttribute('aria-pressed')).toBe('true');
    await files.getByRole('link', { name: 'Private' }).waitFor();
    await lineOf('ada', 'list', '/').first().waitFor();
    const calls = await lineOf('ada', 'list', '/').first().locator('td').nth(4).innerText();
    expect(Number(calls)).toBeGreaterThan(0);
    await page
      .locator('#cost')
      .getByText(/^[1-9]\d* storage calls?, /)
      .waitFor();

    await person('Cleo').click();
    await files.getByRole('link', { name: 'c.txt' }).waitFor();
    await lineOf('cleo', 'list', '/').first().waitFor();
    await files.getByRole('link', { name: 'Private' }).waitFor({ state: 'detached' });
    expect(await files.getByRole('button', { name: 'Upload', exact: true }).count()).toBe(0);

    await person('Ben').click();
    await lineOf('ben', 'list', '/').first().waitFor();
    await files.getByRole('link', { name: 'Inbox' }).click();
    const upload = files.getByRole('button', { name: 'Upload', exact: true });
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), upload.click()]);
    const buffer = Buffer.from('of Ben');
    await chooser.setFiles([{ name: 'ben.txt', mimeType: 'text/plain', buffer }]);
    await files.getByRole('link', { name: 'ben.txt' }).waitFor();
    expect((await around.bytes('demo/Inbox/ben.txt'))?.toString()).toBe('of Ben');
    // The same folder again, within the time that the cache keeps it.
    await files.getByRole('link', { name: 'Home' }).click();
    await files.getByRole('link', { name: 'c.txt' }).waitFor();
    await page
      .locator('#cost')
      .getByText(/, [1-9]\d* answers? from the cache$/)
      .waitFor();
    expect(tab.troubles).toEqual([]);
  });
});
