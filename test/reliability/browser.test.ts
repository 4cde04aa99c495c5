// H25, H26, H36 in a real browser: what users uploaded never runs in the page's origin.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { installed } from '../support/programs.ts';
import { startTrial, type Trial } from '../support/oracles.ts';
import { MOUNT } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const SCRIPT = 'window.ran = true; fetch("./ran");';
const HTML = `<!doctype html><script>${SCRIPT}</script><img src=x onerror='${SCRIPT}'>`;
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" onload='${SCRIPT}'><script>${SCRIPT}</script></svg>`;
const XHTML = `<html xmlns="http://www.w3.org/1999/xhtml"><script>${SCRIPT}</script></html>`;
const XML = `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="x.xsl"?><a>${XHTML}</a>`;
const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from(HTML)]);

const HOSTILE: readonly (readonly [name: string, type: string, body: string | Buffer])[] = [
  ['x.html', 'text/html', HTML],
  ['x.svg', 'image/svg+xml', SVG],
  ['x.xml', 'text/xml', XML],
  ['x.xhtml', 'application/xhtml+xml', XHTML],
  ['x.xsl', 'text/xsl', XML],
  ['x.html.', 'text/html', HTML],
  ['x.foo', 'text/html; a=b', HTML],
  ['y.foo', 'TEXT/HTML', HTML],
  ['z.foo', 'garbage', HTML],
  ['none', '', HTML],
  ['x.txt', 'text/plain', HTML],
  ['x.png', 'image/png', PNG],
  ['y.png', 'image/svg+xml', SVG],
  ['x.pdf', 'application/pdf', HTML],
];

describe.runIf(installed('chromium'))('a browser that opens an upload', () => {
  let trial: Trial;
  let browser: Browser;

  beforeAll(async () => {
    trial = await startTrial(await doubleStore());
    for (const [name, type, body] of HOSTILE) {
      const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
      await trial.ask({ method: 'PUT', path: `/${name}`, headers, body });
    }
    browser = await launchChromium({ whole: true });
  });
  afterAll(async () => {
    await browser.close();
    await trial.close();
  });

  const address = (name: string): string =>
    `http://127.0.0.1:${trial.service.port}${MOUNT}/${name}`;

  describe.each(['', '?disposition=inline', '?download=false'])('with %j', (query) => {
    it.each(HOSTILE)('H25 H26 H36 runs nothing of %s (%s)', async (name) => {
      const page = await browser.newPage();
      const ran: string[] = [];
      page.on('request', (sent) => {
        if (sent.url().endsWith('/ran')) ran.push(sent.url());
      });
      // A download is no page: going there fails.
      await page.goto(address(name) + query).catch(() => null);
      const seen = await page
        .evaluate(() => ({ ran: 'ran' in globalThis }))
        .catch(() => ({ ran: false }));
      expect({ ...seen, requests: ran }).toEqual({ ran: false, requests: [] });
      await page.close();
    });
  });

  it('is no empty test: the same page runs when nothing protects it', async () => {
    const bare = await startTrial(await doubleStore(), { trustedContent: true });
    await bare.put('x.html', HTML, 'text/html');
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${bare.service.port}${MOUNT}/x.html`);
    expect(await page.evaluate(() => 'ran' in globalThis)).toBe(true);
    await page.close();
    await bare.close();
  });

  it('H25 runs no upload as the script or frame of another page', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto('about:blank');
    await page.setContent(
      `<script src="${address('x.txt')}"></script><iframe src="${address('x.html')}"></iframe>` +
        `<script src="${address('x.png')}"></script>`,
    );
    await page.waitForLoadState('load');
    expect(await page.evaluate(() => 'ran' in globalThis)).toBe(false);
    await context.close();
  });
});

// One black point.
const IMAGE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
  'base64',
);

describe.runIf(installed('chromium'))('an image in a page of another origin', () => {
  let browser: Browser;
  let origin: string;
  // The page, which is no page of the service.
  const pages = createServer((_, res) => void res.setHeader('Content-Type', 'text/html').end());

  beforeAll(async () => {
    browser = await launchChromium({ whole: true });
    pages.listen(0, '127.0.0.1');
    await once(pages, 'listening');
    origin = `http://localhost:${(pages.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser.close();
    pages.close();
  });

  it.each([
    ['is shown where cors lists the origin', true],
    ['is not shown where it does not', false],
  ])('%s', async (_, isListed) => {
    const origins = [isListed ? origin : 'https://app.example'];
    const trial = await startTrial(await doubleStore(), { cors: { origins } });
    await trial.put('x.png', IMAGE, 'image/png');
    const page = await browser.newPage();
    await page.goto(origin);
    const address = `http://127.0.0.1:${trial.service.port}${MOUNT}/x.png`;
    // A text, since tests know no types of browsers.
    const isShown = await page.evaluate<boolean>(`new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve(true);
      image.onerror = () => resolve(false);
      image.src = ${JSON.stringify(address)};
    })`);
    expect(isShown).toBe(isListed);
    await page.close();
    await trial.close();
  });
});
