import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromiumFile, graveOf, hasTool, openChromium, runAxe, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { renderRunPage } from '../../src/pages/render-run-page.ts';
import { endings } from '../pages/endings.ts';

const looks = [
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
  { width: 390, colorScheme: 'light' },
] as const;

it.runIf(hasTool(chromiumFile))(
  'the page of each ending reads in Chromium: wide and on a phone, light and dark, by keyboard, and by ear',
  async () => {
    const folder = await tempFolder();
    const browser = await openChromium();
    const counts: Record<string, number> = {};
    for (const [name, page] of Object.entries(endings())) {
      const file = join(folder, `${name}.html`);
      await writeFile(file, renderRunPage(page));
      const context = await browser.newContext({ bypassCSP: true });
      const tab = await context.newPage();
      const faults: string[] = [];
      tab.on('pageerror', (error) => faults.push(String(error)));
      tab.on('console', (message) => {
        if (message.type() === 'error') faults.push(message.text());
      });
      tab.on('request', (request) => {
        if (!request.url().startsWith('file:')) faults.push(request.url());
      });
      for (const { width, colorScheme } of looks) {
        await tab.setViewportSize({ width, height: 900 });
        await tab.emulateMedia({ colorScheme });
        await tab.goto(pathToFileURL(file).href);
        if (page.watch !== null) await tab.locator('.u-wrap').first().waitFor();
        const found = await runAxe(tab);
        expect(graveOf(found), `${name} ${width} ${colorScheme}`).toEqual([]);
        for (const { id, impact } of found)
          counts[`${impact ?? ''} ${id}`] = (counts[`${impact ?? ''} ${id}`] ?? 0) + 1;
        const wide = await tab.evaluate<number>('document.documentElement.scrollWidth');
        expect(wide, `${name} at ${width} px`).toBeLessThanOrEqual(width);
      }
      // On a phone each cell stands under its label, within the screen.
      const cell = await tab.evaluate<{ label: string; width: number }>(
        '(() => { const td = document.querySelectorAll(".table td")[1]; return { label: getComputedStyle(td, "::before").content, width: td.getBoundingClientRect().width }; })()',
      );
      expect(cell.label).toContain('Step');
      expect(cell.width).toBeLessThan(390);
      await tab.keyboard.press('Tab');
      expect(await tab.evaluate('document.activeElement.matches("code, input, summary")')).toBe(
        true,
      );
      await tab.emulateMedia({ media: 'print' });
      expect(await tab.locator('.uplot:visible').count()).toBe(0);
      if (page.watch !== null)
        expect(await tab.locator('svg.static:visible').count()).toBeGreaterThan(0);
      expect(faults, name).toEqual([]);
      await context.close();
    }
    console.info(
      `axe: ${Object.keys(endings()).length} pages, ${looks.length} looks each: 0 serious, others ${JSON.stringify(counts)}`,
    );
  },
);
