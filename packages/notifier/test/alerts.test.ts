import type { ServerResponse } from 'node:http';
import { startHttpServer } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import {
  type ChannelConfig,
  channelSchema,
  checkChannels,
  type Message,
  previewMessage,
} from '../src/index.ts';
import { message } from './messages.ts';
import { startNotifier } from './notifier-kit.ts';

const key = 'CANARY0123456789abcdefCANARY0123';

const situation = {
  serving: '1.2',
  downtimeMs: null,
  rowsSetAside: null,
  host: 'app-1',
  operator: 'ada',
};
const broke = (change: Partial<Message> = {}): Message =>
  message({
    acts: { who: 'you must', what: 'Roll it back.', commands: ['roll --back'] },
    situation,
    links: [
      { title: 'Report', url: 'https://ci.test/r' },
      { title: 'Runbook', url: 'https://wiki.test/x' },
    ],
    ...change,
  });
const rolledBack = message({
  id: 'run-1-rollback-done',
  event: 'rollback-done',
  severity: 'warning',
  title: 'rolled back',
  at: '2026-11-23T20:05:00.000Z',
});

type AlertType = 'pagerduty' | 'opsgenie' | 'alertmanager';

const taken: Readonly<Record<AlertType, { status: number; body: string }>> = {
  pagerduty: {
    status: 202,
    body: '{"status":"success","message":"Event processed","dedup_key":"k"}',
  },
  opsgenie: {
    status: 202,
    body: '{"result":"Request will be processed","took":0.3,"requestId":"r-1"}',
  },
  alertmanager: { status: 200, body: '' },
};

const configOf = (type: AlertType, url: string): ChannelConfig => {
  const common = { name: type, allowPrivate: true, perSecond: 1000 };
  switch (type) {
    case 'pagerduty':
      return { ...common, type, url: `${url}/v2/enqueue`, routingKey: key };
    case 'opsgenie':
      return { ...common, type, url, apiKey: key, team: 'ops' };
    case 'alertmanager':
      return { ...common, type, url: `${url}/am/`, token: key, labels: { team: 'ops' } };
  }
};

