import { expect, it } from 'vitest';
import { messagesOfStep } from '../src/notify/step-messages.ts';

const done = (step: string, data: Record<string, unknown>) =>
  messagesOfStep({
    seq: 1,
    at: 0,
    type: 'step.done',
    step,
    data,
  } as unknown as Parameters<typeof messagesOfStep>[0]);

it('a backup and migrations are told, a backup that shrank as well', () => {
  expect(done('backup-stopped', { file: 'backups/a.zip', entries: 7 })).toEqual([
    {
      event: 'backup-done',
      variables: { step: 'backup-stopped', backup: 'backups/a.zip', files: '7' },
    },
  ]);
  expect(done('migrate', {})).toEqual([{ event: 'migrate-done', variables: { step: 'migrate' } }]);
  expect(
    done('backup', { file: 'b.zip', entries: 1, shrunken: ['files: 10 → 1 entries'] }),
  ).toEqual([
    { event: 'backup-done', variables: { step: 'backup', backup: 'b.zip', files: '1' } },
    {
      event: 'backup-shrank',
      variables: {
        step: 'backup',
        summary: expect.stringContaining('files: 10 → 1 entries. It is kept'),
      },
    },
  ]);
  expect(done('start', {})).toEqual([]);
});
