import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openJournal } from '@dhash/journal';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../src/record/layout.ts';
import { openRecorder } from '../../src/record/recorder.ts';
import { surveyRuns } from '../../src/record/runs.ts';

const now = () => Date.parse('2026-11-24T10:00:00Z');
const run = '20261124T100000Z-prod-deploy-abcd';
const opened = {
  type: 'run.opened',
  kind: 'deploy',
  env: 'prod',
  service: 's',
  version: '1.1',
  tool: { name: 't', version: '1' },
  user: 'u',
  host: 'h',
};

const written = async (...events: { type: string; [field: string]: unknown }[]) => {
  const layout = layoutOf(await tempFolder());
  const journal = await openJournal(layout.run(run).journal, { now });
  for (const event of events) await journal.append(event as Parameters<typeof journal.append>[0]);
  await journal.close();
  return layout;
};
const redact = (text: string) => text.replaceAll('hunter22', '***');

describe('a record of another version', () => {
  it.each<[string, { type: string; [field: string]: unknown }, RegExp]>([
    [
      'an event',
      { type: 'deploy.teleported' },
      /:2 \(deploy\.teleported\) is an event that is not/,
    ],
    ['a field', { type: 'run.stuck', problem: 'p', mood: 'bad' }, /:2 \(run\.stuck\).*mood/],
    ['a step', { type: 'step.started', step: 'levitate' }, /:2 \(step\.started\).*step/],
    ['an outcome', { type: 'run.closed', outcome: 'vanished' }, /:2 \(run\.closed\).*outcome/],
  ])('%s that is not known: exit 8, and nothing is appended', async (_, event, message) => {
    const layout = await written(opened, event);
    const before = await readFile(layout.run(run).journal, 'utf8');
    await expect(openRecorder(layout, run, { now, redact })).rejects.toMatchObject({
      code: 'unknown-event',
      exit: 8,
      message: expect.stringMatching(message),
    });
    expect(await readFile(layout.run(run).journal, 'utf8')).toBe(before);
    const { runs, broken } = await surveyRuns(layout, 'prod');
    expect(runs).toEqual([]);
    expect(broken).toMatchObject([{ run, problem: expect.stringMatching(message) }]);
  });

  it('a torn last line is no unknown event', async () => {
    const layout = await written(opened);
    await appendFile(layout.run(run).journal, '{"seq":2,"type":"deploy.tel');
    const recorder = await openRecorder(layout, run, { now, redact });
    expect(recorder.events).toHaveLength(1);
    await recorder.close();
  });
});

describe('masking', () => {
  it('words are masked, facts are not: what is read again must be what was written', async () => {
    const layout = await written(opened);
    const recorder = await openRecorder(layout, run, { now, redact });
    await recorder.record({
      type: 'rollback.started',
      backup: join('/srv/hunter22', 'backups', 'b.zip'),
      sha256: null,
      proven: null,
      data: 'restore',
      from: 'hunter22',
      to: '1.0',
      reason: 'the password hunter22 was said back',
      trigger: 'person',
      user: 'hunter22',
    });
    await recorder.record({
      type: 'step.done',
      step: 'smoke',
      data: { output: 'login hunter22', file: '/srv/hunter22/x' },
      ms: 1,
    });
    await recorder.close();
    expect(recorder.events.slice(1)).toMatchObject([
      {
        backup: '/srv/hunter22/backups/b.zip',
        from: 'hunter22',
        user: 'hunter22',
        reason: 'the password *** was said back',
      },
      { data: { output: 'login ***', file: '/srv/hunter22/x' } },
    ]);
  });

  it('an event that could not be read again is not written', async () => {
    const layout = await written(opened);
    const recorder = await openRecorder(layout, run, { now, redact });
    const bad = { type: 'run.stuck', trouble: 'x' } as unknown as Parameters<
      typeof recorder.record
    >[0];
    await expect(recorder.record(bad)).rejects.toThrow(/run\.stuck/);
    await recorder.close();
    expect(recorder.events).toHaveLength(1);
  });
});
