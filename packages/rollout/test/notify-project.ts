import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canary, tempFolder } from '@dhash/testkit';
import { systemClock } from '../src/process/clock.ts';
import { runMain } from './run-main.ts';

const config = (notify: string) => `service: notes
gates: gates.json
environments:
  production:
    url: http://127.0.0.1:9
    health: { path: /health }
    target: { type: command, current: "true", activate: "true", start: "true", stop: "true" }
    rollback: { data: keep }
    notify: ${notify}
    links: { runbook: "https://wiki.test/{service}" }
links: { report: "https://ci.test/{run}", runbook: "https://wiki.test/all" }
channels:
  hook: { type: webhook, url: "\${HOOK_URL}", allowPrivate: true }
  chat: { type: slack, url: "\${NOT_SET_ANYWHERE}" }
  crew: { type: teams, url: "\${CREW_URL}", allowPrivate: true }
`;

/** The only template of the project. */
export const template =
  'event: gate-break\nseverity: critical\ntitle: "{{service}}: gate {{gate}} broke"\nsummary: "{{sentence?}}"\n';

/** A project with a webhook `hook` at `url`, a Teams flow `crew`, and `chat`, which is off. */
export const project = async (url: string, notify = '[hook]', crew = '') => {
  const cwd = await tempFolder();
  await writeFile(join(cwd, 'rollout.yaml'), config(notify));
  await mkdir(join(cwd, 'templates', 'notifications'), { recursive: true });
  await writeFile(join(cwd, 'templates', 'notifications', 'gate-break.yaml'), template);
  const processEnv = { HOOK_URL: `${url}/${canary}`, CREW_URL: crew };
  const runUntil = (signal: AbortSignal, ...argv: string[]) =>
    runMain(['notify', ...argv], { processEnv, cwd, clock: systemClock, signal });
  const run = (...argv: string[]) => runUntil(new AbortController().signal, ...argv);
  return { cwd, run, runUntil };
};
