import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startHttpServer, tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { main } from '../src/cli/main.ts';
import { systemClock } from '../src/clock.ts';

const config = (url: string) => `service: notes
gates: gates.json
environments:
  production:
    url: http://127.0.0.1:9
    health: { path: /health }
    target: { type: command, current: "true", activate: "true", start: "true", stop: "true" }
    rollback: { data: keep }
    notify: [hook]
channels:
  hook: { type: webhook, url: "${url}", allowPrivate: true }
  chat: { type: slack, url: "\${NOT_SET_ANYWHERE}" }
`;

const template =
  'event: gate-break\nseverity: critical\ntitle: "{{service}}: gate {{gate}} broke"\nsummary: "{{sentence?}}"\n';

const project = async (url: string) => {
  const cwd = await tempFolder();
  await writeFile(join(cwd, 'rollout.yaml'), config(url));
  await mkdir(join(cwd, 'templates', 'notifications'), { recursive: true });
  await writeFile(join(cwd, 'templates', 'notifications', 'gate-break.yaml'), template);
  const run = async (...argv: string[]) => {
    let out = '';
    let err = '';
    const exit = await main(['notify', ...argv], {
      stdout: {
        write: (text) => {
          out += text;
        },
      },
      stderr: {
        write: (text) => {
          err += text;
        },
      },
      processEnv: {},
      cwd,
      clock: systemClock,
      signal: new AbortController().signal,
    });
    return { exit, out, err };
  };
  return { cwd, run };
};

describe('notify', () => {
  it('send: exit 0 where it arrived, and the receiver has it', async () => {
    const server = await startHttpServer((_, response) => {
      response.end('ok');
    });
    const { run } = await project(server.url);
    const ran = await run('send', '--message', 'hello', '--severity', 'warning');
    expect(ran, ran.err).toMatchObject({ exit: 0 });
    expect(ran.out).toMatch(/^hook: (delivered|accepted)/);
    expect(server.requests[0]?.body).toContain('hello');
  });

  it('send: exit 3 where it waits in the spool; flush delivers it once the server is there', async () => {
    let status = 503;
    const server = await startHttpServer((_, response) => {
      response.statusCode = status;
      response.setHeader('retry-after', '0');
      response.end();
    });
    const { cwd, run } = await project(server.url);
    expect(await run('send', '--message', 'later')).toMatchObject({ exit: 3 });
    expect(await readdir(join(cwd, 'notifications', 'spool'))).not.toEqual([]);
    expect((await run('status')).out).toContain('waiting: 1');
    status = 200;
    const flushed = await run('flush');
    expect(flushed, flushed.err).toMatchObject({ exit: 0 });
    expect((await run('status')).out).toContain('waiting: 0');
    expect(server.requests.at(-1)?.body).toContain('later');
  });

  it('send: exit 1 where the server will never take it', async () => {
    const server = await startHttpServer((_, response) => {
      response.statusCode = 410;
      response.end();
    });
    const { run } = await project(server.url);
    expect(await run('send', '--message', 'never')).toMatchObject({ exit: 1 });
  });

  it('--dry-run sends nothing', async () => {
    const server = await startHttpServer((_, response) => {
      response.end('ok');
    });
    const { run } = await project(server.url);
    expect(await run('send', '--message', 'not yet', '--dry-run')).toMatchObject({ exit: 0 });
    expect(server.requests).toEqual([]);
  });

  it('preview prints the bytes of an event for a channel', async () => {
    const { run } = await project('http://127.0.0.1:9');
    const ran = await run('preview', '--event', 'gate-break', '--channel', 'slack');
    expect(ran.exit).toBe(0);
    expect(JSON.parse(ran.out)).toMatchObject({
      text: expect.stringContaining('gate p95HashTime broke'),
    });
    expect(await run('preview', '--event', 'gate-broke', '--channel', 'slack')).toMatchObject({
      exit: 2,
    });
  });

  it('check names a broken template with its line', async () => {
    const { cwd, run } = await project('http://127.0.0.1:9');
    expect(await run('check')).toMatchObject({ exit: 0 });
    await writeFile(
      join(cwd, 'templates', 'notifications', 'gate-break.yaml'),
      `${template}colour: red\n`,
    );
    const ran = await run('check');
    expect(ran.exit).toBe(2);
    expect(ran.out).toMatch(/gate-break\.yaml:5:\d+ .*colour/);
  });

  it('test tries each channel once and keeps nothing', async () => {
    const server = await startHttpServer((_, response) => {
      response.end('ok');
    });
    const { cwd, run } = await project(server.url);
    const ran = await run('test', '--all');
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });
    expect(server.requests).toHaveLength(1);
    server.close();
    expect(await run('test')).toMatchObject({ exit: 1 });
    const spool = join(cwd, 'notifications', 'spool');
    expect(await readdir(spool).catch(() => [])).toEqual([]);
  });

  it('phase: an unknown one names those there are', async () => {
    const { run } = await project('http://127.0.0.1:9');
    const ran = await run('phase', '--phase', 't-31');
    expect(ran.exit).toBe(2);
    expect(ran.err).toContain('t-30');
  });
});
