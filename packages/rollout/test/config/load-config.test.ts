// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what looks like a template is what is tested.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../src/config/duration.ts';
import {
  type ConfigError,
  environmentConfig,
  isConfigError,
  loadConfig,
} from '../../src/config/load-config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

const good = `service: dhash
gates: gates.json
environments:
  production:
    url: "\${DHASH_URL:-http://127.0.0.1:5001}"
    health: { path: /health }
    target: { type: releases, root: app, artifact: "dist/{version}", start: ./start.sh, stop: ./stop.sh }
    rollback: { data: restore }
    notify: [chat]
  staging:
    url: "\${STAGING_URL}"
    health: { path: /health, timeout: 500ms }
    target: { type: command, current: c, activate: [a, b], start: s, stop: t }
    data:
      - { name: library, type: sqlite, path: var/library.db }
    migrations: { dir: "m/{version}", database: library }
    rollback: { data: keep }
channels:
  chat: { type: slack, url: "\${SLACK_URL}" }
  unused: { type: slack, url: "\${OTHER}" }
`;

const errorOf = (work: () => unknown): ConfigError => {
  try {
    work();
  } catch (error) {
    if (isConfigError(error)) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
};

const open = (text: string, env = 'production', vars: Record<string, string> = {}) =>
  environmentConfig(parseConfig(text, '/app/rollout.yaml'), env, vars);

test('defaults are filled and paths are absolute', () => {
  expect(open(good)).toMatchObject({
    root: '/app',
    url: 'http://127.0.0.1:5001',
    gatesFile: '/app/gates.json',
    health: { path: '/health', timeoutMs: 5000, expect: {}, version: null },
    metrics: [],
    data: [],
    backup: { dir: '/app/backups', keep: {} },
    target: {
      type: 'releases',
      root: '/app/app',
      artifact: '/app/dist/{version}',
      init: null,
      keep: 5,
    },
    migrations: null,
    smoke: null,
    channels: [{ name: 'chat', type: 'slack', url: '' }],
    secrets: [],
  });
  expect(open(good, 'staging', { STAGING_URL: 'https://s.test' })).toMatchObject({
    url: 'https://s.test',
    health: { timeoutMs: 500 },
    backup: { dir: '/app/backups/staging' },
    target: { type: 'command', activate: ['a', 'b'], version: null },
    migrations: {
      type: 'sql',
      dir: '/app/m/{version}',
      database: { name: 'library', type: 'sqlite', path: '/app/var/library.db' },
      online: false,
      lockTimeoutMs: 5000,
    },
    channels: [],
  });
});

test('backup.drill says yes or no, or more than that; an environment before the file', () => {
  const drillOf = (yaml: string) => open(yaml).backup.drill;
  const full = { beforeDeploy: false, env: [], network: 'none', timeoutMs: 300_000 };
  expect(drillOf(good)).toEqual(full);
  const all = good.replace('environments:', 'backup: { drill: true }\nenvironments:');
  expect(drillOf(all)).toEqual({ ...full, beforeDeploy: true });
  const own = (drill: string) =>
    all.replace('    rollback: { data: restore }', `    backup: { drill: ${drill} }\n$&`);
  expect(drillOf(own('false'))).toEqual(full);
  expect(drillOf(own('{ env: [TZ], network: allow, timeout: 90s }'))).toEqual({
    ...{ beforeDeploy: true, env: ['TZ'], network: 'allow', timeoutMs: 90_000 },
  });
});

describe('what is wrong is said with its place', () => {
  const cases: [
    name: string,
    from: string,
    to: string,
    at: [number, number],
    path: string,
    says: RegExp,
  ][] = [
    [
      'an unknown key',
      'gates:',
      'gatse:',
      [2, 1],
      'gatse',
      /unknown key "gatse".*did you mean "gates"/s,
    ],
    [
      'a required key',
      '    url: "${DHASH_URL:-http://127.0.0.1:5001}"\n',
      '',
      [4, 3],
      'environments.production.url',
      /is required/,
    ],
    [
      'a key of a target',
      'root: app,',
      'rooot: app,',
      [7, 31],
      'environments.production.target.rooot',
      /did you mean "root"/,
    ],
    [
      'no decision about the data',
      '    rollback: { data: restore }\n',
      '',
      [4, 3],
      'environments.production.rollback',
      /no default.*owner.*restore.*keep/s,
    ],
    [
      'half a decision',
      '{ data: restore }',
      '{}',
      [8, 5],
      'environments.production.rollback.data',
      /no default.*owner/s,
    ],
    [
      'a wrong decision',
      'data: restore',
      'data: maybe',
      [8, 23],
      'environments.production.rollback.data',
      /must be restore.*found "maybe"/s,
    ],
    [
      'a duration',
      '500ms',
      '500',
      [12, 39],
      'environments.staging.health.timeout',
      /must be a text, found 500/,
    ],
    [
      'a duration without its unit',
      '500ms',
      '"500"',
      [12, 39],
      'environments.staging.health.timeout',
      /duration with a unit.*"500"/s,
    ],
    [
      'a target type',
      'type: releases',
      'type: folders',
      [7, 21],
      'environments.production.target.type',
      /must be one of releases, command, found "folders"/,
    ],
    [
      'an artifact without version',
      'dist/{version}',
      'dist/app',
      [7, 52],
      'environments.production.target.artifact',
      /\{version\}/,
    ],
    [
      'a drill that is neither yes, no nor a part',
      'rollback: { data: restore }',
      'backup: { drill: often }\n    rollback: { data: restore }',
      [8, 22],
      'environments.production.backup.drill',
      /must be true, false, or \{ beforeDeploy.*found "often"/s,
    ],
    [
      'a key of a drill',
      'rollback: { data: restore }',
      'backup: { drill: { netwrok: allow } }\n    rollback: { data: restore }',
      [8, 24],
      'environments.production.backup.drill.netwrok',
      /did you mean "network"/,
    ],
    [
      'a network of a drill',
      'rollback: { data: restore }',
      'backup: { drill: { network: some } }\n    rollback: { data: restore }',
      [8, 33],
      'environments.production.backup.drill.network',
      /none.*allow/s,
    ],
    ['a variable outside', 'gates.json', '"${GATES}"', [2, 8], 'gates', /only under environments/],
    [
      'an alias inside what it names',
      'rollback: { data: restore }',
      'rollback: &a { data: [*a] }',
      [8, 27],
      '',
      /\*a stands inside what it names/,
    ],
    [
      'a merge of itself',
      'rollback: { data: restore }',
      'rollback: &a { <<: *a }',
      [8, 24],
      '',
      /\*a stands inside what it names/,
    ],
    ['YAML itself', 'service: dhash', 'service: "dhash', [1, 16], '', /quote/i],
    ['a name', 'production:', 'Production_1:', [4, 3], 'environments.Production_1', /lower-case/],
  ];
  test.each(cases)('%s', (_, from, to, [line, column], path, says) => {
    expect(good).toContain(from);
    const { issues } = errorOf(() => parseConfig(good.replace(from, to), 'rollout.yaml'));
    const issue = issues.find((one) => one.path === path);
    expect(`${issue?.message} ${issue?.hint}`).toMatch(says);
    expect({ file: issue?.file, line: issue?.line, column: issue?.column }).toEqual({
      file: 'rollout.yaml',
      line,
      column,
    });
  });

  test('all of it at once, in the order of the file', () => {
    const text = good
      .replace('service:', 'servise:')
      .replace('data: keep', 'data: x')
      .replace('/health }', 'health }');
    const { issues } = errorOf(() => parseConfig(text, 'rollout.yaml'));
    expect(issues.map(({ line }) => line)).toEqual([1, 1, 6, 17]);
  });
});

describe('an environment is judged when it is chosen', () => {
  const staging = { STAGING_URL: 'http://s.test' };
  const cases: [
    name: string,
    from: string,
    to: string,
    env: string,
    vars: Record<string, string>,
    says: RegExp,
  ][] = [
    [
      'an unknown one',
      '',
      '',
      'prodution',
      {},
      /no environment "prodution".*did you mean "production".*production, staging/s,
    ],
    [
      'a variable that is not set',
      '',
      '',
      'staging',
      {},
      /variable STAGING_URL is not set.*STAGING_URL:-/s,
    ],
    ['an empty one', '', '', 'staging', { STAGING_URL: '' }, /STAGING_URL is not set/],
    [
      'twice set',
      '',
      '',
      'staging',
      { ...staging, STAGING_URL_FILE: '/x' },
      /both STAGING_URL and STAGING_URL_FILE/,
    ],
    [
      'a file that is not there',
      '',
      '',
      'staging',
      { STAGING_URL_FILE: '/no/such' },
      /STAGING_URL_FILE.*ENOENT/,
    ],
    ['no variable', '${STAGING_URL}', '${STAGING URL}', 'staging', {}, /is no variable/],
    [
      'an unknown channel',
      'notify: [chat]',
      'notify: [caht]',
      'production',
      {},
      /no channel "caht".*did you mean "chat"/s,
    ],
    [
      'an unknown database',
      'database: library',
      'database: libary',
      'staging',
      staging,
      /no sqlite or postgres source.*library/s,
    ],
    [
      'two sources in one place',
      '    migrations',
      '      - { name: b, type: files, path: var }\n    migrations',
      'staging',
      staging,
      /same place as that of "library"/,
    ],
    [
      'one source twice',
      '    migrations',
      '      - { name: library, type: files, path: v2 }\n    migrations',
      'staging',
      staging,
      /"library" is there twice/,
    ],
  ];
  test.each(cases)('%s', (_, from, to, env, vars, says) => {
    expect(good).toContain(from);
    expect(errorOf(() => open(good.replace(from, to), env, vars)).message).toMatch(says);
  });

  test('a wrong value from a variable is named by the variable, never shown', () => {
    const { message } = errorOf(() => open(good, 'staging', { STAGING_URL: 'hunter2' }));
    expect(message).toMatch(/comes from STAGING_URL/);
    expect(message).not.toContain('hunter2');
  });

  test('what other environments and channels need is not asked for', () => {
    expect(open(good, 'production', {}).url).toBe('http://127.0.0.1:5001');
  });

  test('plain scalars become numbers and booleans, quoted ones stay text, $${ is literal', () => {
    const health =
      'health:\n      path: /h\n      expect:\n        ok: ${OK}\n        n: "${N}"\n        raw: $${N}';
    const text = good.replace('health: { path: /health, timeout: 500ms }', () => health);
    expect(open(text, 'staging', { ...staging, OK: 'true', N: '1' }).health.expect).toEqual({
      ok: true,
      n: '1',
      raw: '${N}',
    });
  });
});

test('a secret may come from a file; it and the password in it are known as secrets', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'url'), 'https://u:pa%21ss@hooks.test/T1\n');
  const config = open(good, 'production', { SLACK_URL_FILE: join(folder, 'url') });
  expect(config.channels[0]).toMatchObject({ url: 'https://u:pa%21ss@hooks.test/T1' });
  expect(config.secrets).toEqual(['https://u:pa%21ss@hooks.test/T1', 'pa%21ss', 'pa!ss']);
});

