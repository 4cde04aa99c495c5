// The icons that the page uses, out of lucide-static, as data: the page draws them without any markup of theirs.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';

/** Every icon of the page, by lucide's name. */
export const ICON_NAMES = [
  'archive',
  'arrow-left',
  'arrow-up',
  'camera',
  'check',
  'chevron-down',
  'chevron-left',
  'chevron-right',
  'clipboard-paste',
  'cloud-off',
  'code',
  'copy',
  'download',
  'ellipsis',
  'file',
  'file-text',
  'film',
  'folder',
  'folder-input',
  'folder-open',
  'folder-plus',
  'folder-up',
  'image',
  'info',
  'keyboard',
  'layout-grid',
  'link',
  'list',
  'lock',
  'log-out',
  'monitor',
  'moon',
  'music',
  'pause',
  'pencil',
  'play',
  'plus',
  'refresh-cw',
  'search',
  'search-x',
  'sheet',
  'sun',
  'trash-2',
  'triangle-alert',
  'undo-2',
  'upload',
  'user',
  'x',
] as const;

const VIRTUAL = 'virtual:icons';
const RESOLVED = `\0${VIRTUAL}`;

/** Serves `virtual:icons`. */
export function iconsPlugin(): Plugin {
  return {
    name: 'icons',
    resolveId: (id) => (id === VIRTUAL ? RESOLVED : undefined),
    load: (id) => (id === RESOLVED ? iconsModule() : undefined),
  };
}

function iconsModule(): string {
  const folder = dirname(createRequire(import.meta.url).resolve('lucide-static/package.json'));
  const icons = Object.fromEntries(
    ICON_NAMES.map((name) => [
      name,
      shapesOf(readFileSync(join(folder, 'icons', `${name}.svg`), 'utf8')),
    ]),
  );
  return `export const ICONS = ${JSON.stringify(icons)};`;
}

function shapesOf(svg: string): readonly unknown[] {
  const inner = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1);
  return [...inner.matchAll(/<(\w+)\s([^>]*?)\/>/g)].map(([, element, attributes = '']) => [
    element,
    Object.fromEntries(
      [...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    ),
  ]);
}
