import { chromium, type Browser } from 'playwright-core';
import { programPath } from './programs.ts';

/** Launches the installed Chromium, headless and without calls home. */
export const launchChromium = async (): Promise<Browser> => {
  const executablePath = programPath('chromium');
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
