import { describe, expect, it } from 'vitest';
import { backupOnRecord } from '../../src/record/backup-on-record.ts';
import type { RecordedRun } from '../../src/record/runs.ts';

const done = (step: string, data: unknown) => ({ type: 'step.done', step, data });
const run = (name: string, ...events: object[]) =>
  ({ state: { run: name }, events }) as unknown as RecordedRun;

const runs = [
  run(
    'r2',
    done('backup', { file: 'backups/b.zip', sha256: 'b1' }),
    done('backup-stopped', { file: 'backups/c.zip', sha256: 'c1' }),
    done('activate', { file: 'backups/a.zip', sha256: 'x' }),
  ),
  run(
    'r1',
    done('backup', { file: 'backups/a.zip', sha256: 'a1' }),
    done('backup', { file: '/elsewhere/d.zip', sha256: 'd1' }),
    done('backup', null),
    done('backup', { file: 'backups/b.zip', sha256: 'b0' }),
  ),
];

describe('a backup on record', () => {
  it.each([
    ['the one before the stop', '/srv/backups/b.zip', { run: 'r2', sha256: 'b1' }],
    ['the one after it', '/srv/backups/c.zip', { run: 'r2', sha256: 'c1' }],
    ['one of an earlier run', '/srv/backups/a.zip', { run: 'r1', sha256: 'a1' }],
    ['one outside the folder', '/elsewhere/d.zip', { run: 'r1', sha256: 'd1' }],
    ['one that was taken by hand', '/srv/backups/e.zip', null],
    ['one of the same name elsewhere', '/tmp/b.zip', null],
  ])('%s', (_what, file, expected) => {
    expect(backupOnRecord(runs, '/srv', file)).toEqual(expected);
  });
});
