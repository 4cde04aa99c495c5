// What a row shows of its entry: the picture that it is, and what is being done with it.
import { expect, it } from 'vitest';
import { samples } from '../../examples/server/samples.ts';
import { inChromium } from '../support/in-chromium.ts';
import { pageSuite } from '../support/page-suite.ts';
import { openTab, servePage } from '../support/page.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';
import { enableVersions } from '../support/versioned.ts';

const { browser, closers } = pageSuite();

const PICTURE = samples().find(({ key }) => key.endsWith('.png'))?.body ?? '';

const start = async () => {
  const store = await enableVersions(await doubleStore());
  const seed = (key: string, body: string | Uint8Array) =>
    store.double.seed(store.bucket, key, body);
  const served = await servePage(store, { config: { versions: true, trash: true } });
  const tab = await openTab(browser(), served);
  closers.push(tab.close, served.close, store.close);
  const asked = new Set<string>();
  tab.page.on('request', (request) => {
    const name = new URL(request.url()).pathname.split('/_api/')[1] ?? '';
    if (request.resourceType() === 'image') asked.add(name);
  });
  return { store, served, tab, page: tab.page, seed, asked };
};

inChromium('a picture', () => {
  it('is its own icon, in the list and in the tiles, unless it is large or none', async () => {
    const { store, tab, page, seed, asked } = await start();
    seed('good.png', PICTURE);
    seed('broken.jpg', 'no picture');
    seed('drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
    seed('text.txt', 'text');
    store.double.sparse(store.bucket, 'large.png', 10_000_001);
    await tab.open();
    const size = async (name: string) => {
      const image = tab.row(name).locator('img');
      if ((await image.count()) === 0) return 0;
      const box = await image.boundingBox();
      const isDrawn = await image.evaluate((element) => Reflect.get(element, 'naturalWidth') > 0);
      return isDrawn ? (box?.width ?? 0) : 0;
    };
    await until(async () => (await size('good.png')) === 24, { what: 'the picture' });
    await until(async () => (await tab.row('broken.jpg').locator('svg').count()) > 0, {
      what: 'the icon in place of what cannot be drawn',
    });
    for (const name of ['broken.jpg', 'drawing.svg', 'text.txt', 'large.png'])
      expect(await tab.row(name).locator('.kind').count()).toBe(1);
    expect([...asked].toSorted()).toEqual(['broken.jpg', 'good.png']);
    await page.getByRole('button', { name: 'Grid' }).click();
    await until(async () => (await size('good.png')) > 100, { what: 'the tile' });
    expect(asked.has('large.png')).toBe(false);
    expect(tab.troubles).toEqual([]);
  });

  it('is asked for when its row is drawn, and not when it was deleted', async () => {
    const { served, tab, page, seed, asked } = await start();
    for (let index = 0; index < 300; index += 1)
      seed(`p${String(index).padStart(3, '0')}.png`, PICTURE);
    await tab.open();
    await until(() => asked.has('p000.png'), { what: 'the first picture' });
    expect(asked.size).toBeLessThan(60);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    await until(() => asked.has('p299.png'), { what: 'the last picture' });
    expect(asked.size).toBeLessThan(120);
    await served.around.remove('p150.png');
    await tab.open('#/?trash');
    await tab.shows(['p150.png']);
    expect(await tab.row('p150.png').locator('.kind').count()).toBe(1);
    expect(asked.has('p150.png')).toBe(false);
  });
});

inChromium('a row', () => {
  it('is dimmed when it was cut, turns while it is worked on, and has a lock without an address', async () => {
    const { tab, page, seed } = await start();
    for (const name of ['f/busy.txt', 'f/cut.txt', 'f//b']) seed(name, 'x');
    await tab.open('#/f/');
    await tab.shows(['/', 'busy.txt', 'cut.txt']);
    const style = (name: string, pseudo: string, property: string) =>
      tab.row(name).evaluate(
        (element, [before, key]) => {
          const icon = element.querySelector('.entry-icon');
          const style = Reflect.get(globalThis, 'getComputedStyle') as (
            of: unknown,
            pseudo: string | undefined,
          ) => Record<string, string>;
          return style(icon, before)[key ?? ''];
        },
        [pseudo, property],
      );
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    expect(await style('cut.txt', '', 'opacity')).toBe('1');
    await page.keyboard.press('Control+x');
    expect(await style('cut.txt', '', 'opacity')).toBe('0.4');
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await page.route('**/_api/**', async (route) => {
      if (['POST', 'DELETE'].includes(route.request().method())) await held;
      await route.fallback();
    });
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Delete');
    await until(async () => (await tab.row('busy.txt').getAttribute('aria-busy')) === 'true', {
      what: 'the row to be busy',
    });
    expect(await style('busy.txt', '::after', 'animationName')).toBe('turn');
    letGo();
    await tab.shows(['/', 'cut.txt']);
    const locked = tab.row('/');
    expect(await locked.getAttribute('aria-label')).toBe(
      '/, has a name that this page cannot open',
    );
    expect(await locked.locator('.kind .icon rect').count()).toBe(1);
    expect(await locked.getByRole('button').count()).toBe(0);
    expect(tab.troubles).toEqual([]);
  });
});
