import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fakeClock, hasTool, tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { shells } from '../src/cli/completion-script.ts';
import { runMain } from './run-main.ts';

const surroundings = { cwd: '/', clock: fakeClock(0), processEnv: {} };
const scriptFor = async (shell: string) => (await runMain(['completion', shell], surroundings)).out;

/** What bash offers after these words. */
const offers = async (...words: string[]): Promise<string[]> => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'completion.bash'), await scriptFor('bash'));
  await writeFile(
    join(folder, 'rollout.yaml'),
    'service: a\nenvironments:\n  production:\n    url: x\n  canary:\n    url: x\nchannels:\n  chat: {}\n',
  );
  const list = ['dhash-rollout', ...words].map((word) => `'${word}'`).join(' ');
  const script = `source completion.bash; COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _dhash_rollout; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { cwd: folder }).toString().trim().split('\n');
};

describe('bash completes', () => {
  it('commands, sub-commands and options', async () => {
    expect(await offers('de')).toEqual(['deploy']);
    expect(await offers('gates', 'ch')).toEqual(['check']);
    expect(await offers('deploy', '--ba')).toEqual(['--backup-first']);
    expect(await offers('deploy', '--env', 'canary', '--dry')).toEqual(['--dry-run']);
  });

  it('environments of the rollout.yaml that is here', async () => {
    expect(await offers('deploy', '--env', '')).toEqual(['production', 'canary']);
  });
});

it.each(shells)('%s gets a script that names every command', async (shell) => {
  const script = await scriptFor(shell);
  for (const name of ['deploy', 'signoff', 'init', 'adopt']) expect(script).toContain(name);
  if (!hasTool(shell)) return;
  const file = join(await tempFolder(), 'completion');
  await writeFile(file, script);
  execFileSync(shell, ['-n', file]);
});

it('refuses another shell', async () => {
  expect(await runMain(['completion', 'tcsh'], surroundings)).toMatchObject({ exit: 2 });
});
