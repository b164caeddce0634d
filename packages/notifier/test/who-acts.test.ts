import { describe, expect, it } from 'vitest';
import {
  eventNames,
  fixedLinks,
  fixedLinksSchema,
  parseMessage,
  readableDuration,
  renderDiscord,
  renderEmail,
  renderSlack,
  renderTeams,
  renderWebhook,
  type Standing,
  whoActs,
} from '../src/index.ts';
import { message } from './messages.ts';

const standing: Standing = {
  next: null,
  serving: '1.2',
  version: '1.2',
  previous: '1.1',
  commands: { rollBack: 'roll --back', goOn: 'roll --resume', look: 'roll --status' },
};

describe('who must act', () => {
  it.each<[string, Partial<Standing>, object | undefined]>([
    ['gate-break', { next: 'rollback' }, { who: 'tool acts', what: /puts release 1\.1 back/ }],
    [
      'gate-break',
      { next: 'nothing' },
      { who: 'you must', what: /Release 1\.2 serves on/, commands: ['roll --back'] },
    ],
    ['gate-break', {}, { who: 'you must', what: /Nothing is rolled back/ }],
    ['rollback-started', {}, { who: 'tool acts', what: /puts release 1\.1 back/ }],
    [
      'rollback-done',
      { serving: '1.1' },
      { who: 'tool has acted', what: /^Release 1\.1 serves again/ },
    ],
    [
      'rollback-failed',
      { serving: null },
      { who: 'you must', what: /stopped/, commands: ['roll --status', 'roll --resume'] },
    ],
    [
      'rollback-failed',
      { serving: '1.2' },
      {
        who: 'you must',
        what: /before it changed anything/,
        commands: ['roll --status', 'roll --back'],
      },
    ],
    ['deploy-failed', { serving: '1.1' }, { who: 'tool has acted', what: /undid the deploy/ }],
    ['deploy-failed', {}, { who: 'you must', what: /not undone/ }],
    ['deploy-failed', { serving: null, previous: null }, { who: 'you must', what: /not undone/ }],
    ['inconclusive', {}, { who: 'you must', what: /nothing says that it is good/ }],
    ['backup-shrank', {}, { who: 'you must', what: /data is missing/ }],
    ['success', {}, undefined],
    ['constructor', {}, undefined],
  ])('%s %j', (event, change, expected) => {
    const acts = whoActs(event, { ...standing, ...change });
    if (expected === undefined) expect(acts).toBeUndefined();
    else
      expect(acts).toMatchObject(
        Object.fromEntries(
          Object.entries(expected).map(([name, value]) => [
            name,
            value instanceof RegExp ? expect.stringMatching(value) : value,
          ]),
        ),
      );
  });

  it('is said of every event that breaks something, and a command that there is none of is left out', () => {
    const none = { ...standing, commands: { rollBack: null, goOn: null, look: null } };
    const said = eventNames.filter((event) => whoActs(event, none) !== undefined);
    expect(said).toEqual([
      ...[
        'gate-break',
        'guard-lost',
        'way-back-gone',
        'production-down',
        'people-needed',
        'rollback-withheld',
      ],
      ...['rollback-started', 'rollback-done', 'rollback-failed'],
      ...['inconclusive', 'deploy-failed', 'backup-shrank'],
    ]);
    expect(whoActs('rollback-failed', none)).toMatchObject({ commands: [] });
  });

  it('stands in every channel, before all else, and can pass for nothing else', () => {
    const given = message({
      acts: {
        who: 'you must',
        what: 'Roll back <now> & see *why*.',
        commands: ['echo ``` <!channel> `x`', 'second'],
      },
    });
    const slack = JSON.stringify(renderSlack(given).blocks[1]);
    expect(slack).toContain('*You must act:* Roll back &lt;now&gt; &amp; see *why*.');
    expect(slack).not.toContain('<!channel>');
    expect(slack.match(/```/g)).toHaveLength(4);
    expect(renderSlack(given).text).toContain('You must act: Roll back');
    expect(renderDiscord(given).embeds[0].description).toMatch(/^\*\*You must act:\*\* Roll back/);
    expect(renderDiscord(given).embeds[0].description?.match(/```/g)).toHaveLength(4);
    const { body } = renderTeams(given).attachments[0].content;
    expect(body[1]).toMatchObject({ text: expect.stringMatching(/^You must act: Roll back/) });
    expect(body[2]).toMatchObject({ fontType: 'Monospace' });
    expect(renderEmail(given).text).toContain(
      'You must act: Roll back <now> & see *why*.\n  echo ```',
    );
    expect(renderEmail(given).html).toContain('Roll back &lt;now&gt;');
    expect(renderWebhook(given).data.acts).toEqual(given.acts);
  });
});

describe('how things stand', () => {
  const situation = {
    serving: '1.1',
    downtimeMs: 6100,
    rowsSetAside: 426,
    host: 'app-1',
    operator: 'ada',
  };

  it('is among the facts: what it cost first, where and who last, each once', () => {
    const facts = [
      { name: 'operator', value: 'root' },
      { name: 'Version', value: '1.2' },
    ];
    const [embed] = renderDiscord(message({ facts, situation })).embeds;
    expect(embed.fields.map(({ name, value }) => `${name}=${value}`)).toEqual([
      ...['Serving now=1.1', 'Down for=6.1 s', 'Rows set aside=426'],
      ...['Version=1.2', 'Host=app\\-1', 'Operator=ada'],
    ]);
  });

  it('says nothing of what is not known', () => {
    const nothing = {
      serving: null,
      downtimeMs: null,
      rowsSetAside: null,
      host: null,
      operator: null,
    };
    const [embed] = renderDiscord(message({ facts: [], situation: nothing })).embeds;
    expect(embed.fields).toEqual([]);
  });

  it.each([
    [0, '0 s'],
    [440, '0.4 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min'],
    [130_000, '2 min 10 s'],
    [3_600_000, '1 h'],
    [3_900_000, '1 h 5 min'],
  ])('%i ms is %s', (ms, shown) => expect(readableDuration(ms)).toBe(shown));
});

it.each([
  { acts: { who: 'somebody', what: 'x' } },
  { acts: { who: 'you must', what: 'x' } },
  { acts: { who: 'tool acts', what: 3 } },
  { situation: { host: 'x' } },
  { situation: { serving: null, downtimeMs: -1, rowsSetAside: null, host: null, operator: null } },
])('a message with %j is none', (part) => {
  expect(() => parseMessage({ ...message(), ...part })).toThrow(/"(acts|situation)" must be/);
});

describe('links of every message', () => {
  const values = { service: 'shop', env: 'prod a', event: 'gate-break', run: 'r/1', version: null };

  it('are filled in, encoded, and left out where they would lead nowhere', () => {
    const given = fixedLinksSchema.parse({
      report: 'https://ci.test/{run}/report.html?env={env}',
      runbook: 'https://wiki.test/{service}#{event}',
      dashboard: 'https://grafana.test/d/{version}',
    });
    expect(fixedLinks(given, values)).toEqual([
      { title: 'Report', url: 'https://ci.test/r%2F1/report.html?env=prod%20a' },
      { title: 'Runbook', url: 'https://wiki.test/shop#gate-break' },
    ]);
  });

  it.each(['javascript:alert(1)', 'ftp://x.test', 'wiki.test/x', ''])('%j is none', (runbook) => {
    expect(fixedLinksSchema.safeParse({ runbook }).success).toBe(false);
  });
});
