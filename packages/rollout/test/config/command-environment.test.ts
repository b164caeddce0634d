import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, test } from 'vitest';
import { environmentConfig } from '../../src/config/load-config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

const environment = (more = '') => `
    url: "http://127.0.0.1:\${PORT:-5001}"
    health: { path: /health }
    target: { type: command, current: "true", activate: "true", start: "true", stop: "true" }
    rollback: { data: keep }
${more}`;

const file = (own = '', other = '', channels = '') => `service: shop
gates: gates.json
environments:
  production:${environment(own)}
  staging:${environment(other)}
${channels}`;

const read = (text: string, root: string, processEnv: NodeJS.ProcessEnv = {}) =>
  environmentConfig(parseConfig(text, join(root, 'rollout.yaml')), 'production', processEnv);

test('what only channels or other environments use is withheld, and nothing else', () => {
  const own = `    notify: [chat]\n    env: { SHARED: "\${SHARED}" }`;
  const other = `    env: { STAGING_KEY: "\${STAGING_KEY:-none}", SHARED: "\${SHARED}" }`;
  const channels = `channels:
  chat: { type: slack, url: "\${SLACK_URL}" }
  mail: { type: webhook, urlFile: "\${HOME}/hook", secret: "\${SHARED} \${MAIL_TOKEN}" }
`;
  const { commands } = read(file(own, other, channels), '/srv', {
    SHARED: 'x',
    SLACK_URL: 'https://hooks.slack.com/services/T/B/X',
  });
  expect(commands.withheld.toSorted()).toEqual([
    'MAIL_TOKEN',
    'MAIL_TOKEN_FILE',
    'SLACK_URL',
    'SLACK_URL_FILE',
    'STAGING_KEY',
    'STAGING_KEY_FILE',
  ]);
  expect(commands.given).toEqual({ SHARED: 'x' });
});

test('programs of a data source get the same as the commands', () => {
  const own = `    env: { DB_HOST: db1 }
    data:
      - { name: cache, type: command, dump: "cat store", load: "cat > store" }
      - { name: db, type: postgres, url: "postgresql://db1/shop" }
      - { name: up, type: files, path: up }`;
  const channels = `channels:
  chat: { type: slack, url: "\${SLACK_URL}" }
`;
  const { data } = read(file(own, '', channels), '/srv', { SLACK_URL: 'https://chat.example/x' });
  const env = { DB_HOST: 'db1', SLACK_URL: undefined, SLACK_URL_FILE: undefined };
  expect(data.map((source) => ('env' in source ? source.env : 'none'))).toStrictEqual([
    env,
    env,
    'none',
  ]);
});

test('env stands over envFile, and the secrets of both are hidden', async () => {
  const root = await tempFolder();
  await writeFile(join(root, 'prod.env'), 'COLOUR=red\nDB_PASSWORD=from-file\nPORT=1\n');
  const own = `    envFile: prod.env\n    env: { COLOUR: blue, API_TOKEN: "\${TOKEN}", N: 3, ON: true }`;
  const { commands, secrets } = read(file(own), root, { TOKEN: 'from-env' });
  expect(commands).toMatchObject({
    given: {
      COLOUR: 'blue',
      DB_PASSWORD: 'from-file',
      PORT: '1',
      API_TOKEN: 'from-env',
      N: '3',
      ON: 'true',
    },
    problem: null,
  });
  expect(secrets).toEqual(expect.arrayContaining(['from-file', 'from-env']));
  expect(secrets).not.toContain('blue');
});

test('an env file that is not there, or does not read, is a problem with its place', async () => {
  const root = await tempFolder();
  const own = '    envFile: prod.env';
  expect(read(file(own), root).commands.problem).toMatchObject({
    path: 'environments.production.envFile',
    line: 9,
    message: expect.stringContaining('prod.env does not exist'),
  });
  await writeFile(join(root, 'prod.env'), 'A=1\nB="secret\n');
  const { problem } = read(file(own), root).commands;
  expect(problem?.message).toContain('prod.env:2 B: its quotes');
  expect(problem?.message).not.toContain('secret');
});

test('a name that no shell takes is refused where it is written', () => {
  expect(() => read(file('    env: { "A-B": x }'), '/srv')).toThrow(/environment variable/);
});
