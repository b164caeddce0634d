import { expect, test } from 'vitest';
import { isConfigError } from '../../src/config/config-error.ts';
import { environmentConfig } from '../../src/config/environment-config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

const open = (migrations: string) =>
  environmentConfig(
    parseConfig(
      `service: shop
gates: gates.json
environments:
  production:
    url: http://127.0.0.1:5001
    health: { path: /health }
    target: { type: command, current: c, activate: a, start: s, stop: t }
    data:
      - { name: orders, type: postgres, url: "postgresql://shop@/shop" }
      - { name: volume, type: external, create: [c], restore: [r] }
    migrations: ${migrations}
    rollback: { data: restore }
`,
      '/app/rollout.yaml',
    ),
    'production',
    {},
  );

const problemsOf = (migrations: string): string => {
  try {
    open(migrations);
  } catch (error) {
    if (isConfigError(error)) return error.message;
    throw error;
  }
  throw new Error('nothing was wrong');
};

test('SQL files of PostgreSQL, and the commands of a tool', () => {
  expect(open('{ type: sql, dir: m, database: orders, lockTimeout: 2s }').migrations).toMatchObject(
    {
      type: 'sql',
      dir: '/app/m',
      database: { name: 'orders', type: 'postgres', url: 'postgresql://shop@/shop' },
      online: false,
      lockTimeoutMs: 2000,
    },
  );
  expect(open('{ status: [flyway, info], up: flyway migrate }').migrations).toEqual({
    type: 'commands',
    status: ['flyway', 'info'],
    up: 'flyway migrate',
    down: null,
    to: null,
    timeoutMs: 1_800_000,
    online: false,
  });
});

test.each<[string, RegExp]>([
  ['{}', /needs dir and database .* or status and up/],
  ['{ dir: m }', /needs dir and database/],
  ['{ status: s }', /needs status and up/],
  ['{ type: commands, dir: m, database: orders }', /needs status and up/],
  ['{ dir: m, database: orders, up: u }', /dir.*belongs to migrations of type sql/],
  ['{ type: sql, dir: m, database: orders, up: u }', /up.*belongs to migrations of type commands/],
  ['{ dir: m, database: volume }', /names no sqlite or postgres source under data/],
])('%s is refused', (migrations, says) => {
  expect(problemsOf(migrations)).toMatch(says);
});
