import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type PolledSample, pollTimes, replay, type WatchPolicy } from '@dhash/quality-gates';
import { chromiumFile, hasTool, openChromium, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { renderReport } from '../../src/index.ts';
import { policyOf } from '../support/gates.ts';
import { startedAt } from '../support/service.ts';

/** A queue that grows by 3 a poll, and a service that dies near the end. */
const watched = (policy: WatchPolicy): PolledSample[] =>
  pollTimes(policy).map((ms, poll) => ({
    at: startedAt + ms,
    health: { ok: ms < policy.durationMs - 60_000 },
    metrics: { low_confidence_queue_length: 950 + 3 * poll },
  }));

const withLimit = (policy: WatchPolicy, gate: string, threshold: number): WatchPolicy => ({
  ...policy,
  gates: Object.fromEntries(
    Object.entries(policy.gates).map(([name, one]) => [
      name,
      name === gate ? { ...one, threshold } : one,
    ]),
  ),
});

const span = (ms: number) =>
  `${Math.floor(ms / 60_000)}:${String(Math.round(ms / 1000) % 60).padStart(2, '0')}`;

it.runIf(hasTool(chromiumFile))(
  'replays its watch in Chromium to what Node decides, and with any other limit too',
  async () => {
    const policy = policyOf();
    const samples = watched(policy);
    const { history, decision, at } = replay(policy, samples, { startedAt });
    expect(decision).toBe('rollback');
    const file = join(await tempFolder(), 'report.html');
    const shown = samples.slice(0, history.length);
    await writeFile(
      file,
      renderReport({
        run: 'run-1',
        title: 'dhash 1.2',
        policy,
        samples: shown,
        assessments: history,
        startedAt,
      }),
    );
    const browser = await openChromium();
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) faults.push(request.url());
    });
    await page.goto(pathToFileURL(file).href);
    expect(await page.locator('#replayed').textContent()).toBe(
      `Replayed in this page with the gates' own code: rollback at +${span(at - startedAt)}, as on the record.`,
    );
    expect(await page.locator('.u-wrap').count()).toBe(Object.keys(policy.gates).length);

    const field = page.locator('.whatif[data-gate="lowConfidenceQueue"]');
    for (const limit of [960, 980, 2000]) {
      await field.locator('input').fill(String(limit));
      const other = replay(withLimit(policy, 'lowConfidenceQueue', limit), shown, { startedAt });
      const told = (await field.locator('output').textContent()) ?? '';
      if (other.decision === 'continue')
        expect(told).toBe(
          'would not have broken in what was recorded; the watch: the record ends before a decision',
        );
      else {
        const ended = span(other.at - startedAt);
        expect(told).toBe(
          `would have broken at +${ended}, ${span(at - other.at)} earlier; the watch: rollback at +${ended}`,
        );
      }
    }
    await field.locator('input').fill('1000');
    expect(await field.locator('output').textContent()).toBe('');
    expect(faults).toEqual([]);
  },
);
