import { join } from 'node:path';
import { createNotifier } from '@dhash/notifier';
import { startHttpServer } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { systemClock } from '../src/process/clock.ts';
import { project } from './notify-project.ts';
import { runMain } from './run-main.ts';

it('ack ends what is said again, and says what it was', async () => {
  const chat = await startHttpServer((_request, response) => void response.end('ok'));
  const { cwd } = await project(chat.url);
  const notifier = createNotifier({
    channels: [{ name: 'talk', type: 'slack', url: chat.url, allowPrivate: true }],
    folder: join(cwd, 'notifications'),
    repeat: { acknowledge: (run) => `ack ${run}` },
    env: {},
  });
  const say = (run: string) =>
    notifier.send({
      ...{ id: run, event: 'gate-break', severity: 'critical', title: 'gate broke', summary: '' },
      ...{ facts: [], sections: [], links: [], at: '2026-11-25T16:00:00.000Z', run },
    });
  await say('one-production');
  await say('two-production');
  const surroundings = { processEnv: { HOOK_URL: chat.url }, cwd, clock: systemClock };
  const ack = (run: string) => runMain(['ack', run], surroundings);
  expect((await runMain(['notify', 'status'], surroundings)).out).toContain(
    'said again: "gate broke", once so far; npx dhash-rollout ack one-production --env production ends it',
  );
  expect(await ack('one-production')).toMatchObject({
    exit: 0,
    out: expect.stringMatching(
      /^not said again: "gate broke", said once\nstill said again: two-production "gate broke"$/m,
    ),
  });
  expect((await ack('one-production')).out).toContain('nothing is repeated for one-production');
  expect(await notifier.repeating()).toMatchObject([{ run: 'two-production' }]);
});
