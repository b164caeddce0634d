// Takes the pictures of the READMEs: docs/report.png, the page of the newest release that the demo
// rolled back, docs/report-phone.png, the same on a phone, and the mail of a broken gate, from the golden file that the
// tests hold the renderer to.
// `npm run demo && npm run docs:screenshot`; CHROMIUM names a browser that lies elsewhere.
// @ts-check
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../', import.meta.url));
const logs = join(root, 'var/demo/monitor_logs');
const picture = join(root, 'docs/report.png');
const phonePicture = join(root, 'docs/report-phone.png');
const phone = { width: 390, height: 844 };
const mail = join(root, 'packages/notifier/test/golden/gate-break.email.html');
const mailPicture = join(root, 'packages/notifier/docs/email-gate-break.png');
const width = 1200;
const mailWidth = 640;
const margin = 8;
const browserFile = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** @returns {Promise<string | null>} folder of the newest run that was rolled back; names sort by time */
const newestRolledBack = async () => {
  const runs = existsSync(logs) ? (await readdir(logs)).sort().reverse() : [];
  for (const run of runs) {
    const folder = join(logs, run);
    const summary = join(folder, 'summary.json');
    if (!existsSync(summary) || !existsSync(join(folder, 'report.html'))) continue;
    if (JSON.parse(await readFile(summary, 'utf8')).decision === 'rollback') return folder;
  }
  return null;
};

/**
 * @param {string} file
 * @param {number} wide
 * @param {(page: import('playwright-core').Page) => Promise<void>} look
 */
const withPage = async (file, wide, look) => {
  const browser = await chromium.launch({
    executablePath: browserFile,
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
  try {
    const page = await browser.newPage({ viewport: { width: wide, height: 900 } });
    await page.goto(pathToFileURL(file).href);
    await page.waitForLoadState('load');
    await look(page);
  } finally {
    await browser.close();
  }
};

/** @param {string} report */
const shootReport = (report) =>
  withPage(report, width, async (page) => {
    // From the top to the end of the first row of gates: what README can show at its width.
    const gate = await page.locator('article.gate').first().boundingBox();
    if (gate === null) throw new Error(`${report} shows no gate`);
    const height = Math.ceil(gate.y + gate.height + margin);
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: picture });
  });

/** What a phone shows first, without scrolling. @param {string} report */
const shootPhone = (report) =>
  withPage(report, phone.width, async (page) => {
    await page.setViewportSize(phone);
    await page.screenshot({ path: phonePicture });
  });

const shootMail = () =>
  withPage(mail, mailWidth, async (page) => {
    await page.screenshot({ path: mailPicture, fullPage: true });
  });

const main = async () => {
  if (!existsSync(browserFile)) {
    console.error(
      `error: no browser at ${browserFile}; run: apt-get install chromium, or set CHROMIUM to one`,
    );
    return 2;
  }
  await shootMail();
  await say(mailPicture);
  const folder = await newestRolledBack();
  if (folder === null) {
    console.error('error: no report of a rolled-back release under var/demo; run: npm run demo');
    return 2;
  }
  await shootReport(join(folder, 'report.html'));
  await say(picture);
  await shootPhone(join(folder, 'report.html'));
  await say(phonePicture);
  return 0;
};

/** @param {string} file */
const say = async (file) => {
  const { size } = await stat(file);
  console.log(`${relative(root, file)}: ${Math.round(size / 1000)} kB`);
};

process.exitCode = await main();
