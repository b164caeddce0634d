import { mkdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { PostgresServer } from '@dhash/testkit';
import { vi } from 'vitest';
import { realDisk } from '../../src/disk.ts';
import type { PostgresSource } from '../../src/index.ts';
import { difference, type MakeLiveData } from './live-data.ts';

/** In the place of psql: lets as many lines of SQL reach the server as the file `left` says, and is killed then. */
const CUT_PSQL = `#!/bin/sh
here=$(dirname "$0")
PATH=\${PATH#*:}
[ -e "$here/left" ] || exec psql "$@"
left=$(cat "$here/left")
cat > "$here/input"
lines=$(wc -l < "$here/input")
if [ "$lines" -le "$left" ]; then
  echo $((left - lines)) > "$here/left"
  exec psql "$@" < "$here/input"
fi
head -n "$left" "$here/input" | psql "$@"
kill -9 $$
`;

/** What a service's own role has on a server of which it is not the master; and the server's master. */
export const ROLES = { owner: 'LOGIN NOSUPERUSER CREATEDB', master: 'LOGIN SUPERUSER' } as const;

export const makePostgres =
  (server: PostgresServer, role: keyof typeof ROLES = 'owner'): MakeLiveData =>
  async (root) => {
    await server.sql('postgres', `CREATE ROLE ${role} ${ROLES[role]}`);
    await server.sql('postgres', `CREATE DATABASE app OWNER ${role}`);
    await server.sql(
      'app',
      'CREATE TABLE orders (note text); INSERT INTO orders VALUES (1), (2)',
      role,
    );
    const source: PostgresSource = {
      name: 'orders',
      type: 'postgres',
      url: server.url('app', role),
    };
    const tools = join(root, 'tools');
    const left = join(tools, 'left');
    await mkdir(tools);
    await writeFile(join(tools, 'psql'), CUT_PSQL, { mode: 0o755 });
    return {
      source,
      unreadable: { ...source, url: server.url('elsewhere', role) },
      read: () => server.sql('app', 'SELECT note FROM orders ORDER BY 1'),
      write: async () => {
        await server.sql('app', "INSERT INTO orders VALUES ('written')");
      },
      written: difference({ tables: [{ source: 'orders', table: 'orders', before: 2, after: 3 }] }),
      damage: async () => {
        await server.sql('app', 'DELETE FROM orders WHERE note = 1::text');
      },
      finds: 'orders.orders: 1 rows, 2 in the backup',
      leftovers: () =>
        server.sql('postgres', "SELECT datname FROM pg_database WHERE datname LIKE 'app_%'"),
      cutAfter: async (steps) => {
        vi.unstubAllEnvs();
        await rm(left, { force: true });
        if (steps === Infinity) return realDisk;
        await writeFile(left, String(steps));
        vi.stubEnv('PATH', tools + delimiter + process.env['PATH']);
        return realDisk;
      },
    };
  };
