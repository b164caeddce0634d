import { readmeExample } from '@dhash/testkit';
import { expect, it } from 'vitest';

it('the example of the README plans the deploy that its comment says', async () => {
  const { steps } = await readmeExample(import.meta.url);
  expect(steps).toEqual([
    'backup',
    'lay',
    'stop',
    'backup-stopped',
    'activate',
    'start',
    'health',
    'smoke',
  ]);
});
