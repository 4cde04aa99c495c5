// A name is only text, whatever it holds: shown, reached, saved, renamed and deleted (row 20).
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { inChromium } from '../support/in-chromium.ts';
import { pageSuite, type Opened } from '../support/page-suite.ts';
import { availableStores } from '../support/stores.ts';
import { until } from '../support/until.ts';

const { open: openPage } = pageSuite();

const HOSTILE = [
  '<img src=x onerror=window.ran=true>',
  '"><svg onload=window.ran=true>',
  '%2e',
  'a#b?c&d=e+f',
  "it's `${1}` {{2}}",
  'עברית העربية.txt',
  'emoji 🦊👩‍👩‍👧.txt',
  'trailing...',
  '.env',
  '__proto__',
  'constructor',
  `${'long '.repeat(50)}1.txt`,
];

/** Everything that a person does with a file of this name in a folder of the same name. */
async function useName({ tab, page, served }: Opened, name: string): Promise<void> {
  const below = async () =>
    (await served.around.keys()).filter((key) => key.startsWith(`${name}/`));
  await tab.row(name).dblclick({ position: { x: 600, y: 10 } });
  await until(() => page.url().split('/').length > 6, { what: 'the folder' });
  await tab.shows([name]);
  await page.reload();
  await tab.shows([name]);
  await tab.press('Space');
  await page.getByText(`in ${HOSTILE.indexOf(name)}`, { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  const [download] = await Promise.all([page.waitForEvent('download'), tab.press('d')]);
  expect(readFileSync(await download.path(), 'utf8')).toBe(`in ${HOSTILE.indexOf(name)}`);
  const field = page.locator('dialog input').first();
  const isMarked = 'document.activeElement?.selectionEnd > document.activeElement?.selectionStart';
  const rename = async (from: string, to: string) => {
    await tab.press('Home', 'F2');
    expect(await field.inputValue()).toBe(from);
    // The dialog marks what stands before the extension, which a person replaces.
    await until(() => page.evaluate(isMarked), { what: 'the marked name' });
    await field.fill(to);
    await page.keyboard.press('Enter');
    await tab.shows([to]);
    expect(await below()).toEqual([`${name}/${to}`]);
  };
  await rename(name, 'plain.txt');
  await rename('plain.txt', name);
  await tab.press('Home', 'Delete');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('This folder is no longer here.').waitFor();
  await page.getByRole('button', { name: 'Up one level' }).click();
  expect(await below()).toEqual([]);
  expect(await page.evaluate('"ran" in globalThis')).toBe(false);
}

inChromium.each(availableStores())('a name on $name', ({ name: store, open }) => {
  it('is only text', { timeout: 240_000 }, async () => {
    // What the page does with a name is the same on every store; what a store does, a few names tell.
    const names = HOSTILE.filter((_, index) => store === 'double' || index % 4 === 0);
    const seed = Object.fromEntries(
      names.map((name) => [`${name}/${name}`, `in ${HOSTILE.indexOf(name)}`] as const),
    );
    const opened = await openPage(open(), { seed });
    await opened.tab.open();
    for (const name of names) {
      await useName(opened, name).catch((error: unknown) => {
        throw new Error(`${JSON.stringify(name)}: ${String(error)}`, { cause: error });
      });
    }
    expect(await opened.served.around.keys()).toEqual([]);
    expect(opened.tab.troubles).toEqual([]);
  });

  it('that nobody could type stays closed', async () => {
    const { tab, page } = await openPage(open(), { seed: { 'a//b': 'x', 'plain.txt': 'y' } });
    await tab.open('#/a/');
    await tab.shows(['/']);
    await page.locator('.row').dblclick({ position: { x: 600, y: 10 } });
    expect(await page.locator('.row .cell-menu button').count()).toBe(0);
    expect(page.url()).toMatch(/#\/a\/$/);
  });
});
