import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startHttpServer, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { Interrupted } from '../src/environment/context.ts';
import { systemClock } from '../src/process/clock.ts';
import { runMain } from './run-main.ts';

it('status --watch shows it again until a signal, which is its exit code', async () => {
  const looks: string[] = [];
  const server = await startHttpServer((_, response) => {
    looks.push('look');
    response.end(looks.length === 1 ? '{"status":"OK"}' : '{"status":"DEAD"}');
  });
  const cwd = await tempFolder();
  await writeFile(
    join(cwd, 'rollout.yaml'),
    `service: shop
gates: gates.yaml
environments:
  production:
    url: ${server.url}
    health: { path: /health, expect: { status: OK } }
    data: []
    target: { type: command, activate: [ 'true' ], current: [ echo, '1.0' ], start: [ 'true' ], stop: [ 'true' ] }
    rollback: { data: keep }
`,
  );
  const stop = new AbortController();
  let pauses = 0;
  const sleep = async (_: number, signal?: AbortSignal) => {
    pauses += 1;
    if (pauses === 2) stop.abort(new Interrupted('SIGINT'));
    signal?.throwIfAborted();
  };
  const ran = await runMain(['status', '--env', 'production', '--watch'], {
    ...{ processEnv: {}, cwd, clock: { ...systemClock, sleep }, signal: stop.signal },
  });
  expect(ran.exit).toBe(130);
  expect(ran.out.match(/health {4}(?:not )?OK/g)).toEqual(['health    OK', 'health    not OK']);
});
