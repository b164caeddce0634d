import { describe, expect, test } from 'vitest';
import {
  type ConfigError,
  environmentConfig,
  isConfigError,
} from '../../src/config/load-config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

const good = `service: dhash
gates: gates.json
environments:
  production:
    url: http://127.0.0.1:5001
    health: { path: /health }
    target: { type: releases, root: app, artifact: "dist/{version}", start: ./start.sh, stop: ./stop.sh }
    rollback: { data: restore }
    notify: [chat]
channels:
  chat: { type: slack, url: "https://chat.test" }
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

const open = (text: string, env = 'production') =>
  environmentConfig(parseConfig(text, '/app/rollout.yaml'), env, {});

describe('data that overlaps what the toolkit writes', () => {
  const withData = (path: string, env = 'production', extra = '') =>
    good
      .replace(
        '    notify: [chat]',
        `    data:\n      - { name: d, type: files, path: "${path}" }\n    notify: [chat]`,
      )
      .replace('production:', `${env}:`)
      .replace('gates: gates.json', `gates: gates.json${extra}`);
  test.each([
    ['app', /holds target\.root/],
    ['app/releases/1', /lies in target\.root/],
    ['/app/app/', /holds target\.root/],
    ['backups', /holds backup\.dir/],
    ['backups/safety', /lies in backup\.dir/],
    ['rollouts', /holds rollouts/],
    ['incidents/run', /lies in incidents/],
    ['./monitor_logs', /holds monitor_logs/],
    ['x/../notifications', /holds notifications/],
    ['.', /holds the folder of rollout\.yaml/],
    ['..', /holds the folder of rollout\.yaml/],
    ['/', /holds the folder of rollout\.yaml/],
  ])('%s', (path, says) => {
    const { issues } = errorOf(() => open(withData(path)));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatchObject({
      line: 10,
      column: 39,
      path: 'environments.production.data[0].path',
      message: expect.stringMatching(says),
      hint: expect.stringContaining('folder of its own'),
    });
  });

  test('named backups of an environment count, and only its own', () => {
    const text = (path: string) => withData(path, 'canary', '\nbackup: { dir: kept }');
    expect(errorOf(() => open(text('kept/canary/x'), 'canary')).message).toMatch(/backup\.dir/);
    expect(errorOf(() => open(text('kept'), 'canary')).message).toMatch(/backup\.dir/);
    expect(open(text('kept/other'), 'canary').backup.dir).toBe('/app/kept/canary');
  });

  test.each(['data', 'app2', 'rollouts-old', '..app', '../app2', '/srv/data'])(
    '%s lies beside it',
    (path) => expect(open(withData(path)).data).toHaveLength(1),
  );
});
