import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startHttpServer } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { project } from './notify-project.ts';

/** A server whose answer can be changed. */
const startHook = async (status = 200, headers: Record<string, string> = {}) => {
  const answer = { status, headers };
  const server = await startHttpServer((_, response) => {
    response.writeHead(answer.status, answer.headers);
    response.end();
  });
  return { ...server, answer };
};

describe('notify send', () => {
  it.each([
    [['--channels', 'chat'], /chat is off, because the variable in channels\.chat .* not set/],
    [['--channels', 'hook,chat'], /--channels hook,chat: chat is off/],
    [['--channels', 'hok'], /"hok" is no channel of production; its notify names hook, chat, crew/],
    [['--channels', 'hook,'], /a name is empty/],
    [['--message', ''], /'--message <text>' argument '' is invalid\. It is empty/],
    [['--message', ' \n'], /--message is empty/],
    [['--title', ' '], /--title is empty/],
    [['--severity', 'high'], /expected info, warning, critical/],
    [['--env', 'prod'], /there is no environment "prod"/],
  ])('%j is refused with what would be right, and nobody hears anything', async (flags, why) => {
    const hook = await startHook();
    const { cwd, run } = await project(hook.url, '[hook, chat, crew]');
    const said = [...flags, '--output-file', 'said.json'];
    const ran = await run('send', ...(flags[0] === '--message' ? [] : ['--message', 'x']), ...said);
    expect(ran, ran.err).toMatchObject({ exit: 2, err: expect.stringMatching(why) });
    expect(hook.requests).toEqual([]);
    const left = await readdir(cwd);
    expect(left).not.toContain('notifications');
    expect(left).not.toContain('said.json');
  });

  it('what the filters take away from every channel says so, and is kept nowhere', async () => {
    const hook = await startHook();
    const { cwd, run } = await project(
      hook.url,
      '[{ channel: hook, minSeverity: warning }, { channel: hook, events: [success] }, chat]',
    );
    const ran = await run('send', '--message', 'quiet');
    expect(ran.exit).toBe(0);
    expect(ran.out.trim().split('\n')).toEqual([
      'not to chat: off: its variable NOT_SET_ANYWHERE is not set',
      'not to hook: minSeverity warning (this is info); events success (this is test)',
      'no channel takes this message; --channels sends it to one all the same',
    ]);
    expect(await readdir(cwd)).not.toContain('notifications');
  });

  it('a dry run names who would hear it and who would not, and shows nothing that moves the cursor', async () => {
    const { run } = await project(
      'http://127.0.0.1:9',
      '[hook, chat, { channel: crew, minSeverity: critical }]',
      'http://127.0.0.1:9/crew',
    );
    const text = 'red \u001b[31malert\u009b2J\r \u202etxt.exe';
    const { out } = await run('send', '--message', text, '--dry-run');
    expect(out).toContain('red \\x1b[31malert\\x9b2J\\x0d \\u202etxt.exe\n');
    expect(out).toContain('not to chat: off: its variable NOT_SET_ANYWHERE is not set\n');
    expect(out).toContain('not to crew: minSeverity critical (this is info)\n');
    expect(out).toContain('would go to: hook; dry run: nothing was sent');
  });

  it('with no channel on it says where the message lies', async () => {
    const { run } = await project('http://127.0.0.1:9', '[chat]');
    const { out } = await run('send', '--message', 'x');
    const file = /^no channel is on: kept in (.*\.txt)$/m.exec(out)?.[1] ?? '';
    expect(await readFile(file, 'utf8')).toContain('notes production: message');
  });

  it('without --type and --title the headline does not call it a test', async () => {
    const hook = await startHook();
    const { run } = await project(hook.url);
    await run('send', '--message', 'Maintenance begins at 22:00');
    await run('send', '--message', 'done', '--type', 'backup');
    const titles = hook.requests.map(
      ({ body }) => (JSON.parse(body) as { data: { title: string } }).data.title,
    );
    expect(titles).toEqual(['notes production: message', 'notes production: backup']);
  });
});

