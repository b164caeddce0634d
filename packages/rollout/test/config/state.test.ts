import { expect, it } from 'vitest';
import { environmentConfig } from '../../src/config/load-config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { openTarget } from '../../src/targets/target.ts';

const releases =
  '{ type: releases, root: app, artifact: "dist/{version}", start: ./start.sh, stop: ./stop.sh }';
const command = '{ type: command, current: c, activate: a, start: s, stop: t }';

const open = (target: string, more = '', data = '') => {
  const text = `service: shop
gates: gates.json
environments:
  production:
    url: http://127.0.0.1:5001
    health: { path: /health }
    target: ${target}
    rollback: { data: restore }
${data}${more}`;
  return environmentConfig(parseConfig(text, '/srv/rollout.yaml'), 'production', {
    STATE: '/var/lib/shop',
  });
};

const lockOf = (config: ReturnType<typeof open>) =>
  openTarget(config, {
    runId: 'r',
    version: null,
    previous: null,
    clock: { now: Date.now, sleep: async () => undefined },
  }).lockFile;

it.each([
  [releases, '', '/srv/app/.rollout', '/srv/app/rollout.lock'],
  [releases, '    state: /var/lib/shop\n', '/var/lib/shop', '/srv/app/rollout.lock'],
  [command, '', null, '/srv/rollouts/lock-production.json'],
  [command, '    state: ../state\n', '/state', '/state/lock-production.json'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of rollout.yaml.
  [command, '    state: "${STATE}"\n', '/var/lib/shop', '/var/lib/shop/lock-production.json'],
  [
    command.replace(' }', ', state: /var/lib/shop }'),
    '',
    '/var/lib/shop',
    '/var/lib/shop/lock-production.json',
  ],
])('lock and record of %s with %j lie in %s', (target, more, state, lock) => {
  const config = open(target, more);
  expect(config.state).toBe(state);
  expect(lockOf(config)).toBe(lock);
});

it('refuses two places, and data in the place', () => {
  expect(() =>
    open(command.replace(' }', ', state: /var/lib/a }'), '    state: /var/lib/b\n'),
  ).toThrow(/another folder than state/);
  const data = '    data:\n      - { name: d, type: files, path: /var/lib/shop/files }\n';
  expect(() => open(command, '    state: /var/lib/shop\n', data)).toThrow(
    /lies in state, the folder of lock and record/,
  );
});
