import { chromium, type Browser } from 'playwright-core';
import { pathOf, programPath } from './programs.ts';

/**
 * Launches the installed Chromium, headless and without calls home; its shell where that is installed, which has the
 * same engine and no viewer of PDFs. `whole`: as users have it.
 */
export const launchChromium = async ({ whole = false } = {}): Promise<Browser> => {
  const shell = whole ? undefined : pathOf('chromium-headless-shell');
  const executablePath = shell ?? programPath('chromium');
  if (executablePath === undefined)
    throw new Error('Chromium is missing: apt-get install chromium');
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
};