describe('channels', () => {
  const withChannel = (channel: string) =>
    good.replace(/chat: \{.*\}/, () => `chat: { type: ${channel} }`);

  test('any variable that is not set turns the channel off, whole', () => {
    const text = withChannel('webhook, url: "https://h.test", secret: "${SECRET}"');
    expect(open(text).channels).toEqual([
      { name: 'chat', type: 'webhook', url: '', unset: ['SECRET'] },
    ]);
    expect(open(text, 'production', { SECRET: 's3' })).toMatchObject({
      channels: [{ url: 'https://h.test', secret: 's3' }],
      secrets: ['https://h.test', 's3'],
    });
  });

  test.each([
    [
      'slak, url: u',
      /must be one of slack, teams, discord, webhook, email, pagerduty, opsgenie, alertmanager, found "slak"/,
    ],
    ['slack, urll: u', /unknown key "urll".*did you mean "url"/s],
    ['slack', /needs "url"/],
  ])('%s is refused', (channel, says) => {
    expect(errorOf(() => parseConfig(withChannel(channel), 'rollout.yaml')).message).toMatch(says);
  });

  test('files lie beside rollout.yaml', () => {
    const text = withChannel('slack, urlFile: secrets/slack');
    expect(open(text).channels[0]).toMatchObject({ urlFile: '/app/secrets/slack' });
  });
});

