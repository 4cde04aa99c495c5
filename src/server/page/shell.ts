// The one HTML document of the page: relative addresses only, so that it works below any prefix.
import type { Assets } from './assets.js';
import type { PageConfig, PageOptions } from './options.js';

/** The document. */
export function shellOf(
  assets: Pick<Assets, 'script' | 'style' | 'icon'>,
  options: PageOptions,
  operations: readonly string[],
): string {
  const { cspExtra: _, stylesheet, ...rest } = options;
  const config: PageConfig = { ...rest, operations };
  const own =
    stylesheet === undefined ? [] : [`<link rel="stylesheet" href="${escape(stylesheet)}">`];
  return [
    '<!doctype html>',
    `<html lang="${escape(options.locale ?? 'en')}">`,
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">',
    '<meta name="color-scheme" content="light dark">',
    `<meta name="s3files" content="${escape(JSON.stringify(config))}">`,
    `<title>${escape(options.title ?? 'Files')}</title>`,
    `<link rel="icon" type="image/svg+xml" href="_page/${assets.icon}">`,
    `<link rel="stylesheet" href="_page/${assets.style}">`,
    ...own,
    `<script type="module" src="_page/${assets.script}"></script>`,
    '<div id="app"></div>',
    '<noscript>This page needs JavaScript.</noscript>',
    '</html>',
    '',
  ].join('\n');
}

function escape(text: string): string {
  const NAMED: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' };
  return text.replace(/[&<>"]/g, (character) => `&${NAMED[character]};`);
}
