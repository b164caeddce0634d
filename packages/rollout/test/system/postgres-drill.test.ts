import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startChild } from './child.ts';
import { expectExit, promote, until } from './observe.ts';
import { makePostgresProject, type PostgresProject } from './postgres-project.ts';

const production = ['--env', 'production'];
/** Takes the server down. */
const FALL = "COPY (SELECT) TO PROGRAM 'kill -QUIT $(head -n 1 postmaster.pid)'";
/** A column whose check does, where there is a role `falling` and it is not the live database that it is checked in. */
const FALLS = `
  CREATE FUNCTION falls() RETURNS boolean LANGUAGE plpgsql AS $falls$
  BEGIN
    IF current_database() <> 'shop' AND to_regrole('falling') IS NOT NULL THEN
      ${FALL};
      PERFORM pg_sleep(60);
    END IF;
    RETURN true;
  END $falls$;
  ALTER TABLE orders ADD COLUMN held boolean DEFAULT true CHECK (falls())`;
const scratch = /^shop_restore_drill-/;

/** 1.0 with two orders, backed up; drilled with the address of its database under `ORDERS_URL`. */
const drillable = async (): Promise<{ project: PostgresProject; file: string }> => {
  const project = await makePostgresProject((text) =>
    text
      .replace(
        '      stop: ./stop.sh\n',
        '      stop: ./stop.sh\n      drill: { start: "NOTES_DATA=$ROLLOUT_DATA ./start.sh" }\n',
      )
      .replace('environments:\n', 'backup: { drill: { env: [ORDERS_URL] } }\nenvironments:\n'),
  );
  await promote(project);
  await project.writeNote();
  await project.writeNote();
  expectExit(await project.run('backup', ...production), 0);
  const latest = await project.run('backup', ...production, '--latest');
  return { project, file: join(project.root, latest.out.trim()) };
};

describe('a drill of a PostgreSQL database', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('restores it beside the live one, starts the release on that, drops it; so does a deploy', async () => {
    const { project, file } = await drillable();
    const planned = expectExit(await project.run('backup', '--drill', file, '--dry-run'), 0);
    expect(planned.out).toContain('orders into a scratch database of its server');
    expect(await project.databases()).toEqual(['shop']);

    const ran = expectExit(await project.run('backup', '--drill', file), 0);
    const sofar = await project.seen();
    const seen = sofar.at(-1);
    expect(seen).toMatchObject({
      version: '1.0',
      orders: 2,
      databases: ['shop', expect.stringMatching(scratch)],
    });
    expect(seen?.url).toBe(project.address.replace('/shop?', `/${seen?.databases[1]}?`));
    expect(await project.databases()).toEqual(['shop']);
    expect(await project.orders()).toBe(2);
    const proof = await readFile(`${file}.proof.json`, 'utf8');
    expect(JSON.parse(proof)).toMatchObject({ started: '1.0' });
    for (const text of [ran.out, ran.err, proof]) expect(text).not.toContain(String(seen?.url));

    // It is a step of a deploy too.
    const deployed = await project.run(
      'deploy',
      ...production,
      '--version',
      '1.1',
      '--backup-first',
    );
    expectExit(deployed, 0);
    expect(deployed.out).toMatch(/2\. drill that backup: .*orders into a scratch database/);
    const since = (await project.seen())
      .slice(sofar.length)
      .filter(({ url }) => url !== project.address);
    expect(since.map(({ version, orders }) => [version, orders])).toContainEqual(['1.0', 2]);
    expect(await project.databases()).toEqual(['shop']);

    const read = expectExit(await project.run('backup', '--verify', file), 0);
    expect(read.out).toContain('the dump of orders was read to its end by pg_restore');
    vi.stubEnv('PATH', await tempFolder());
    const unread = expectExit(await project.run('backup', '--verify', file), 0);
    expect(unread.out).toContain('was not read by pg_restore, which is not installed here');
  });

  it('killed with -9, it leaves what the next drill drops; one that fails takes an earlier proof away', async () => {
    const { project, file } = await drillable();
    const smoke = await project.read('smoke.mjs');
    await writeFile(
      join(project.root, 'smoke.mjs'),
      `${smoke}\nwriteFileSync('smoking', '');\nawait new Promise((done) => setTimeout(done, 60_000));`.replace(
        'import { appendFileSync }',
        'import { appendFileSync, writeFileSync }',
      ),
    );
    const child = startChild(project, ['backup', '--drill', file]);
    await until(() => existsSync(join(project.root, 'smoking')));
    child.process.kill('SIGKILL');
    expect(await child.ended).toBe('SIGKILL');
    const left = await project.databases();
    expect(left).toEqual(['shop', expect.stringMatching(scratch)]);
    await writeFile(join(project.root, 'smoke.mjs'), smoke);
    await rm(join(project.root, 'smoking'));
    expectExit(await project.run('backup', '--drill', file), 0);
    expect(await project.databases()).toEqual(['shop']);

    // What owns the data is not in a dump, and is gone.
    await project.server.sql('postgres', 'CREATE ROLE owner');
    await project.server.sql('shop', 'ALTER TABLE orders OWNER TO owner');
    expectExit(await project.run('backup', ...production), 0);
    const newest = (await project.run('backup', ...production, '--latest')).out.trim();
    const latest = join(project.root, newest);
    expectExit(await project.run('backup', '--drill', latest), 0);
    await project.server.sql('shop', 'ALTER TABLE orders OWNER TO postgres');
    await project.server.sql('postgres', 'DROP ROLE owner');
    const ran = expectExit(await project.run('backup', '--drill', latest), 1);
    expect(ran.err).toContain('role "owner" does not exist');
    expect(ran.out + ran.err).toContain('was taken away');
    expect(existsSync(`${latest}.proof.json`)).toBe(false);
    expect(await project.databases()).toEqual(['shop']);
    expect(await project.orders()).toBe(2);

    // A server that goes down says nothing of a backup, be it to pg_restore or to the release.
    await project.server.sql('shop', FALLS);
    expectExit(await project.run('backup', ...production), 0);
    const last = (await project.run('backup', ...production, '--latest')).out.trim();
    const proven = join(project.root, last);
    expectExit(await project.run('backup', '--drill', proven), 0);
    await writeFile(
      join(project.root, 'smoke.mjs'),
      smoke.replace(
        /const seen = /,
        `if (process.env.ROLLOUT_DRILL === '1') sql(\`${FALL}\`);\n$&`,
      ),
    );
    const smoked = expectExit(await project.run('backup', '--drill', proven), 1);
    expect(smoked.out + smoked.err).toContain(
      'whose proof stays if it has one: orders: the server does not',
    );
    await project.server.start();
    await project.server.sql('postgres', 'CREATE ROLE falling');
    const lost = expectExit(await project.run('backup', '--drill', proven), 1);
    expect(lost.err).toMatch(/pg_restore into the side database .*: server closed the connection/s);
    expect(existsSync(`${proven}.proof.json`)).toBe(true);
  });
});
