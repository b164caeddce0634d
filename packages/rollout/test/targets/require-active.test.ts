import { expect, test } from 'vitest';
import { requireActive } from '../../src/targets/require-active.ts';

const target = (kind: 'releases' | 'command', active: string | null) => ({
  kind,
  current: async () => active,
});

test.each([
  ['releases', '1.1', 'started', null],
  ['releases', '1.0', 'started', /target says that 1\.0 is active/],
  ['releases', null, 'started', /says that none is active/],
  ['command', '1.1', 'started', null],
  ['command', '1.0', 'started', /1\.0 is active/],
  // It may ask the service itself, which has only just been started.
  ['command', null, 'started', null],
  ['command', null, 'healthy', /none is active/],
] as const)('%s that names %s when %s', async (kind, active, when, message) => {
  const asked = requireActive(target(kind, active), '1.1', when);
  if (message === null) await asked;
  else
    await expect(asked).rejects.toMatchObject({
      code: 'not-active',
      message: expect.stringMatching(message),
    });
});
