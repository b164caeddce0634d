import { type Browser, chromium } from 'playwright-core';
import { onTestFinished } from 'vitest';

/** Debian's Chromium phones home at start; a test's browser talks to the test alone. */
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where Debian's package puts it. */
export const chromiumFile = '/usr/bin/chromium';

/** A real Chromium that ends with the test. */
export const openChromium = async (): Promise<Browser> => {
  const browser = await chromium.launch({ executablePath: chromiumFile, args: flags });
  onTestFinished(() => browser.close());
  return browser;
};
