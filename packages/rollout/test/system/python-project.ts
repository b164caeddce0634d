import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, type PostgresServer, startPostgres, tempFolder } from '@dhash/testkit';
import { onTestFinished } from 'vitest';
import { runMain } from '../run-main.ts';
import { hurried } from './hurried.ts';
import type { Project } from './project.ts';

/** Debian's own: only this one sees the modules of its packages. */
const python = '/usr/bin/python3';

const server = (version: string, insert: string) => `
import http.server, json, os, psycopg2
from urllib.parse import urlsplit

class Shop(http.server.BaseHTTPRequestHandler):
    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, {'status': 'OK', 'version': '${version}'})

    def do_POST(self):
        with psycopg2.connect(os.environ['ORDERS_URL']) as connection:
            connection.cursor().execute("${insert}")
        self.answer(200, {})

    def log_message(self, *_):
        pass

port = urlsplit(os.environ['ROLLOUT_URL']).port
http.server.ThreadingHTTPServer(('127.0.0.1', port), Shop).serve_forever()
`;

const start = `#!/bin/sh
nohup ${python} server.py >"$SHOP_HOME/service.log" 2>&1 </dev/null &
echo $! >"$SHOP_HOME/service.pid"
`;
const stop = `#!/bin/sh
pid=$(cat "$SHOP_HOME/service.pid" 2>/dev/null) || exit 0
kill "$pid" 2>/dev/null || exit 0
while kill -0 "$pid" 2>/dev/null && ! grep -q "^State:.Z" "/proc/$pid/status" 2>/dev/null; do sleep 0.02; done
rm -f "$SHOP_HOME/service.pid"
`;

const environmentFile = `
import os
from alembic import context
from sqlalchemy import create_engine

with create_engine(os.environ['ORDERS_URL']).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
`;

const revision = (id: string, down: string | null, up: string, back: string) => `
from alembic import op
revision = '${id}'
down_revision = ${down === null ? 'None' : `'${down}'`}

def upgrade():
    op.execute("${up}")

def downgrade():
    op.execute("${back}")
`;

const revisions = [
  revision(
    'orders',
    null,
    'CREATE TABLE orders (id serial PRIMARY KEY, note text NOT NULL)',
    'DROP TABLE orders',
  ),
  revision(
    'currency',
    'orders',
    "ALTER TABLE orders ADD COLUMN currency text NOT NULL DEFAULT 'EUR'",
    'ALTER TABLE orders DROP COLUMN currency',
  ),
];

const where = `#!/bin/sh
revision=$(alembic current 2>/dev/null | cut -d " " -f 1)
if [ -n "$revision" ]; then echo "$revision"; else echo base; fi
`;

const release = async (root: string, version: string, known: number, insert: string) => {
  const folder = join(root, 'artifacts', version);
  const versions = join(folder, 'migrations', 'versions');
  await mkdir(versions, { recursive: true });
  await writeFile(join(folder, 'server.py'), server(version, insert));
  await writeFile(join(folder, 'alembic.ini'), '[alembic]\nscript_location = migrations\n');
  await writeFile(join(folder, 'migrations', 'env.py'), environmentFile);
  for (const [index, text] of revisions.slice(0, known).entries())
    await writeFile(join(versions, `${index + 1}.py`), text);
  for (const [name, text] of Object.entries({
    'start.sh': start,
    'stop.sh': stop,
    'where.sh': where,
  })) {
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), 0o755);
  }
};

const migrations = `
    migrations:
      status: [alembic, history, --indicate-current]
      up: [alembic, upgrade, head]
      down: 'alembic downgrade "$ROLLOUT_MIGRATE_TO"'
      to: ./where.sh
      timeout: 2m`;

const yaml = (url: string, data: 'restore' | 'keep') => `service: shop
gates: gates.json
environments:
  production:
    url: ${url}
    health: { path: /health, timeout: 5s, expect: { status: OK }, version: version }
    data:
      - { name: orders, type: postgres, url: "\${ORDERS_URL}" }
    target: { type: releases, root: app, artifact: "artifacts/{version}", start: ./start.sh, stop: ./stop.sh }${migrations}
    smoke: { command: ./smoke.sh, timeout: 20s }
    rollback: { data: ${data} }
`;

export interface PythonProject extends Project {
  readonly server: PostgresServer;
  /** Rows, columns of the table of orders, and the revision that the tool's own books say. */
  state(): Promise<{ orders: string[]; columns: string[]; revision: string[] }>;
  setRollbackData(data: 'restore' | 'keep'): Promise<void>;
}

/** A service in Python, its orders in PostgreSQL, migrated by Alembic: 1.0; 2.0, which needs a column more; 2.1, whose smoke tests fail. */
export const makePythonProject = async (): Promise<PythonProject> => {
  const postgres = await startPostgres();
  await postgres.sql('postgres', 'CREATE ROLE shopkeeper LOGIN CREATEDB');
  await postgres.sql('postgres', 'CREATE DATABASE shop OWNER shopkeeper');
  const root = await tempFolder();
  const url = `http://127.0.0.1:${await freePort()}`;
  await release(root, '1.0', 1, "INSERT INTO orders (note) VALUES ('by 1.0')");
  const insert = "INSERT INTO orders (note, currency) VALUES ('by 2.0', 'USD')";
  await release(root, '2.0', 2, insert);
  await release(root, '2.1', 2, insert);
  await writeFile(join(root, 'smoke.sh'), '#!/bin/sh\n[ "$ROLLOUT_VERSION" != 2.1 ]\n');
  await chmod(join(root, 'smoke.sh'), 0o755);
  await writeFile(
    join(root, 'gates.json'),
    JSON.stringify({
      environments: {
        production: {
          duration: '1s',
          autoRollback: true,
          arming: { polls: 2, every: '100ms' },
          qualityGates: { healthFailures: { threshold: 2 } },
        },
      },
    }),
  );
  const configFile = join(root, 'rollout.yaml');
  await writeFile(configFile, yaml(url, 'restore'));
  const own = { ORDERS_URL: postgres.url('shop', 'shopkeeper'), SHOP_HOME: root };
  const processEnv = { ...process.env, ...own, NO_COLOR: '1' };
  // Commands that run in this process see its variables.
  Object.assign(process.env, own);
  onTestFinished(async () => {
    for (const name of Object.keys(own)) delete process.env[name];
    const pid = Number(await readFile(join(root, 'service.pid'), 'utf8').catch(() => '0'));
    if (pid > 0) process.kill(pid, 'SIGKILL');
  });
  const query = (sql: string) => postgres.sql('shop', sql, 'shopkeeper');
  return {
    root,
    url,
    configFile,
    processEnv,
    server: postgres,
    run: (...argv) => runMain(argv, { processEnv, cwd: root, clock: hurried }),
    runAt: (clock, ...argv) => runMain(argv, { processEnv, cwd: root, clock }),
    writeNote: async () => {
      const answer = await fetch(url, { method: 'POST' });
      if (!answer.ok) throw new Error(`the service answered ${answer.status}`);
    },
    notes: () => {
      throw new Error('its orders are in PostgreSQL');
    },
    read: (path) => readFile(join(root, path), 'utf8'),
    state: async () => ({
      orders: await query('SELECT note FROM orders ORDER BY id'),
      columns: await query(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'orders' ORDER BY 1",
      ),
      revision: await query('SELECT version_num FROM alembic_version'),
    }),
    setRollbackData: (data) => writeFile(configFile, yaml(url, data)),
  };
};
