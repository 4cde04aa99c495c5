// Builds the page into dist/page: hashed names, each file also as brotli and gzip, and a manifest.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { iconsPlugin } from './icons-plugin.ts';
import { missingTexts } from './texts.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = join(ROOT, 'dist/page');
const SOURCES = ['web', 'src/client', 'src/core/errors.ts', 'package-lock.json'];

/** Builds the page unless what is there was built from the same sources. */
export async function buildPage(): Promise<void> {
  const source = hashOfSources();
  if (builtFrom() === source) return;
  const missing = missingTexts();
  if (missing.length > 0) throw new Error(`Texts are missing: ${missing.join(', ')}`);
  // Beside the old one, and then in its place: nobody ever sees a page that is built in part.
  const work = join(ROOT, `dist/.page-${process.pid}`);
  rmSync(work, { recursive: true, force: true });
  await bundle(work);
  finish(work, source);
  rmSync(OUT, { recursive: true, force: true });
  renameSync(work, OUT);
}

async function bundle(outDir: string): Promise<void> {
  // Only when there is something to build: reading it takes a second.
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: join(ROOT, 'web'),
    base: './',
    logLevel: 'warn',
    plugins: [iconsPlugin()],
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      modulePreload: false,
      cssCodeSplit: false,
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      rollupOptions: {
        input: join(ROOT, 'web/main.tsx'),
        output: {
          entryFileNames: '[name]-[hash].js',
          chunkFileNames: '[name]-[hash].js',
          assetFileNames: '[name]-[hash][extname]',
        },
      },
    },
  });
}

function finish(folder: string, source: string): void {
  const icon = readFileSync(join(ROOT, 'web/icon.svg'));
  const hash = createHash('sha256').update(icon).digest('base64url').slice(0, 8);
  writeFileSync(join(folder, `icon-${hash}.svg`), icon);
  const names = readdirSync(folder);
  for (const name of names) {
    const content = readFileSync(join(folder, name));
    const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content, { params }));
    writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
  }
  const find = (pattern: RegExp): string => {
    const name = names.find((candidate) => pattern.test(candidate));
    if (name === undefined) throw new Error(`The build made nothing like ${String(pattern)}.`);
    return name;
  };
  const manifest = {
    script: find(/^main-.*\.js$/),
    style: find(/\.css$/),
    icon: `icon-${hash}.svg`,
    source,
  };
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function builtFrom(): string | undefined {
  try {
    // Written by `finish`.
    const manifest = readFileSync(join(OUT, 'manifest.json'), 'utf8');
    return (JSON.parse(manifest) as { source?: string }).source;
  } catch {
    return undefined;
  }
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  for (const source of SOURCES)
    for (const file of filesOf(join(ROOT, source))) {
      hash.update(file.slice(ROOT.length));
      hash.update(readFileSync(file));
    }
  return hash.digest('hex');
}

function filesOf(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .toSorted((one, other) => one.name.localeCompare(other.name))
      .flatMap((entry) => filesOf(join(path, entry.name)));
  } catch {
    return [path];
  }
}

mkdirSync(join(ROOT, 'dist'), { recursive: true });
if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPage();
