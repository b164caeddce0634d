import { expect, it } from 'vitest';
import { runMain } from '../run-main.ts';
import { filesProject } from './files-project.ts';

it('a rollback says how far it has come, in its plan and in its steps', async () => {
  const project = await filesProject();
  const name = await project.backUp('2026-03-01T12:00:00Z');
  // Two seconds pass at each look: every entry is due for a line, and health gives up soon.
  let now = Date.parse('2026-03-01T13:00:00Z');
  const progressOf = async (...more: string[]) => {
    const argv = ['rollback', '--env', 'production', '--backup', `backups/${name}`, ...more];
    const { out } = await runMain([...argv, '--json'], {
      processEnv: { USER: 'ana' },
      cwd: project.root,
      clock: {
        now: () => {
          now += 2000;
          return now;
        },
        sleep: async () => undefined,
      },
    });
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return [...new Set(events.flatMap(({ type, phase }) => (type === 'progress' ? [phase] : [])))];
  };
  expect(await progressOf('--dry-run')).toEqual(['verify']);
  expect(await progressOf('--reason', 'try')).toEqual(['verify', 'stage']);
});
