import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { freePort } from './free-port.ts';
import { tempFolder } from './temp-folder.ts';

/**
 * A real Prometheus on a free loopback port, filled by promtool with samples in OpenMetrics text (each
 * line `name{labels} value seconds`, without the closing `# EOF`); it scrapes nothing, and ends with the test.
 *
 * @returns its address, no trailing slash
 */
export const startPrometheus = async (lines: readonly string[]): Promise<string> => {
  const folder = await tempFolder();
  const data = join(folder, 'data');
  await mkdir(data);
  await writeFile(join(folder, 'prometheus.yml'), 'scrape_configs: []\n');
  await writeFile(join(folder, 'samples.txt'), `${lines.join('\n')}\n# EOF\n`);
  await promisify(execFile)('promtool', [
    ...['tsdb', 'create-blocks-from', 'openmetrics', '--max-block-duration=24h', '--quiet'],
    ...[join(folder, 'samples.txt'), data],
  ]);
  const port = await freePort();
  const server = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  server.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  const ended = once(server, 'exit');
  onTestFinished(async () => {
    server.kill('SIGKILL');
    await ended;
  });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 300 && server.exitCode === null; tries++) {
    const answer = await fetch(`${url}/-/ready`).catch(() => null);
    if (answer?.ok) return url;
    await delay(100);
  }
  throw new Error(`prometheus does not get ready:\n${said.slice(-4000)}`);
};
