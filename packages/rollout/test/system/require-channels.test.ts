import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { canary, startHttpServer } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { makeProject } from './project.ts';

const withHook = (url: string) => (text: string) =>
  `${text}    notify: [hook, { channel: chat, minSeverity: warning }]
    requireChannels: 1
channels:
  hook: { type: webhook, url: "${url}", allowPrivate: true }
  chat: { type: slack, url: "\${NOT_SET_ANYWHERE}" }
`;

it('a deploy tests its channels first, and changes nothing where none works', async () => {
  let status = 404;
  const server = await startHttpServer((_request, response) => {
    response.statusCode = status;
    response.end();
  });
  const project = await makeProject({ yaml: withHook(`${server.url}/${canary}`) });

  // A dry run says what it would ask for, and sends nothing.
  const plan = await project.run('deploy', '--env', 'production', '--version', '1.0', '--dry-run');
  expect(plan, plan.err).toMatchObject({ exit: 0 });
  expect(plan.out).toContain(
    'channels that are off: chat (its variable NOT_SET_ANYWHERE is not set)',
  );
  expect(plan.out).toContain('first a test goes to every channel; one of them must take it');
  expect(server.requests).toEqual([]);

  const before = await readdir(project.root);
  const refused = await project.run('deploy', '--env', 'production', '--version', '1.0');
  expect(refused).toMatchObject({ exit: 2 });
  expect(refused.out).toContain('hook 404: the webhook is gone or mistyped');
  expect(refused.out).toContain('chat off: its variable NOT_SET_ANYWHERE is not set');
  expect(refused.err).toContain('requireChannels of production is 1, but no channel works');
  expect(refused.err).toContain('notify test --all --env production');
  expect(await readdir(project.root)).toEqual(before);
  expect(before).not.toContain('app');
  expect(server.requests).toHaveLength(1);

  status = 200;
  const deployed = await project.run('deploy', '--env', 'production', '--version', '1.0');
  expect(deployed, deployed.err).toMatchObject({ exit: 0 });
  expect(deployed.out).toMatch(/^hook delivered \d+ ms$/m);
  const events = server.requests.map(({ body }) => JSON.parse(body).type);
  expect(events).toEqual([
    'rollout.test',
    'rollout.test',
    'rollout.deploy_started',
    'rollout.deploy_done',
  ]);
  expect(await readdir(join(project.root, 'app'))).toContain('current');
});

it('a channel that is off is refused before anything is asked; doctor says it too', async () => {
  const project = await makeProject({ yaml: withHook('') });
  const doctor = await project.run('doctor');
  expect(doctor).toMatchObject({ exit: 1 });
  expect(doctor.out).toMatch(/PROBLEM requireChannels of production is 1, but no channel works/);
  const refused = await project.run('deploy', '--env', 'production', '--dry-run');
  expect(refused).toMatchObject({ exit: 2 });
  expect(refused.err).toContain('hook: off, because its variable is not set');
});