const start = async (
  type: AlertType,
  answers: readonly { status: number; body: string }[] = [],
) => {
  let count = 0;
  const server = await startHttpServer((_request, response: ServerResponse) => {
    const { status, body } = answers[count++] ?? taken[type];
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  const kit = await startNotifier([configOf(type, server.url)]);
  const posted = () =>
    server.requests.map(({ url, body, headers }) => ({
      url,
      body: JSON.parse(body) as unknown,
      authorization: headers['authorization'],
    }));
  return { ...kit, posted };
};

describe('pagerduty', () => {
  it('opens an alert of the run, and resolves it', async () => {
    const { notifier, posted } = await start('pagerduty');
    expect(await notifier.send(broke())).toMatchObject([{ status: 'delivered', attempts: 1 }]);
    expect(await notifier.send(rolledBack)).toMatchObject([{ status: 'delivered' }]);
    expect(posted()).toEqual([
      {
        url: '/v2/enqueue',
        authorization: undefined,
        body: {
          routing_key: key,
          dedup_key: 'dhash-rollout:run-1',
          event_action: 'trigger',
          payload: {
            summary: 'dhash production: gate p95 broke. You must act.',
            source: 'app-1',
            severity: 'critical',
            timestamp: '2026-11-23T20:00:00.000Z',
            class: 'gate-break',
            custom_details: {
              'Serving now': '1.2',
              Version: '1.2.0',
              'Before it': '1.1.0',
              Host: 'app-1',
              Operator: 'ada',
              Run: 'run-1',
              Text: 'You must act: Roll it back.\n  roll --back\np95 was 812 ms, more than 500 ms, in 3 of 3 windows.\nWhy: slow decode path\nsecond line',
            },
          },
          links: [
            { href: 'https://ci.test/r', text: 'Report' },
            { href: 'https://wiki.test/x', text: 'Runbook' },
          ],
          client: 'dhash-rollout',
        },
      },
      {
        url: '/v2/enqueue',
        authorization: undefined,
        body: { routing_key: key, dedup_key: 'dhash-rollout:run-1', event_action: 'resolve' },
      },
    ]);
  });

  it('says what is wrong with an event, and never the key', async () => {
    const body = `{"status":"invalid event","message":"Event object is invalid","errors":["bad ${key}"]}`;
    const { notifier, everything } = await start('pagerduty', [{ status: 400, body }]);
    const receipts = await notifier.send(broke());
    expect(receipts).toMatchObject([
      { status: 'dead', reason: expect.stringContaining('invalid event') },
    ]);
    expect(JSON.stringify(receipts) + (await everything())).not.toContain('CANARY');
  });
});

describe('opsgenie', () => {
  it('opens an alert of the run, and closes it by its alias', async () => {
    const { notifier, posted } = await start('opsgenie');
    expect(await notifier.send(broke())).toMatchObject([{ status: 'accepted', receipt: 'r-1' }]);
    await notifier.send(rolledBack);
    expect(posted()).toEqual([
      {
        url: '/v2/alerts',
        authorization: `GenieKey ${key}`,
        body: {
          message: 'dhash production: gate p95 broke. You must act.',
          alias: 'dhash-rollout:run-1',
          description:
            'You must act: Roll it back.\n  roll --back\np95 was 812 ms, more than 500 ms, in 3 of 3 windows.\nWhy: slow decode path\nsecond line\nReport: https://ci.test/r\nRunbook: https://wiki.test/x',
          details: {
            'Serving now': '1.2',
            Version: '1.2.0',
            'Before it': '1.1.0',
            Host: 'app-1',
            Operator: 'ada',
            Run: 'run-1',
          },
          tags: ['dhash-rollout', 'gate-break', 'critical'],
          priority: 'P1',
          source: 'app-1',
          responders: [{ name: 'ops', type: 'team' }],
        },
      },
      {
        url: '/v2/alerts/dhash-rollout%3Arun-1/close?identifierType=alias',
        authorization: `GenieKey ${key}`,
        body: { source: 'dhash-rollout', note: expect.stringMatching(/^rolled back\n/) },
      },
    ]);
  });

  it('keeps to the limits of its API', async () => {
    const facts = Array.from({ length: 60 }, (_, index) => ({
      name: `n${index}`,
      value: 'x'.repeat(900),
    }));
    const { notifier, posted } = await start('opsgenie');
    const sections = [{ title: 'Log', text: 'y'.repeat(40_000) }];
    const [receipt] = await notifier.send(broke({ title: 't'.repeat(300), facts, sections }));
    expect(receipt).toMatchObject({ status: 'accepted', truncated: true });
    const body = posted()[0]?.body as Record<string, string> & { details: Record<string, string> };
    expect(body['message']?.length).toBeLessThanOrEqual(130);
    expect(body['description']?.length).toBeLessThanOrEqual(15_000);
    const details = Object.entries(body.details).map(([name, value]) => name.length + value.length);
    expect(details.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(8000);
  });
});

describe('alertmanager', () => {
  it('fires an alert of the run, and ends it under the same labels', async () => {
    const { notifier, posted } = await start('alertmanager');
    expect(await notifier.send(broke())).toMatchObject([{ status: 'delivered' }]);
    await notifier.send(rolledBack);
    const labels = { team: 'ops', alertname: 'DhashRollout', run: 'run-1' };
    const [fired, ended] = posted();
    expect(fired).toMatchObject({ url: '/am/api/v2/alerts', authorization: `Bearer ${key}` });
    expect(fired?.body).toEqual([
      {
        labels: { ...labels, severity: 'critical' },
        annotations: {
          summary: 'dhash production: gate p95 broke. You must act.',
          description: expect.stringMatching(/^You must act: Roll it back\.\n {2}roll --back\n/),
          runbook_url: 'https://wiki.test/x',
        },
        startsAt: '2026-11-23T20:00:00.000Z',
        endsAt: '2026-11-24T20:00:00.000Z',
        generatorURL: 'https://ci.test/r',
      },
    ]);
    expect(ended?.body).toMatchObject([
      { labels: { ...labels, severity: 'critical' }, endsAt: '2026-11-23T20:05:00.000Z' },
      { labels: { ...labels, severity: 'warning' }, endsAt: '2026-11-23T20:05:00.000Z' },
    ]);
  });

  it('takes a user and password instead of a token', async () => {
    const server = await startHttpServer((_request, response) => void response.end());
    const { notifier } = await startNotifier([
      {
        type: 'alertmanager',
        name: 'am',
        url: server.url,
        allowPrivate: true,
        user: 'ops',
        password: 'pä:ss',
      },
    ]);
    await notifier.send(broke());
    const pair = Buffer.from('ops:pä:ss').toString('base64');
    expect(server.requests[0]?.headers['authorization']).toBe(`Basic ${pair}`);
  });
});

describe.each(['pagerduty', 'opsgenie', 'alertmanager'] as const)('%s', (type) => {
  it('hears nothing of progress, and a test pages nobody', async () => {
    const { notifier, posted } = await start(type);
    const info = message({ id: 'i', event: 'deploy-started', severity: 'info' });
    expect(await notifier.send(info)).toMatchObject([
      { status: 'off', reason: 'deploy-started opens no alert and closes none' },
    ]);
    const [receipt] = await notifier.test(message({ event: 'test', severity: 'info', run: null }));
    expect(['delivered', 'accepted']).toContain(receipt?.status);
    expect(JSON.stringify(posted())).not.toMatch(/"trigger"|"priority"|"startsAt"/);
  });

  it('gets the end of an alert after its beginning, however late that goes out', async () => {
    const down = { status: 503, body: '' };
    const { notifier, posted, clock } = await start(type, Array(5).fill(down));
    expect(await notifier.send(broke())).toMatchObject([{ status: 'spooled' }]);
    expect(await notifier.send(rolledBack)).toMatchObject([
      { status: 'spooled', reason: 'waits for run-1-gate-break, which must go first' },
    ]);
    clock.advance(60_000);
    expect(await notifier.flush()).toMatchObject({ spooled: 0, dead: 0 });
    const [first, second] = posted()
      .slice(-2)
      .map(({ body }) => JSON.stringify(body));
    expect(first).toMatch(/trigger|priority|startsAt/);
    expect(second).not.toMatch(/trigger|priority|startsAt/);
  });

  it('does not take a page of a proxy for its answer', async () => {
    const page = { status: 200, body: '<html>Sign in</html>' };
    const { notifier } = await start(type, [page]);
    expect(await notifier.send(broke())).toMatchObject([{ status: 'dead' }]);
  });

  it('is previewed without its key', async () => {
    const { body } = await previewMessage(broke(), configOf(type, 'https://x.test'));
    expect(body).toContain('gate p95 broke');
    expect(body).not.toContain('CANARY');
  });
});

describe('their settings', () => {
  it.each([
    [{ type: 'pagerduty' }, 'needs \\"routingKey\\" or \\"routingKeyFile\\"'],
    [{ type: 'pagerduty', routingKey: 'a', routingKeyFile: 'b' }, 'exclude each other'],
    [{ type: 'opsgenie', team: 'ops' }, 'needs \\"apiKey\\" or \\"apiKeyFile\\"'],
    [{ type: 'alertmanager', token: 'x' }, 'needs \\"url\\" or \\"urlFile\\"'],
    [{ type: 'alertmanager', url: 'x', token: 'a', user: 'b' }, 'exclude each other'],
    [{ type: 'alertmanager', url: 'x', labels: { 'a-b': 'c' } }, 'labels'],
  ])('%j is refused', (settings, says) => {
    const parsed = channelSchema.safeParse(settings);
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error?.issues)).toContain(says);
  });

  it('without their variable they are off; elsewhere than at their vendor they are refused', () => {
    const checks = checkChannels([
      { type: 'pagerduty', name: 'unset', routingKey: '' },
      { type: 'opsgenie', name: 'empty', url: '' },
      { type: 'alertmanager', name: 'tokenless', url: 'https://am.test', token: '' },
      { type: 'pagerduty', name: 'us', routingKey: key },
      {
        type: 'pagerduty',
        name: 'eu',
        url: 'https://events.eu.pagerduty.com/v2/enqueue',
        routingKey: key,
      },
      { type: 'opsgenie', name: 'evil', url: 'https://api.opsgenie.com.evil.test', apiKey: key },
      { type: 'opsgenie', name: 'lost', apiKeyFile: '/none/at/all' },
      { type: 'alertmanager', name: 'plain', url: 'http://am.test' },
    ]);
    expect(checks.map(({ channel, state }) => `${channel} ${state}`)).toEqual([
      ...[
        'unset off',
        'empty off',
        'tokenless off',
        'us on',
        'eu on',
        'evil bad',
        'lost bad',
        'plain bad',
      ],
    ]);
    expect(JSON.stringify(checks)).not.toContain('CANARY');
  });
});