test('a file that is not there says how to name one', async () => {
  await expect(loadConfig('/no/such/rollout.yaml')).rejects.toMatchObject({
    name: 'ConfigError',
    issues: [{ line: 0, message: 'does not exist', hint: expect.stringContaining('--config') }],
  });
});

test.each([
  ['500ms', 500],
  ['5s', 5000],
  ['1.5m', 90_000],
  ['2h', 7_200_000],
  ['24h', 86_400_000],
  ['0s', null],
  ['5', null],
  ['5 s', null],
  ['-5s', null],
  ['597h', null],
])('duration %s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test('the shipped rollout.yaml: three environments that work without any variable', async () => {
  const file = await loadConfig(
    fileURLToPath(new URL('../../../../rollout.yaml', import.meta.url)),
  );
  expect(file.environments).toEqual(['production', 'staging', 'canary']);
  const configs = file.environments.map((env) => environmentConfig(file, env, {}));
  expect(configs.map(({ url }) => new URL(url).port)).toEqual(['5001', '5002', '5003']);
  expect(configs.map(({ backup }) => backup.dir.slice(file.root.length))).toEqual([
    '/backups',
    '/backups/staging',
    '/backups/canary',
  ]);
  expect(configs[0]?.channels.map(({ name }) => name)).toEqual([
    'ops-chat',
    'ops-teams',
    'ops-discord',
    'ops-mail',
  ]);
  for (const { target, rollback, data, metrics } of configs)
    expect([target.type, rollback.data, data.length, metrics[0]?.type]).toEqual([
      'releases',
      'restore',
      2,
      'prometheus',
    ]);
});

