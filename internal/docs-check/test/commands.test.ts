import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandIo, main } from '@dhash/rollout';
import { fakeClock } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { type BookCommand, books, bookText, commandsOf, repository } from './books.ts';

/** The sub-command that each of the operators' scripts starts. */
const subCommands: Readonly<Record<string, readonly string[]>> = {
  'scripts/deploy_dhash.sh': ['deploy'],
  'scripts/migrate_dhash.sh': ['migrate'],
  'scripts/backup_dhash.sh': ['backup'],
  'scripts/rollback_dhash.sh': ['rollback'],
  'scripts/restore_dhash.sh': ['restore'],
  'scripts/smoke_tests.sh': ['smoke'],
  'scripts/monitor_dhash.js': ['monitor'],
  'scripts/notify.js': ['notify', 'send'],
  'scripts/deploy/deploy-notify.js': ['notify', 'phase'],
  'scripts/validate_logging.js': ['validate-logging'],
};
const withSubCommands = ['gates', 'journal', 'notify'];

const pathOf = ({ program, args }: BookCommand): readonly string[] =>
  subCommands[program] ??
  (withSubCommands.includes(args[0] ?? '') ? args.slice(0, 2) : args.slice(0, 1));

const helps = new Map<string, Promise<{ exit: number; text: string }>>();

const helpOf = (path: readonly string[]) => {
  const name = path.join(' ');
  const known = helps.get(name);
  if (known !== undefined) return known;
  const help = (async () => {
    let text = '';
    const stream = {
      write: (more: string) => {
        text += more;
      },
    };
    const io: CommandIo = {
      stdout: stream,
      stderr: stream,
      processEnv: {},
      cwd: repository,
      clock: fakeClock(0),
      signal: new AbortController().signal,
    };
    const exit = await main([...path, '--help'], io);
    return { exit, text };
  })();
  helps.set(name, help);
  return help;
};

/** Flags of a command that its help does not know, and the sub-command where there is no such. */
const unknownIn = async (command: BookCommand): Promise<string[]> => {
  const path = pathOf(command);
  const { exit, text } = await helpOf(path);
  const usage = `Usage: dhash-rollout ${path.join(' ')}`;
  if (exit !== 0 || !text.startsWith(usage)) return [`no command "${path.join(' ')}"`];
  const flags = command.args.filter((word) => /^--?[a-z]/.test(word));
  return flags.filter((flag) => !new RegExp(`^\\s+${flag}\\s`, 'm').test(text));
};

const manifest = JSON.parse(bookText('package.json')) as { scripts: Record<string, string> };

describe.each(books)('%s', (book) => {
  const commands = commandsOf(book);

  it('shows commands', () => {
    expect(commands.length).toBeGreaterThan(4);
  });

  it('names only npm scripts that exist', () => {
    const npmScripts = commands
      .filter(({ program, args }) => program === 'npm' && args[0] === 'run')
      .map(({ args }) => args.find((word, at) => at > 0 && !word.startsWith('-')) ?? '');
    expect(npmScripts.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });

  it('names only scripts that exist', () => {
    const files = commands.map(({ program }) => program).filter((name) => name.includes('/'));
    expect(files.filter((file) => !existsSync(join(repository, file)))).toEqual([]);
    expect(files.filter((file) => !(file in subCommands))).toEqual([]);
  });

  it('gives them only flags that they know', async () => {
    const ours = commands.filter(({ program }) => program !== 'npm');
    const problems: string[] = [];
    for (const command of ours)
      for (const unknown of await unknownIn(command)) problems.push(`${command.line}: ${unknown}`);
    expect(problems).toEqual([]);
  });
});

it.each([
  ['--no-such-flag', 'npx dhash-rollout deploy --no-such-flag', 'deploy'],
  ['no command "deplyo"', 'npx dhash-rollout deplyo --env x', 'deplyo'],
])('would find %s', async (problem, line, ...[name]) => {
  const args = line.split(' ').slice(2);
  expect(args[0]).toBe(name);
  expect(await unknownIn({ book: 'none', line, program: 'dhash-rollout', args })).toEqual([
    problem,
  ]);
});

it('has the two commands of a fresh clone in README.md, verbatim', () => {
  const lines = bookText('README.md')
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, ''));
  expect(lines).toContain('npm ci && npm run demo');
  expect(lines).toContain('npm ci && npm test');
});
