// What every suite of the page begins with: one browser for its file, and what a test has opened is closed behind it.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { launchChromium } from './chromium.ts';
import type { Thing } from './fixture.ts';
import { openTab, servePage, type ServedPage, type ServeOptions, type Tab } from './page.ts';
import type { Store } from './stores.ts';

/** Objects by key; a text alone is one of the type `text/plain`. */
export type Seed = Readonly<Record<string, string | Thing>>;

/** How a page is opened. */
export interface Opening extends ServeOptions {
  /** What is stored before. */
  readonly seed?: Seed;
  /** @default English, light, wide */
  readonly look?: BrowserContextOptions;
}

/** The page over a store, and a tab on it. */
export interface Opened<S extends Store = Store> {
  readonly store: S;
  readonly served: ServedPage;
  readonly tab: Tab;
  /** That of the tab. */
  readonly page: Page;
}

/** What the tests of one file share. */
export interface PageSuite {
  /** The browser, once tests run. */
  readonly browser: () => Browser;
  /** Called when the test ends, the first one first. */
  readonly closers: (() => Promise<unknown>)[];
  /** Serves the page over a store and opens a tab that shows nothing yet; closes all of it when the test ends. */
  readonly open: <S extends Store>(store: S | Promise<S>, opening?: Opening) => Promise<Opened<S>>;
}

/** Registers what a file of browser tests needs; called once, at its top. `whole`: see `launchChromium`. */
export function pageSuite(browserOptions: { readonly whole?: boolean } = {}): PageSuite {
  let browser: Browser | undefined;
  const launched = (): Browser => {
    if (browser === undefined) throw new Error('the browser is launched before the first test');
    return browser;
  };
  const closers: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    browser = await launchChromium(browserOptions);
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  afterAll(() => browser?.close());

  return {
    browser: launched,
    closers,
    open: async (given, { seed = {}, look, ...options } = {}) => {
      const store = await given;
      closers.unshift(() => store.close());
      const served = await servePage(store, options);
      closers.unshift(served.close);
      await served.around.plant(things(seed));
      const tab = await openTab(launched(), served, look);
      closers.unshift(tab.close);
      return { store, served, tab, page: tab.page };
    },
  };
}

/** A seed as the ways around the service take it. */
export function things(seed: Seed): Readonly<Record<string, Thing>> {
  const thing = (given: string | Thing): Thing =>
    typeof given === 'string' ? { body: given, contentType: 'text/plain' } : given;
  return Object.fromEntries(Object.entries(seed).map(([key, given]) => [key, thing(given)]));
}
