import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { hasTool } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { metricsText } from '../../src/dashboard/metrics-text.ts';
import { serveMetrics } from '../../src/dashboard/serve-metrics.ts';
import { endings } from '../pages/endings.ts';

const rules = join(import.meta.dirname, '../../alerts.yml');
const promtool = '/usr/bin/promtool';

it("gives the watch's own state to who asks on this machine", async () => {
  const page = endings()['not-rolled-back'];
  const serving = await serveMetrics(async () => metricsText(page), 0);
  const text = await (await fetch(serving.address)).text();
  await serving.close();
  expect(serving.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  for (const line of [
    'rollout_needs_people{service="notes",env="production"} 1',
    'rollout_gate_value{service="notes",env="production",gate="uploadFailureRate"} 12.5',
    'rollout_gate_threshold{service="notes",env="production",gate="uploadFailureRate"} 5',
    'rollout_gate_broken{service="notes",env="production",gate="uploadFailureRate"} 1',
    'rollout_gate_broken{service="notes",env="production",gate="queueLength"} 0',
  ])
    expect(text).toContain(`${line}\n`);
});

it('quotes what it did not write itself', () => {
  const page = { ...endings().promoted, service: 'a"\\\nb' };
  expect(metricsText(page)).toContain(
    'rollout_run_open{service="a\\"\\\\\\nb",env="production"} 0\n',
  );
  expect(metricsText(null)).toBe('# no run yet\n');
});

it.runIf(hasTool(promtool))('promtool finds nothing in the metrics or in the alert rules', () => {
  const input = metricsText(endings()['rolled-back']);
  expect(execFileSync(promtool, ['check', 'metrics'], { input, encoding: 'utf8' })).toBe('');
  expect(execFileSync(promtool, ['check', 'rules', rules], { encoding: 'utf8' })).toContain(
    '4 rules found',
  );
});
