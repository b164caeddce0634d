import { readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fakeClock, startHttpServer } from '@dhash/testkit';
import { expect, it, vi } from 'vitest';
import { openEnvironment } from '../src/environment/environment.ts';
import { openAnnouncer } from '../src/notify/announcer.ts';
import { type Clock, systemClock } from '../src/process/clock.ts';
import { openRecorder } from '../src/record/recorder.ts';
import { createOutput } from '../src/words/output.ts';
import { project, template } from './notify-project.ts';

/** What a command of this project announces with, on a real record. */
const startAnnouncer = async (url: string, clock: Clock = systemClock) => {
  const { cwd } = await project(url);
  let said = '';
  const sink = {
    write: (text: string) => {
      said += text;
    },
  };
  const context = {
    output: createOutput({ stdout: sink, stderr: sink }, { json: false, verbose: false, env: {} }),
    clock,
    signal: new AbortController().signal,
    leave: new AbortController().signal,
    processEnv: { HOOK_URL: url },
    cwd,
    configFile: join(cwd, 'rollout.yaml'),
  };
  const environment = await openEnvironment(context, 'production');
  const recorder = await openRecorder(environment.layout, '20261125T160000Z-production', {
    now: () => systemClock.now(),
    redact: (text) => text,
  });
  return {
    cwd,
    recorder,
    announcer: openAnnouncer(context, environment, recorder),
    said: () => said,
  };
};

it.each([
  ['an unknown field', `${template}colour: red\n`, /gate-break\.yaml:5:\d+ .*colour/],
  ['a variable that there is none of', template.replace('gate}}', 'gaet}}'), /gaet/],
  ['no YAML', 'event: [gate-break\n', /gate-break\.yaml:\d+:\d+/],
])('a template with %s: the message goes out plain, and that is said', async (_, broken, why) => {
  const server = await startHttpServer((_request, response) => void response.end());
  const { cwd, announcer, recorder, said } = await startAnnouncer(server.url);
  await writeFile(join(cwd, 'templates', 'notifications', 'gate-break.yaml'), broken);
  announcer.announce('gate-break', { gate: 'p95HashTime', summary: 'p95HashTime broke' });
  await announcer.settle();
  await recorder.close();
  const { data } = JSON.parse(server.requests[0]?.body ?? '{}') as { data: object };
  expect(data).toMatchObject({
    event: 'gate-break',
    severity: 'critical',
    title: 'notes production: gate break',
    summary: 'p95HashTime broke',
    facts: expect.arrayContaining([{ name: 'gate', value: 'p95HashTime' }]),
  });
  expect(said()).toMatch(/warning: the message "gate-break" goes out plain: /);
  expect(said()).toMatch(why);
  expect(recorder.events).toMatchObject([
    { type: 'notification.receipt', event: 'gate-break', receipt: { status: 'delivered' } },
  ]);
});

it('a message says who must act, what runs, where and by whom, and carries the links', async () => {
  const server = await startHttpServer((_request, response) => void response.end());
  const { announcer, recorder } = await startAnnouncer(server.url);
  const commands = { rollBack: 'npx dhash-rollout rollback --backup b.zip' };
  const variables = { gate: 'p95HashTime', version: '1.2', previous: '1.1' };
  announcer.announce('gate-break', variables, { next: 'nothing', serving: '1.2', commands });
  announcer.announce('deploy-started', variables);
  await announcer.settle();
  await recorder.close();
  const sent = server.requests.map(
    ({ body }) => (JSON.parse(body) as { data: Record<string, unknown> }).data,
  );
  expect(sent.find(({ event }) => event === 'gate-break')).toMatchObject({
    acts: { who: 'you must', commands: [commands.rollBack] },
    situation: { serving: '1.2', host: hostname(), operator: expect.stringMatching(/./) },
    links: [
      { title: 'Runbook', url: 'https://wiki.test/notes' },
      { title: 'Report', url: 'https://ci.test/20261125T160000Z-production' },
    ].reverse(),
  });
  expect(sent.find(({ event }) => event === 'deploy-started')).not.toHaveProperty('acts');
});

it('what could not be delivered by the end of the command is said there', async () => {
  const server = await startHttpServer((_request, response) => {
    response.writeHead(429, { 'retry-after': '600' }).end();
  });
  const { announcer, recorder, said } = await startAnnouncer(server.url);
  announcer.announce('deploy-started', { version: '1.2' });
  await announcer.settle();
  await recorder.close();
  expect(said()).toMatch(
    /messages for hook are not delivered yet: they wait in notifications\/spool \(429/,
  );
  expect(recorder.events).toMatchObject([{ receipt: { status: 'spooled', attempts: 1 } }]);
});

it('a channel that hangs delays neither the release nor its end; the message stays in the spool', async () => {
  const server = await startHttpServer(() => new Promise<void>(() => undefined));
  // Its 15 s pass at once: what `settle` waits for is the time, not the answer.
  const { cwd, announcer, recorder } = await startAnnouncer(
    server.url,
    fakeClock(systemClock.now()),
  );
  announcer.announce('deploy-started', { version: '1.2' });
  await vi.waitFor(() => expect(server.requests).toHaveLength(1), 60_000);
  await announcer.settle();
  await recorder.close();
  expect(await readdir(join(cwd, 'notifications', 'spool'))).toEqual([
    expect.stringMatching(/-deploy-started\.hook\.json\..*\.claim$/),
  ]);
  expect(recorder.events).toEqual([]);
});
