import { appendFile, mkdir, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { openJournal } from '@dhash/journal';
import { chromiumFile, graveOf, hasTool, openChromium, runAxe, tempFolder } from '@dhash/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/process/clock.ts';
import type { RecordedEvent } from '../../src/record/events.ts';
import { layoutOf } from '../../src/record/layout.ts';
import { rolledBack } from '../pages/endings.ts';
import { runMain } from '../run-main.ts';

const run = '20261124T100000Z-production-deploy-3fa9';

/** The command, until it is stopped; resolves once it listens. */
const dashboard = async (cwd: string, ...flags: string[]) => {
  const stop = new AbortController();
  let listens: (address: string) => void = () => undefined;
  const listening = new Promise<string>((resolve) => {
    listens = resolve;
  });
  const ended = runMain(['dashboard', ...flags], {
    ...{ cwd, clock: systemClock, processEnv: {}, signal: stop.signal },
    onOut: (text) => {
      const address = /http:\S+/.exec(text)?.[0];
      if (address !== undefined) listens(address);
    },
  });
  const end = async () => {
    stop.abort();
    return ended;
  };
  onTestFinished(async () => {
    await end();
  });
  const ran = ended.then(({ err }) => Promise.reject<string>(new Error(err)));
  return { address: await Promise.race([listening, ran]), end };
};

/** Puts events on the record, each at its own time. */
const write = async (file: string, events: readonly RecordedEvent[]): Promise<void> => {
  let at = 0;
  const journal = await openJournal(file, { now: () => at });
  for (const { at: then, seq: _seq, prev: _prev, hash: _hash, ...event } of events) {
    at = Date.parse(then);
    await journal.append(event as unknown as Parameters<typeof journal.append>[0]);
  }
  await journal.close();
};

const statusOf = (url: string, method: string, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.end();
  });

it.runIf(hasTool(chromiumFile))(
  'a dashboard shows a rollout as it goes, through its own restart, on a phone too, and asks nobody else',
  async () => {
    const root = await tempFolder();
    const files = layoutOf(root).run(run);
    const { events, watch } = rolledBack();
    if (watch === null) throw new Error('this ending has a watch');
    const from = (type: string) => events.findIndex((event) => event.type === type);
    const first = await dashboard(root, '--port', '0');
    const { port } = new URL(first.address);
    expect((await stat(join(root, '.rollout', 'dashboard.secret'))).mode & 0o077).toBe(0);

    const browser = await openChromium();
    const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
    const page = await context.newPage();
    const elsewhere: string[] = [];
    page.on('request', (asked) => {
      if (new URL(asked.url()).host !== `127.0.0.1:${port}`) elsewhere.push(asked.url());
    });
    await page.goto(first.address);
    const headline = page.locator('h1.story');
    await expect.poll(() => headline.textContent()).toBe('No run yet');

    await write(files.journal, events.slice(0, from('watch.started')));
    await expect.poll(() => headline.textContent()).toContain('1.2 is live: nobody watches it yet');
    const logLines = watch.samples.map(
      (sample, line) => `${JSON.stringify({ ...(line === 0 ? { format: 2 } : {}), ...sample })}\n`,
    );
    await mkdir(dirname(files.samples), { recursive: true });
    await appendFile(files.samples, logLines.slice(0, 5).join(''));
    await write(files.journal, events.slice(from('watch.started'), from('watch.started') + 1));
    await expect.poll(() => headline.textContent()).toContain('1.2 is live and being watched');
    await expect.poll(() => page.locator('svg.static').count()).toBe(3);
    const reads = () => page.locator('article.gate .now').first().textContent();
    const before = await reads();
    await appendFile(files.samples, logLines.slice(5).join(''));
    await expect.poll(reads).not.toBe(before);

    expect(await first.end()).toMatchObject({ exit: 0 });
    await expect.poll(() => page.locator('#live b').textContent()).toBe('not connected');
    const second = await dashboard(root, '--port', port);
    expect(second.address).toBe(first.address);
    await write(files.journal, events.slice(from('watch.started') + 1));
    await expect.poll(() => headline.textContent()).toContain('1.2 was rolled back to 1.1');
    await expect.poll(() => page.locator('#live b').textContent()).toBe('live');
    expect(await page.locator('#view').textContent()).toContain(
      'uploadFailureRate 12.5 of 5 % (250 %)',
    );
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(await page.locator('form, button, input:visible').count()).toBe(0);

    const audited = await browser.newContext({ bypassCSP: true });
    const audit = await audited.newPage();
    await audit.goto(second.address);
    expect(graveOf(await runAxe(audit))).toEqual([]);
    await audit.getByText('Its page').click();
    await audit.locator('.u-wrap').first().waitFor();
    expect(await audit.locator('h1').textContent()).toContain('1.2 was rolled back to 1.1');

    const host = { host: `127.0.0.1:${port}` };
    expect(await statusOf(second.address, 'GET', host)).toBe(200);
    expect(await statusOf(second.address, 'GET', { host: 'rebound.test' })).toBe(403);
    expect(await statusOf(second.address, 'POST', host)).toBe(405);
    expect(await statusOf(`http://127.0.0.1:${port}/guess/`, 'GET', host)).toBe(403);
    const { headers } = await fetch(second.address);
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(elsewhere).toEqual([]);
  },
);
