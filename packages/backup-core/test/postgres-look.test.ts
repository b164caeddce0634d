import { sharedPostgres, tempFolder } from '@dhash/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lookAtPostgres, type PostgresSource } from '../src/index.ts';

const restores = { restores: true };
const server = sharedPostgres();
let source: PostgresSource;

describe('before a postgres source is touched', () => {
  beforeEach(async () => {
    await server.sql('postgres', 'CREATE DATABASE app');
    source = { name: 'orders', type: 'postgres', url: server.url('app') };
  });
  afterEach(() => vi.unstubAllEnvs());

  it('nothing is said where all is well', async () => {
    expect(await lookAtPostgres(source, restores)).toEqual([]);
  });

  it('a tool that is not there is named', async () => {
    vi.stubEnv('PATH', await tempFolder());
    expect(await lookAtPostgres(source, restores)).toEqual([
      'psql, pg_dump, pg_restore are not on PATH: install the PostgreSQL client programs',
    ]);
  });

  it('a server that is down is told without its address', async () => {
    const folder = await tempFolder();
    const url = `postgresql://u:secret@/app?host=${encodeURIComponent(folder)}`;
    const [said = '', ...more] = await lookAtPostgres({ ...source, url }, restores);
    expect(more).toEqual([]);
    expect(said).toBe('the server does not let us in: No such file or directory');
  });

  it('a role that may not create a side database is told where data is restored', async () => {
    await server.sql('postgres', 'CREATE ROLE meek LOGIN; ALTER DATABASE app OWNER TO meek');
    const meek = { ...source, url: server.url('app', 'meek') };
    expect(await lookAtPostgres(meek, restores)).toEqual([
      expect.stringMatching(/^its role may not create databases/),
    ]);
    expect(await lookAtPostgres(meek, { restores: false })).toEqual([]);
  });
});
