import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  eventNames,
  fixedLinks,
  loadTemplates,
  previewMessage,
  renderEmail,
  renderMessage,
  type Templates,
  whoActs,
} from '../src/index.ts';

/** What a rollout gives, made up but for its shape. */
const variables = {
  service: 'dhash',
  env: 'production',
  url: 'https://dhash.example.org/',
  run: '20261123T200000Z-production',
  head: '42:9f2c0d5e',
  version: '1.2.0',
  previous: '1.1.0',
  operator: 'ada',
  gate: 'p95_hash_time',
  sentence: 'p95_hash_time was 812 ms, more than 500 ms, in 3 of 3 readings',
  decision: 'rollback',
  reason: 'p95_hash_time was 812 ms, more than 500 ms, in 3 of 3 readings',
  report: 'monitor_logs/20261123T200000Z-production/report.html',
  summary: 'health: pass, 41 of 41 checks OK\np95_hash_time: break, 812 ms > 500 ms',
  backup: 'backups/dhash_20261123T195500Z_production.zip',
  safety: 'backups/safety/dhash_20261123T201500Z_production.zip',
  incident: 'incidents/20261123T200000Z-production',
  files: '300',
  rows: '300',
  duration: '18 s',
  step: 'start',
  state: 'Release 1.1.0 is laid, the service is stopped, the old data is kept aside.',
  message: 'Hello from <dhash> & friends.',
};
const at = '2026-11-23T20:00:00.000Z';
let templates: Templates;

beforeAll(async () => {
  templates = await loadTemplates(
    fileURLToPath(new URL('../../../templates/notifications', import.meta.url)),
  );
});

const commands = {
  rollBack: 'npx dhash-rollout rollback --env production',
  goOn: 'npx dhash-rollout rollback --env production --resume',
  look: 'npx dhash-rollout status --env production',
};

/** How things stand after each event: a gate that breaks is answered by a rollback, which fails at first. */
const servingAfter = (event: string): string | null =>
  event === 'rollback-done'
    ? '1.1.0'
    : ['rollback-failed', 'production-down'].includes(event)
      ? null
      : '1.2.0';

const sample = (event: string) => {
  const serving = servingAfter(event);
  const { version, previous, run, service, env } = variables;
  const acts = whoActs(event, { next: 'rollback', serving, version, previous, commands });
  const links = {
    report: 'https://ci.example.org/{run}/report.html',
    runbook: 'https://wiki.example.org/dhash',
  };
  return renderMessage(templates, event, variables, {
    id: `sample-${event}`,
    at,
    run,
    acts,
    situation:
      acts === undefined
        ? undefined
        : {
            serving: serving ?? 'nothing: the service is stopped',
            downtimeMs: /^rollback/.test(event) ? 6100 : null,
            rowsSetAside: event === 'rollback-done' ? 426 : null,
            host: 'app-1',
            operator: 'ada',
          },
    links: fixedLinks(links, { service, env, event, run, version }),
  });
};

/** To renew after a change that is meant: `npx vitest run --project @dhash/notifier -u`, then look. */
describe.each(eventNames)('%s', (event) => {
  it.each(['slack', 'teams', 'discord', 'webhook'] as const)('%s', async (channel) => {
    const { body } = await previewMessage(sample(event), channel);
    const shown = `${JSON.stringify(JSON.parse(body), null, 2)}\n`;
    await expect(shown).toMatchFileSnapshot(`golden/${event}.${channel}.json`);
  });

  it('email', async () => {
    const { text, html } = renderEmail(sample(event));
    await expect(text).toMatchFileSnapshot(`golden/${event}.email.txt`);
    await expect(html).toMatchFileSnapshot(`golden/${event}.email.html`);
  });
});

/** What opens an alert, and what closes it. */
describe.each(['gate-break', 'rollback-failed', 'rollback-done'])('%s', (event) => {
  it.each(['pagerduty', 'opsgenie', 'alertmanager'] as const)('%s', async (channel) => {
    const { body } = await previewMessage(sample(event), channel);
    const shown = `${JSON.stringify(JSON.parse(body), null, 2)}\n`;
    await expect(shown).toMatchFileSnapshot(`golden/${event}.${channel}.json`);
  });
});

it('a preview of a mail is the whole mail, the same each time', async () => {
  const first = await previewMessage(sample('gate-break'), 'email');
  expect(first.contentType).toBe('message/rfc822');
  expect(first.body).toMatch(/^Subject: .*p95/m);
  expect(first.body).toMatch(/^To: ops@example\.org/m);
  expect(await previewMessage(sample('gate-break'), 'email')).toEqual(first);
});
