import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canary, startHttpServer } from '@dhash/testkit';
import { describe, expect, it, vi } from 'vitest';
import { Interrupted } from '../src/environment/context.ts';
import { project, template } from './notify-project.ts';

describe('notify', () => {
  it('send: exit 0 where it arrived, and the receiver has it', async () => {
    const server = await startHttpServer((_, response) => {
      response.end('ok');
    });
    const { run } = await project(server.url);
    const ran = await run('send', '--message', 'hello', '--severity', 'warning');
    expect(ran, ran.err).toMatchObject({ exit: 0 });
    expect(ran.out).toMatch(/^hook delivered \d+ ms/);
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

  it('phase: the flags that operators know; a dry run writes the message and sends nothing', async () => {
    const server = await startHttpServer((_, response) => void response.end('ok'));
    const { cwd, run } = await project(server.url);
    await rm(join(cwd, 'templates'), { recursive: true });
    const flags = ['--env', 'production', '--version', '1.2', '--severity', 'warning'];
    const dry = [...flags, '--dry-run', '--output-file', 'said.json'];
    expect(await run('phase', '--phase', 't-30', ...dry)).toMatchObject({ exit: 0 });
    expect(server.requests).toEqual([]);
    expect(JSON.parse(await readFile(join(cwd, 'said.json'), 'utf8'))).toMatchObject({
      event: 't-minus-30',
      severity: 'warning',
      facts: expect.arrayContaining([{ name: 'version', value: '1.2' }]),
    });
    // A snapshot that a person sends goes to every channel; only a rollout keeps it to who asked.
    expect(await run('phase', '--phase', '+15', ...flags)).toMatchObject({ exit: 0 });
    expect(server.requests).toHaveLength(1);
  });

  it('phase: an unknown one names those there are', async () => {
    const { run } = await project('http://127.0.0.1:9');
    const ran = await run('phase', '--phase', 't-31');
    expect(ran.exit).toBe(2);
    expect(ran.err).toContain('t-30');
  });

  it('test prints a line a channel, in words of its kind', async () => {
    const server = await startHttpServer((_, response) => {
      response.statusCode = 404;
      response.end();
    });
    const good = await startHttpServer((_, response) => void response.end('ok'));
    const crew = `${server.url}/${canary}`;
    const { run } = await project(good.url, '[hook, chat, crew]', crew);
    const ran = await run('test', '--all');
    expect(ran.out.trim().split('\n')).toEqual([
      expect.stringMatching(/^hook delivered \d+ ms$/),
      'chat off: its variable NOT_SET_ANYWHERE is not set',
      'crew 404: the workflow is gone',
    ]);
    expect(ran.exit).toBe(1);
  });

  it('an unknown type, and a flag without its value, change nothing', async () => {
    const { cwd, run } = await project('http://127.0.0.1:9');
    const ran = await run('send', '--message', 'x', '--type', 'roll-back');
    expect(ran.exit).toBe(2);
    expect(ran.err).toContain('did you mean "rollback"');
    expect((await run('flush', '--every', '5')).exit).toBe(2);
    expect((await run('clear')).exit).toBe(2);
    expect(await readdir(cwd)).not.toContain('notifications');
  });

  it('entries choose: what is below minSeverity, or another event, stays away', async () => {
    const server = await startHttpServer((_, response) => void response.end('ok'));
    const { run } = await project(
      server.url,
      '[{ channel: hook, events: [test], minSeverity: warning }]',
    );
    await run('send', '--message', 'quiet');
    await run('send', '--message', 'other', '--type', 'backup', '--severity', 'critical');
    expect(server.requests).toEqual([]);
    await run('send', '--message', 'loud', '--severity', 'warning');
    await run('send', '--message', 'named', '--channels', 'hook');
    expect(server.requests.map(({ body }) => /loud|named/.exec(body)?.[0])).toEqual([
      'loud',
      'named',
    ]);
  });

  it('flush --every goes on until it is stopped, and delivers what comes meanwhile', async () => {
    let status = 503;
    const server = await startHttpServer((_, response) => {
      response.statusCode = status;
      response.setHeader('retry-after', '0');
      response.end();
    });
    const { run, runUntil } = await project(server.url);
    expect(await run('send', '--message', 'later')).toMatchObject({ exit: 3 });
    const stop = new AbortController();
    const flushing = runUntil(stop.signal, 'flush', '--every', '50ms');
    const before = server.requests.length;
    // Our own backoff of 30 s holds for it; a person who brings the message back does not wait.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(server.requests).toHaveLength(before);
    status = 410;
    // The other flush is at it for a moment now and then.
    await vi.waitFor(async () => expect(await run('flush')).toMatchObject({ exit: 1 }), 60_000);
    status = 200;
    expect((await run('revive', '--all')).out).toBe('waiting again: 1\n');
    await vi.waitFor(() => expect(server.requests).toHaveLength(before + 2), 60_000);
    stop.abort(new Interrupted('SIGTERM'));
    const ran = await flushing;
    expect(ran.exit).toBe(143);
    expect(ran.out).toMatch(/^hook delivered \d+ ms$/m);
    expect((await run('status')).out).toContain('waiting: 0, given up: 0');
  });

  it('clear takes what a person has seen off the list', async () => {
    const server = await startHttpServer((_, response) => {
      response.statusCode = 410;
      response.end();
    });
    const { run } = await project(server.url);
    await run('send', '--message', 'never');
    expect((await run('status')).out).toContain('given up: 1');
    expect(await run('clear', 'no-such-id')).toMatchObject({ exit: 2 });
    expect((await run('clear', '--all')).out).toBe('cleared: 1\n');
    expect((await run('status')).out).toContain('given up: 0');
  });

  it.each(['send', 'phase'])('%s --help shows five examples', async (command) => {
    const { run } = await project('http://127.0.0.1:9');
    const { out } = await run(command, '--help');
    const examples = out.slice(out.indexOf('Examples:')).match(/^ {2}node scripts\/.*$/gm);
    expect(examples).toHaveLength(5);
  });
});
