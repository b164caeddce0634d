import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { daemonOf } from '../src/daemon/running-process.ts';
import { layReleases, runToEnd } from './support/laid-release.ts';
import { exampleFolder, madeData, pictureCount } from './support/service-on-data.ts';

const patience = 60_000;
const laid = async (versions: readonly string[]) => {
  const base = await madeData('1.0');
  return { base, ...(await layReleases(base, versions)) };
};

it(
  'starts, logs structured lines beside the data, and stops, each any number of times',
  async () => {
    const { base, start, stop, health, pid } = await laid(['1.0']);
    expect(await start()).toMatchObject({
      exit: 0,
      output: expect.stringMatching(/started as pid \d+/),
    });
    expect(await health()).toEqual({ status: 'OK', version: '1.0' });
    const first = pid();
    expect(await daemonOf(first, base)).toMatchObject({ pid: first });
    expect(await start()).toMatchObject({
      exit: 0,
      output: `dhash: running already as pid ${first}\n`,
    });
    expect(pid()).toBe(first);

    expect(await stop()).toMatchObject({ exit: 0, output: `dhash: stopped (pid ${first})\n` });
    expect(existsSync(join(base, 'dhash.pid'))).toBe(false);
    expect(await daemonOf(first, base)).toBe(null);
    expect(await stop()).toMatchObject({ exit: 0, output: 'dhash: not running\n' });

    const lines = readFileSync(join(base, 'dhash.log'), 'utf8').trim().split('\n');
    const said = lines.map((line) => JSON.parse(line));
    for (const line of said)
      expect(line).toMatchObject({
        ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        level: expect.stringMatching(/^(info|warn|error)$/),
        msg: expect.any(String),
        version: '1.0',
        pid: first,
      });
    expect(said).toContainEqual(
      expect.objectContaining({ msg: 'library filled', images: pictureCount }),
    );
    expect(said.at(-1).msg).toBe('stopped');
    expect(statSync(join(base, 'dhash.log')).mode & 0o777).toBe(0o600);
  },
  patience,
);

it(
  'refuses to start over another release, and stops one that another release started',
  async () => {
    const { start, stop, activate, health } = await laid(['1.0', '1.1']);
    await start();
    await health();
    activate('1.1');
    expect(await start()).toMatchObject({
      exit: 1,
      output: expect.stringMatching(
        /^error: another release runs on .*releases\/1\.0\/server\.js.*stop\.sh first/,
      ),
    });
    expect(await stop()).toMatchObject({ exit: 0, output: expect.stringContaining('stopped') });
    expect(await start()).toMatchObject({
      exit: 1,
      output: expect.stringMatching(
        /did not start: .*schema of release 1\.1 .*apply the release's migrations/,
      ),
    });
  },
  patience,
);

it(
  'refuses a port in use, by its number, and leaves nothing',
  async () => {
    const { base, url, start } = await laid(['1.0']);
    const port = Number(new URL(url).port);
    const other = createServer().listen(port, '127.0.0.1');
    onTestFinished(() => void other.close());
    expect(await start()).toMatchObject({
      exit: 1,
      output: expect.stringMatching(new RegExp(`^error: port ${port} on 127.0.0.1 is in use`)),
    });
    expect(existsSync(join(base, 'dhash.pid'))).toBe(false);
  },
  patience,
);

it(
  'never signals a process that got the pid of a dead daemon',
  async () => {
    const { base, stop, start } = await laid(['1.0']);
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
    onTestFinished(() => void stranger.kill());
    writeFileSync(join(base, 'dhash.pid'), `${stranger.pid}\n`);
    expect(await stop()).toMatchObject({ exit: 0, output: 'dhash: not running\n' });
    expect(stranger.exitCode ?? stranger.signalCode).toBe(null);
    writeFileSync(join(base, 'dhash.pid'), `${stranger.pid}\n`);
    expect((await start()).exit).toBe(0);
  },
  patience,
);

it(
  'kills a daemon that does not heed a TERM within 10 s',
  async () => {
    const { base, start, stop, pid } = await laid(['1.0']);
    await start();
    const frozen = pid();
    expect(await daemonOf(frozen, base)).toMatchObject({ pid: frozen });
    process.kill(frozen, 'SIGSTOP');
    expect(await stop()).toMatchObject({ exit: 0, output: expect.stringContaining('killed') });
    expect(await daemonOf(frozen, base)).toBe(null);
  },
  patience,
);

it(
  'starts again after a kill -9',
  async () => {
    const { start, health, pid } = await laid(['1.0']);
    await start();
    await health();
    const killed = pid();
    process.kill(killed, 'SIGKILL');
    await expect
      .poll(async () => (await start()).output, { timeout: 20_000 })
      .toContain('started as pid');
    expect(pid()).not.toBe(killed);
    expect(await health()).toEqual({ status: 'OK', version: '1.0' });
  },
  patience,
);

it(
  'says what is missing: data, a folder it is laid in, a Node',
  async () => {
    const base = await tempFolder();
    const { start, current } = await layReleases(base, ['1.0']);
    expect(await start()).toMatchObject({
      exit: 1,
      output: expect.stringMatching(/no library at .*init\.js/),
    });
    expect(
      await runToEnd('./start.sh', [], { ROLLOUT_NODE: '/nowhere/node' }, current),
    ).toMatchObject({
      exit: 1,
      output: expect.stringContaining('Node 22.16 or newer is needed and /nowhere/node is not one'),
    });
    expect(await runToEnd('./start.sh', [], { ROLLOUT_URL: 'here' }, current)).toMatchObject({
      exit: 1,
      output: expect.stringContaining('ROLLOUT_URL is to be like'),
    });
    expect(
      await runToEnd(process.execPath, [join(exampleFolder, 'build.js'), '9.9'], {}),
    ).toMatchObject({ exit: 2, output: expect.stringContaining('no release 9.9') });
  },
  patience,
);