describe('notify flush', () => {
  it('exit 3 while a server wants to be left alone, and says until when; so does status', async () => {
    const hook = await startHook(429, { 'retry-after': '3600' });
    const { run } = await project(hook.url);
    await run('send', '--message', 'later');
    const flushed = await run('flush');
    const until = /the server asked to be left alone until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/;
    expect(flushed).toMatchObject({ exit: 3, out: expect.stringMatching(until) });
    expect(flushed.out).toMatch(/^still waiting: 1$/m);
    expect(hook.requests).toHaveLength(1);
    const { out } = await run('status');
    expect(out).toMatch(/^hook +webhook +held until .* UTC +1 +0$/m);
    expect(out).toMatch(until);
  });

  it('--now goes there all the same, as a person may know better; not with --every', async () => {
    const hook = await startHook(429, { 'retry-after': '3600' });
    const { run } = await project(hook.url);
    await run('send', '--message', 'later');
    expect((await run('flush')).out).toContain('notify flush --now goes there all the same');
    await run('flush', '--now');
    expect(hook.requests).toHaveLength(2);
    expect(await run('flush', '--now', '--every', '5m')).toMatchObject({ exit: 2 });
  });

  it('exit 3 where it was tried in vain, with the next try', async () => {
    const hook = await startHook(503);
    const { run } = await project(hook.url);
    await run('send', '--message', 'later');
    const flushed = await run('flush');
    expect(flushed.exit).toBe(3);
    expect(flushed.out).toMatch(/^hook spooled: 503/m);
    expect(flushed.out).toMatch(
      /tried again by commands from .* UTC on, by notify flush at once$/m,
    );
  });

  it('exit 3 while another is at work, and names its process', async () => {
    const hook = await startHook(503);
    const { cwd, run } = await project(hook.url);
    await run('send', '--message', 'later');
    const claimed = join(cwd, 'notifications', 'spool');
    const [file = ''] = await readdir(claimed);
    await writeFile(join(cwd, 'notifications', 'flush.lock'), 'ffffffff-0-1-1-00000000');
    const busy = await run('flush');
    expect(busy.exit).toBe(3);
    expect(busy.out).toContain('a process of another machine or container');
    expect(file).toMatch(/\.json$/);
  });

  it('nothing waits: exit 0', async () => {
    const { run } = await project('http://127.0.0.1:9');
    expect(await run('flush')).toMatchObject({ exit: 0, out: 'nothing waits in the spool\n' });
  });
});

describe('notify status', () => {
  it('shows a file that is no message, and what becomes of it', async () => {
    const { cwd, run } = await project('http://127.0.0.1:9');
    await mkdir(join(cwd, 'notifications', 'spool'), { recursive: true });
    await writeFile(join(cwd, 'notifications', 'spool', 'bad.hook.json'), '{"format":1,');
    expect((await run('status')).out).toContain(
      'not a message: bad.hook.json: not JSON; the next notify flush moves it to notifications/dead/',
    );
    await run('flush');
    expect((await run('status')).out).toMatch(/given up: \? \?: not readable as a spool file/);
  });

  it('tells how to bring back or clear what was given up', async () => {
    const hook = await startHook(410);
    const { run } = await project(hook.url);
    await run('send', '--message', 'never');
    // Remembered by what lies on the disk: this is another notifier than that which sent.
    expect((await run('status')).out).toMatch(/^hook +webhook +on, needs people +0 +1$/m);
    expect((await run('status')).out).toMatch(
      /given up: hook test: 410.*notify revive (\S+), or notify clear \1\)/,
    );
    await run('clear', '--all');
    expect((await run('status')).out).toMatch(/^hook +webhook +on +0 +0$/m);
  });
});

it('test --events sends what a channel would hear of a break, each marked as a test', async () => {
  const hook = await startHook();
  const { run } = await project(hook.url);
  const { exit, out } = await run('test', '--events');
  expect(exit).toBe(0);
  const told = hook.requests.map(
    ({ body }) => (JSON.parse(body) as { data: Record<string, unknown> }).data,
  );
  expect(told.map(({ event }) => event)).toEqual([
    ...['test', 'deploy-started', 'deploy-done', 'gate-break', 'rollback-started'],
    ...['rollback-done', 'rollback-failed'],
  ]);
  expect(told.find(({ event }) => event === 'rollback-done')).toMatchObject({
    title: expect.stringMatching(/^\[test\] /),
    summary: expect.stringMatching(/^Only a test: nothing has happened\./),
    run: null,
    acts: { who: 'tool has acted' },
    situation: { serving: '1.1', downtimeMs: 6100, rowsSetAside: 426 },
  });
  expect(out).toMatch(/^gate-break: hook delivered \d+ ms$/m);
});

it('preview: what went well carries no reason of a fault', async () => {
  const { run } = await project('http://127.0.0.1:9');
  const { out } = await run('preview', '--event', 'success', '--channel', 'webhook');
  expect(out).not.toContain('p95HashTime');
  const { out: broke } = await run('preview', '--event', 'gate-break', '--channel', 'webhook');
  expect(broke).toContain('p95HashTime broke');
});
