import type { Message, Severity } from '@dhash/notifier';
import { describe, expect, it } from 'vitest';
import { isConfigError } from '../../src/config/config-error.ts';
import { environmentConfig } from '../../src/config/environment-config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { channelsFor, notifyEntry } from '../../src/config/recipients.ts';

const file = (notify: string, more = '') => `service: notes
gates: gates.json
environments:
  production:
    url: http://127.0.0.1:9
    health: { path: /health }
    target: { type: command, current: c, activate: a, start: s, stop: t }
    rollback: { data: keep }
    notify: ${notify}
${more}channels:
  chat: { type: slack, url: "https://hooks.slack.com/x" }
  pager: { type: slack, url: "https://hooks.slack.com/y" }
`;

const open = (notify: string, more = '') =>
  environmentConfig(parseConfig(file(notify, more), '/app/rollout.yaml'), 'production', {});

const issuesOf = (notify: string, more = '') => {
  try {
    open(notify, more);
  } catch (error) {
    if (isConfigError(error)) return error.issues;
    throw error;
  }
  return [];
};

const said = (event: string, severity: Severity): Message => ({
  id: 'm1',
  event,
  severity,
  title: '',
  summary: '',
  facts: [],
  sections: [],
  links: [],
  at: '2026-11-25T07:00:00.000Z',
  run: null,
});

describe('notify in rollout.yaml', () => {
  it('takes names and entries side by side, and opens each channel once', () => {
    const config = open(
      '[chat, { channel: chat, events: [t-plus-15] }, { channel: pager, minSeverity: critical }]',
    );
    expect(config.notify).toEqual([
      { channel: 'chat', events: null, minSeverity: 'info' },
      { channel: 'chat', events: ['t-plus-15'], minSeverity: 'info' },
      { channel: 'pager', events: null, minSeverity: 'critical' },
    ]);
    expect(config.channels.map(({ name }) => name)).toEqual(['chat', 'pager']);
    expect(config.requireChannels).toBe(0);
    expect(open('[chat]', '    requireChannels: 1\n').requireChannels).toBe(1);
  });

  it.each([
    ['[chta]', 9, 14, 'environments.production.notify[0]', 'did you mean "chat"'],
    [
      '[chat, { channel: chta }]',
      9,
      31,
      'environments.production.notify[1].channel',
      'did you mean "chat"',
    ],
    [
      '[{ channel: chat, events: [gate-brake] }]',
      9,
      40,
      'environments.production.notify[0].events[0]',
      'did you mean "gate-break"',
    ],
    [
      '[{ channel: chat, minSeverity: critcal }]',
      9,
      44,
      'environments.production.notify[0].minSeverity',
      'info, warning, critical',
    ],
    [
      '[{ channel: chat, event: [success] }]',
      9,
      31,
      'environments.production.notify[0].event',
      'did you mean "events"',
    ],
    ['[{ events: [success] }]', 9, 14, 'environments.production.notify[0].channel', 'is required'],
    [
      '[{ channel: chat, events: [] }]',
      9,
      31,
      'environments.production.notify[0].events',
      'at least one event',
    ],
    ['[7]', 9, 14, 'environments.production.notify[0]', 'found 7'],
  ])('%s: line %d, column %d, %s: %s', (notify, line, column, path, says) => {
    const [issue, ...others] = issuesOf(notify);
    expect(others).toEqual([]);
    expect(issue).toMatchObject({ line, column, path });
    expect(`${issue?.message} ${issue?.hint}`).toContain(says);
  });

  it('requireChannels is a whole number', () => {
    expect(issuesOf('[chat]', '    requireChannels: -1\n')).toMatchObject([
      { line: 10, path: 'environments.production.requireChannels' },
    ]);
  });
});

describe('who hears a message', () => {
  const notify = [
    'chat',
    { channel: 'chat', events: ['t-plus-15'] },
    { channel: 'pager', minSeverity: 'critical' as const },
    { channel: 'log', events: ['t-plus-5', 't-plus-15', 'success'], minSeverity: 'info' as const },
  ].map(notifyEntry);

  it.each([
    ['deploy-started', 'info', ['chat']],
    ['gate-break', 'critical', ['chat', 'pager']],
    ['success', 'info', ['chat', 'log']],
    ['t-plus-5', 'info', ['log']],
    ['t-plus-15', 'info', ['chat', 'log']],
    ['t-plus-60', 'critical', []],
  ] as const)('%s, %s: %j', (event, severity, channels) => {
    expect(channelsFor(notify, said(event, severity), 'rollout')).toEqual(channels);
  });

  it('a person who sends a snapshot means it; severities and events still choose', () => {
    expect(channelsFor(notify, said('t-plus-60', 'info'), 'person')).toEqual(['chat']);
    expect(channelsFor(notify, said('test', 'critical'), 'person')).toEqual(['chat', 'pager']);
  });
});
