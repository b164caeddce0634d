import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { environmentConfig, loadConfig } from '@dhash/rollout';
import { hasTool, tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { blocksOf, bookText } from './books.ts';

const blocks = blocksOf(bookText('docs/recipes.md'));
const files = blocks.filter(({ language }) => language === 'yaml').map(({ code }) => code);

/** Runs a start or stop of a recipe as the tool would, with a stand-in for a program on the PATH. */
const callsOf = async (program: string, commands: readonly string[], version: string) => {
  const folder = await tempFolder();
  await mkdir(join(folder, 'bin'));
  const standIn = join(folder, 'bin', program);
  await writeFile(standIn, '#!/bin/sh\necho "$RELEASE: $*" >> "$CALLS"\n');
  await chmod(standIn, 0o755);
  const calls = join(folder, 'calls');
  const env = {
    ...process.env,
    PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`,
    CALLS: calls,
    ROLLOUT_VERSION: version,
  };
  const said = commands.map((command) =>
    execFileSync('sh', ['-c', command], { cwd: folder, env }).toString(),
  );
  return { said, calls: (await readFile(calls, 'utf8')).split('\n').filter((line) => line !== '') };
};

const configOf = async (text: string) => {
  const file = join(await tempFolder(), 'rollout.yaml');
  await writeFile(file, text);
  return environmentConfig(await loadConfig(file), 'production', {});
};

describe('docs/recipes.md', () => {
  it('has only rollout.yaml that is one', async () => {
    expect(files).toHaveLength(3);
    for (const text of files) expect((await configOf(text)).service).toBe('shop');
  });

  it.runIf(hasTool('systemd-analyze'))('has units that systemd takes', async () => {
    const folder = await tempFolder();
    const units = blocks.filter(({ language }) => language === 'ini');
    expect(units).toHaveLength(3);
    const paths: string[] = [];
    for (const { code } of units) {
      const [, name = ''] = /^# (\S+)$/m.exec(code) ?? [];
      // systemd looks whether the folder is there.
      await writeFile(
        join(folder, name),
        code.replaceAll('/srv/shop/app/current', '/').replaceAll('/srv/shop', '/'),
      );
      paths.push(join(folder, name));
    }
    const said = execFileSync('systemd-analyze', ['verify', '--man=no', ...paths], {
      stdio: 'pipe',
    });
    expect(said.toString()).toBe('');
  });

  it('starts and stops a container by these arguments (docker is a stand-in)', async () => {
    const { target } = await configOf(files[2] ?? '');
    if (target.type !== 'command') throw new Error('the recipe is of another target');
    const commands = [
      target.current,
      target.activate,
      target.current,
      target.start,
      target.stop,
    ].map(String);
    const { said, calls } = await callsOf('docker', commands, '2.1');
    expect(said.slice(0, 3)).toEqual(['', '', '2.1']);
    expect(calls).toEqual(['2.1: compose up -d --wait web', '2.1: compose stop web']);
  });

  it('starts and stops a plain process, twice each', async () => {
    const { target } = await configOf(files[1] ?? '');
    const folder = await tempFolder();
    const current = join(folder, 'app/releases/1.0');
    await mkdir(current, { recursive: true });
    await writeFile(join(current, 'run'), '#!/bin/sh\nexec sleep 60\n');
    await chmod(join(current, 'run'), 0o755);
    const sh = (command: unknown) => execFileSync('sh', ['-c', String(command)], { cwd: current });
    sh(target.stop);
    sh(target.start);
    const pid = Number(await readFile(join(folder, 'app/service.pid'), 'utf8'));
    expect(process.kill(pid, 0)).toBe(true);
    sh(target.stop);
    sh(target.stop);
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  });

  it.runIf(hasTool('nginx'))('has a server that nginx takes', async () => {
    const folder = await tempFolder();
    const [server] = blocks.filter(({ language }) => language === 'nginx');
    const text = `pid ${folder}/pid;\nerror_log stderr;\nevents {}\nhttp { access_log off; ${server?.code} }\n`;
    await writeFile(join(folder, 'nginx.conf'), text);
    execFileSync('nginx', ['-t', '-p', folder, '-c', join(folder, 'nginx.conf')], {
      stdio: 'pipe',
    });
  });
});

/** A zombie that nobody has reaped yet does not run. */
const isRunning = async (pid: number): Promise<boolean> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tX');
  return !/^State:\s[ZX]/m.test(status);
};

it('docs/contract.md names every variable that commands are given', () => {
  const page = bookText('docs/contract.md');
  for (const name of ['ENV', 'RUN', 'VERSION', 'PREVIOUS', 'URL', 'DATA', 'DRILL'])
    expect(page).toContain(`ROLLOUT_${name}`);
});
