import type { Message } from '../src/index.ts';

/** A message with everything in it, changed as asked. */
export const message = (change: Partial<Message> = {}): Message => ({
  id: 'run-1-gate-break',
  event: 'gate-break',
  severity: 'critical',
  title: 'dhash production: gate p95 broke',
  summary: 'p95 was 812 ms, more than 500 ms, in 3 of 3 windows.',
  facts: [
    { name: 'Version', value: '1.2.0' },
    { name: 'Before it', value: '1.1.0' },
  ],
  sections: [{ title: 'Why', text: 'slow decode path\nsecond line' }],
  links: [{ title: 'Report', url: 'https://example.test/report?a=1&b=2' }],
  at: '2026-11-23T20:00:00.000Z',
  run: 'run-1',
  ...change,
});
