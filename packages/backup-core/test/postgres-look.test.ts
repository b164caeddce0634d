import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { type PostgresServer, startPostgres, tempFolder } from '@dhash/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBackup, lookAtPostgres, type PostgresSource, rescueNameOf } from '../src/index.ts';
import { AT_MS } from './support/sample.ts';

const restores = { restores: true };
let server: PostgresServer;
let source: PostgresSource;

describe('before a postgres source is touched', () => {
  beforeEach(async () => {
    server = await startPostgres();
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
    await server.sql('postgres', 'CREATE ROLE meek LOGIN');
    const meek = { ...source, url: source.url.replace('postgres@', 'meek@') };
    expect(await lookAtPostgres(meek, restores)).toEqual([
      expect.stringMatching(/^its role may not create databases/),
    ]);
    expect(await lookAtPostgres(meek, { restores: false })).toEqual([]);
  });

  it('a rescue script says that it does not restore it, and how that is done by hand', async () => {
    const root = await tempFolder();
    await mkdir(`${root}/pictures`);
    const { file } = await createBackup({
      ...{ dir: `${root}/backups`, root, service: 'shop', env: 'production', release: '1.0.0' },
      ...{ migrations: [], tool: { name: 'test', version: '1' }, now: () => AT_MS },
      sources: [source, { name: 'pictures', type: 'files', path: `${root}/pictures` }],
    });
    const said = execFileSync('sh', [rescueNameOf(file), '--list'], { encoding: 'utf8' });
    expect(said).toContain('orders (postgres): NOT restored by this script.');
    const byHand = /createdb NEW && (unzip -p \S+ 'orders\/database\.dump') \| pg_restore/.exec(
      said,
    );
    const dump = execFileSync('sh', ['-c', byHand?.[1] ?? 'false'], { cwd: `${root}/backups` });
    expect(dump.subarray(0, 5).toString()).toBe('PGDMP');
  });
});
