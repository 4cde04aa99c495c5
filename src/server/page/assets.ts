// The built page, read once into memory: scripts, styles and icons, each also compressed.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file of the page as it can be sent. */
export interface Asset {
  readonly type: string;
  readonly identity: Buffer;
  readonly br: Buffer;
  readonly gzip: Buffer;
}

/** The built page. */
export interface Assets {
  readonly script: string;
  readonly style: string;
  readonly icon: string;
  /** By file name, which holds a hash of the content. */
  readonly files: ReadonlyMap<string, Asset>;
}

interface Manifest {
  readonly script: string;
  readonly style: string;
  readonly icon: string;
}

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Beside the built handler, or in the checkout's `dist`. */
const FOLDERS = ['./page/', '../../../dist/page/'];

/**
 * Reads the built page.
 *
 * @throws Error when it was not built
 */
export function readAssets(): Assets {
  const folder = FOLDERS.map((name) => fileURLToPath(new URL(name, import.meta.url))).find((path) =>
    existsSync(`${path}manifest.json`),
  );
  if (folder === undefined) throw new Error('The page is not built: npm run build');
  // Written by our own build.
  const manifest = JSON.parse(readFileSync(`${folder}manifest.json`, 'utf8')) as Manifest;
  const files = new Map<string, Asset>();
  for (const name of readdirSync(folder)) {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    if (type === undefined) continue;
    const read = (suffix: string) => readFileSync(`${folder}${name}${suffix}`);
    files.set(name, { type, identity: read(''), br: read('.br'), gzip: read('.gz') });
  }
  return { ...manifest, files };
}