test.each([
  ['}CANARY', '/app/rollout.yaml:2:9: Unexpected scalar token in YAML stream'],
  ['|CANARY', '/app/rollout.yaml:2:9: Block scalar header includes extra characters'],
])(
  'what is no YAML is told by its place, and not shown: it may be a secret (%s)',
  (value, says) => {
    const { message } = errorOf(() => open(good.replace('gates.json', value)));
    expect(message).toContain(says);
    expect(message).not.toContain('CANARY');
  },
);

test('of a file that is no YAML at all the first faults are told', () => {
  const { issues } = errorOf(() => open('}\n'.repeat(1000)));
  expect(issues).toHaveLength(10);
});

test('a password with a % that stands for nothing is refused, wherever it comes from', () => {
  const url = 'http://ops:CANARY%@127.0.0.1:5001';
  const written = good.replace('${DHASH_URL:-http://127.0.0.1:5001}', url);
  for (const { message } of [
    errorOf(() => open(written)),
    errorOf(() => open(good, 'production', { DHASH_URL: url })),
  ]) {
    expect(message).toMatch(/url: has a % in its user or password .* write %25/);
    expect(message).not.toContain('CANARY');
  }
});

test('an address that is wrong is not said back where it holds a password', () => {
  const wrong = (url: string) =>
    errorOf(() => open(good.replace('${DHASH_URL:-http://127.0.0.1:5001}', url))).message;
  expect(wrong('htp://ops:CANARY@127.0.0.1')).toMatch(/url: must be an http:.* address$/);
  expect(wrong('htp://127.0.0.1')).toMatch(/address, found "htp:\/\/127\.0\.0\.1"$/);
});
