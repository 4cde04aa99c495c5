// What people open by its URL in Chromium: audio and video play under our policy, texts show; pdf.js reads by ranges.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import express from 'express';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { MOUNT } from '../support/mount.ts';
import { installed, programPath } from '../support/programs.ts';
import { seededRandom } from '../support/random.ts';
import { startService, type RunningService } from '../support/service.ts';
import { doubleStore, type Store } from '../support/stores.ts';

const run = promisify(execFile);
const FFMPEG = ['-nostdin', '-y', '-loglevel', 'error', '-f', 'lavfi', '-i'];
const TEXT = 'gr\u00fc\u00df dich, \u4e16\u754c';

let store: Store;
let service: RunningService;
let browser: Browser;
let folder: string;
const modules = programPath('generators') ?? '/nowhere';

beforeAll(async () => {
  if (!installed('chromium')) return;
  folder = await mkdtemp(join(tmpdir(), 's3files-opened-'));
  store = await doubleStore();
  service = await startService(store, {}, (files) =>
    express()
      .use(MOUNT, files)
      .use('/pdfjs', express.static(join(modules, 'pdfjs-dist/legacy/build')))
      .get('/page', (_, res) => void res.send('<!doctype html><body></body>')),
  );
  browser = await launchChromium({ whole: true });
});
afterAll(async () => {
  if (!installed('chromium')) return;
  await browser.close();
  await service.close();
  await store.close();
  await rm(folder, { recursive: true });
});

const open = async (path: string): Promise<Page> => {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${service.port}${path}`);
  return page;
};

describe.runIf(installed('chromium', 'ffmpeg'))('media in Chromium', () => {
  const MADE: Readonly<Record<string, readonly string[]>> = {
    'film.webm': ['testsrc=size=160x120:rate=5:duration=2', '-c:v', 'libvpx'],
    'tone.ogg': ['sine=duration=2', '-c:a', 'libvorbis'],
    'tone.wav': ['sine=duration=2'],
  };

  it.each(Object.entries(MADE))('plays %s, opened by its URL', async (name, parameters) => {
    await run('ffmpeg', [...FFMPEG, ...parameters, name], { cwd: folder });
    const body = await readFile(join(folder, name));
    await service.ask({ method: 'PUT', path: `/${name}`, body });
    const page = await open(`${MOUNT}/${name}`);
    // The browser's own player: an element of media in a document that it makes.
    // HAVE_ENOUGH_DATA: it plays to its end without a wait. What plays in time needs a machine that is not busy.
    const played = page.waitForFunction(`
      (() => {
        const media = document.querySelector('video, audio');
        if (media.error === null && media.readyState < 4) return null;
        return { error: media.error, length: Math.round(media.duration) };
      })()`);
    expect(await (await played).jsonValue()).toEqual({ error: null, length: 2 });
    await page.close();
  });
});

describe.runIf(installed('chromium'))('a text in Chromium', () => {
  it('shows its letters, stored without a type', async () => {
    await service.ask({ method: 'PUT', path: '/a.txt', body: TEXT });
    const answer = await service.ask({ path: '/a.txt' });
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    const page = await open(`${MOUNT}/a.txt`);
    expect(await page.evaluate('[document.characterSet, document.body.innerText.trim()]')).toEqual([
      'UTF-8',
      TEXT,
    ]);
    await page.close();
  });
});

describe.runIf(installed('chromium', 'generators'))('pdf.js', () => {
  it('reads the page that is shown by ranges, and not the whole file', async () => {
    const pdf = pdfOf('Hello from a long file', 40);
    await service.ask({ method: 'PUT', path: '/long.pdf', body: pdf });
    const before = service.audit.length;
    const page = await open('/page');
    const text: unknown = await page.evaluate(`
      (async () => {
        const { getDocument, GlobalWorkerOptions } = await import('/pdfjs/pdf.min.mjs');
        GlobalWorkerOptions.workerSrc = '/pdfjs/pdf.worker.min.mjs';
        const url = ${JSON.stringify(`${MOUNT}/long.pdf`)};
        const task = getDocument({ url, disableAutoFetch: true, disableStream: true });
        const shown = await (await task.promise).getPage(1);
        const { items } = await shown.getTextContent();
        return items.map(({ str }) => str).join('');
      })()`);
    expect(text).toBe('Hello from a long file');
    await page.close();
    const events = service.audit.slice(before).filter(({ path }) => path === 'long.pdf');
    const ranges = events.filter(({ status }) => status === 206);
    expect(ranges.length).toBeGreaterThan(0);
    const bytes = ranges.reduce((sum, { bytesOut }) => sum + bytesOut, 0);
    expect(bytes).toBeLessThan(pdf.length / 2);
  });
});

/** A PDF of one page with a text; `chunks` times 64 KiB that nothing shows stand between its beginning and its page. */
const pdfOf = (text: string, chunks: number): Buffer => {
  const random = seededRandom(1);
  const filler = Array.from({ length: chunks }, () => stream(noise(random, 65_536)));
  const content = stream(Buffer.from(`BT /F1 24 Tf 72 700 Td (${text}) Tj ET`));
  const objects = [
    Buffer.from('<< /Type /Catalog /Pages 2 0 R >>'),
    Buffer.from('<< /Type /Pages /Kids [3 0 R] /Count 1 >>'),
    Buffer.from(
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R' +
        ' /Resources << /Font << /F1 5 0 R >> >> >>',
    ),
    content,
    Buffer.from('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'),
    ...filler,
  ];
  const order = [...objects.keys()].toReversed();
  const pieces = [Buffer.from('%PDF-1.4\n')];
  const offsets: number[] = [];
  let length = pieces[0]?.length ?? 0;
  for (const index of order) {
    const piece = Buffer.concat([
      Buffer.from(`${index + 1} 0 obj\n`),
      objects[index] ?? Buffer.alloc(0),
      Buffer.from('\nendobj\n'),
    ]);
    offsets[index] = length;
    pieces.push(piece);
    length += piece.length;
  }
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
  pieces.push(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows.join('')}` +
        `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${length}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(pieces);
};

const stream = (bytes: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`<< /Length ${bytes.length} >>\nstream\n`),
    bytes,
    Buffer.from('\nendstream'),
  ]);

const noise = (random: () => number, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => 65 + Math.floor(random() * 26)));
