// Uploaders of web pages in Chromium, each with no more settings than its own manual has for a server of yours.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import express from 'express';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, type Rollup } from 'vite';
import { launchChromium } from '../support/chromium.ts';
import { installed } from '../support/programs.ts';
import { MOUNT, startService, type RunningService } from '../support/service.ts';
import { doubleStore, type Store } from '../support/stores.ts';

const require = createRequire(import.meta.url);
const text = (path: string): string => readFileSync(path, 'utf8');

/** One script of modules that share what they import. */
const bundle = async (code: string): Promise<string> => {
  const output = await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? id : null),
        load: (id) => (id === 'entry' ? code : null),
      },
    ],
    build: { write: false, minify: false, rollupOptions: { input: 'entry' } },
  });
  // One entry, built once, is one chunk.
  return (output as Rollup.RollupOutput).output[0].code;
};

interface Uploader {
  readonly scripts: () => Promise<readonly string[]> | readonly string[];
  /** Script that uploads `file` below `root`, and ends with a promise of the path that was answered. */
  readonly upload: string;
}

const UPLOADERS: Readonly<Record<string, Uploader>> = {
  'Uppy, form': {
    scripts: async () => [
      await bundle(`
        import Uppy from ${JSON.stringify(require.resolve('@uppy/core'))};
        import XHRUpload from ${JSON.stringify(require.resolve('@uppy/xhr-upload'))};
        Object.assign(globalThis, { Uppy, XHRUpload });`),
    ],
    upload: `
      const uppy = new Uppy().use(XHRUpload, { endpoint: root, fieldName: 'files' });
      uppy.addFile({ name: file.name, type: file.type, data: file });
      uppy.upload().then(({ successful, failed }) => {
        if (failed.length > 0) throw new Error(failed[0].error);
        return successful[0].response.body.resource[0].path;
      })`,
  },
  Dropzone: {
    scripts: async () => [
      await bundle(`
        import Dropzone from ${JSON.stringify(require.resolve('dropzone'))};
        Object.assign(globalThis, { Dropzone });`),
    ],
    upload: `
      new Promise((resolve, reject) => {
        const zone = new Dropzone(document.body, { url: root });
        zone.on('success', (_, answer) => resolve(answer.resource[0].path));
        zone.on('error', (_, error) => reject(new Error(JSON.stringify(error))));
        zone.addFile(file);
      })`,
  },
  FilePond: {
    scripts: () => [text(require.resolve('filepond'))],
    upload: `
      new Promise((resolve, reject) => {
        const onload = (answer) => JSON.parse(answer).resource.at(-1).path;
        const pond = FilePond.create(document.body, {
          server: { process: { url: root, onload } },
          onprocessfile: (error, item) => (error ? reject(error) : resolve(item.serverId)),
        });
        pond.addFile(file);
      })`,
  },
  'blueimp jQuery File Upload': {
    scripts: () => {
      const folder = require.resolve('blueimp-file-upload/package.json').replace(/[^/]+$/, 'js/');
      return [
        text(require.resolve('jquery')),
        ...['vendor/jquery.ui.widget.js', 'jquery.fileupload.js'].map((name) =>
          text(folder + name),
        ),
      ];
    },
    upload: `
      new Promise((resolve, reject) => {
        $('body').append('<input type="file" name="files[]">');
        $('input').fileupload({
          url: root,
          dataType: 'json',
          done: (_, { result }) => resolve(result.resource[0].path),
          fail: (_, { jqXHR }) => reject(new Error(jqXHR.responseText)),
        });
        $('input').fileupload('add', { files: [file] });
      })`,
  },
};

describe.runIf(installed('chromium'))('in a page of the same site', () => {
  let store: Store;
  let service: RunningService;
  let browser: Browser;
  beforeAll(async () => {
    store = await doubleStore();
    service = await startService(store, {}, (files) =>
      express()
        .use(MOUNT, files)
        .get('/page', (_, res) => void res.send('<!doctype html><body></body>')),
    );
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await service.close();
    await store.close();
  });

  const open = async (scripts: readonly string[]): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${service.port}/page`);
    for (const content of scripts) await page.addScriptTag({ content });
    return page;
  };

  it.each(Object.entries(UPLOADERS))(
    '%s uploads a file under its own name, and reads the answer',
    async (name, { scripts, upload }) => {
      const page = await open(await scripts());
      const folder = encodeURIComponent(name);
      const path: unknown = await page.evaluate(`
        const root = ${JSON.stringify(`${MOUNT}/${folder}/`)};
        const file = new File(['x'.repeat(100000)], 'caf\u00e9 1.txt', { type: 'text/plain' });
        ${upload}`);
      expect(path).toBe(`${name}/caf\u00e9 1.txt`);
      const stored = await service.ask({ path: `/${folder}/caf%C3%A9%201.txt` });
      expect([stored.status, stored.body.length]).toEqual([200, 100_000]);
      await page.close();
    },
  );
});
