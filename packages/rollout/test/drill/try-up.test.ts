import type { DataSource } from '@dhash/backup-core';
import { expect, test } from 'vitest';
import type { EnvironmentConfig } from '../../src/config/types.ts';
import type { Isolation } from '../../src/drill/isolation.ts';
import { whyNotTried } from '../../src/drill/try-up.ts';

const orders: DataSource = { name: 'orders', type: 'postgres', url: 'postgresql://shop@db/shop' };
const files: DataSource = { name: 'files', type: 'files', path: '/srv/files' };
const cache: DataSource = { name: 'cache', type: 'command', dump: 'd', load: 'l', folder: '/tmp' };
const alone: Isolation = { kind: 'namespaces', prefix: [] };
const open: Isolation = { kind: 'none', why: 'no unshare' };

const why = (data: DataSource[], isolation: Isolation, processEnv: NodeJS.ProcessEnv = {}) => {
  const drill = { beforeDeploy: true, env: ['ORDERS_URL'], network: 'none', timeoutMs: 1 } as const;
  const backup = { drill } as unknown as EnvironmentConfig['backup'];
  return whyNotTried({ data, backup }, isolation, processEnv);
};

test('a tool that could reach the live data is not let loose on the copy', () => {
  const found = { ORDERS_URL: 'postgresql://other@db/shop' };
  expect(why([orders], alone)).toMatch(/no variable of drill\.env holds the address of "orders"/);
  expect(why([orders], alone, { ORDERS_URL: 'postgresql://shop@db/elsewhere' })).not.toBeNull();
  expect(why([orders], open, found)).toBeNull();
  expect(why([files], alone)).toBeNull();
  expect(why([files], open)).toMatch(/nothing would keep up from the live "files": no unshare/);
  expect(why([orders, cache], alone, found)).toMatch(/"cache" is loaded nowhere/);
});
