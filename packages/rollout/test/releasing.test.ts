import type { Lock } from '@dhash/journal';
import { expect, it } from 'vitest';
import type { CommandContext } from '../src/environment/context.ts';
import { releasing } from '../src/environment/lock.ts';

it('a lock that can not be given back changes nothing of what was done', async () => {
  const warnings: string[] = [];
  const output = { warn: (text: string) => warnings.push(text) };
  const lock = {
    file: '/srv/app/rollout.lock',
    release: () => Promise.reject(new Error('ENOSPC: no space left on device, write')),
  };
  const done = await releasing(
    { output } as unknown as CommandContext,
    lock as unknown as Lock,
    async () => 'done',
  );
  expect(done).toBe('done');
  expect(warnings).toEqual([
    'the lock /srv/app/rollout.lock could not be removed (ENOSPC: no space left on device, write): the next command takes it over',
  ]);
});
