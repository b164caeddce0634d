// Takes docs/report.png, the picture in README.md: the report of the newest release that the demo
// rolled back. `npm run demo && npm run docs:screenshot`; CHROMIUM names a browser that lies elsewhere.
// @ts-check
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../', import.meta.url));
const logs = join(root, 'var/demo/monitor_logs');
const picture = join(root, 'docs/report.png');
const width = 1200;
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

/** @param {string} report */
const shoot = async (report) => {
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
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    await page.goto(pathToFileURL(report).href);
    await page.waitForLoadState('load');
    // From the top to the end of the first row of gates: what README can show at its width.
    const gate = await page.locator('article.gate').first().boundingBox();
    if (gate === null) throw new Error(`${report} shows no gate`);
    const height = Math.ceil(gate.y + gate.height + margin);
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: picture });
  } finally {
    await browser.close();
  }
};

const folder = await newestRolledBack();
if (folder === null) {
  console.error('error: no report of a rolled-back release under var/demo; run: npm run demo');
  process.exitCode = 2;
} else if (!existsSync(browserFile)) {
  console.error(
    `error: no browser at ${browserFile}; run: apt-get install chromium, or set CHROMIUM to one`,
  );
  process.exitCode = 2;
} else {
  await shoot(join(folder, 'report.html'));
  const { size } = await stat(picture);
  console.log(`docs/report.png: ${Math.round(size / 1000)} kB`);
}
