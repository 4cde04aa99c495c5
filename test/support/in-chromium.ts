import { describe } from 'vitest';
import { installed } from './programs.ts';

/** A suite that needs a browser: left out, hooks of its file included, where Chromium is missing. */
export const inChromium = describe.runIf(installed('chromium'));
