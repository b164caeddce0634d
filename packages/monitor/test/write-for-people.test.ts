import { expect, it } from 'vitest';
import { writeForPeople } from '../src/index.ts';

it('writes each by itself; what fails is a warning, and the rest is written', async () => {
  const written: string[] = [];
  const failed = await writeForPeople({
    summary: () => {
      throw new Error('ENOSPC');
    },
    report: async () => {
      written.push('report');
    },
    chart: () => Promise.reject('no room'),
  });
  expect(written).toEqual(['report']);
  expect(failed).toEqual([
    { type: 'report.failed', what: 'summary', message: 'ENOSPC' },
    { type: 'report.failed', what: 'chart', message: 'no room' },
  ]);
});
