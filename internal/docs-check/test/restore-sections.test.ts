import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startHttpServer, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { blocksOf, bookText, repository } from './books.ts';

/** The commands of each block of a section of the guide, as a person would type them. */
const commandsUnder = (title: string): string[] => {
  const [, section = ''] = bookText('DEPLOYMENT_OPERATIONS_GUIDE.md').split(`\n## ${title}\n`);
  return blocksOf(section.split('\n## ')[0] ?? '').map(({ language, code }) =>
    language === 'sh' ? code : [...code.matchAll(/^\$ (.*)$/gm)].map(([, line]) => line).join('\n'),
  );
};

const yaml = (url: string) => `service: dhash
gates: gates.json
backup: { copies: [{ to: "rclone:REMOTE:path" }] }
environments:
  production:
    url: ${url}
    health: { path: /health }
    data:
      - { name: images, type: files, path: var/production/images }
      - { name: library, type: sqlite, path: var/production/library.db }
    target: { type: command, current: "cat release", activate: "true", start: "true", stop: "true", stopCheck: data }
    rollback: { data: restore }
`;

/** A project with the data of the guide, backed up and copied, in a folder of its own. */
const backedUp = async () => {
  const { url } = await startHttpServer((_, response) => {
    response.end('{}');
  });
  const [root, remote, bin] = await Promise.all([tempFolder(), tempFolder(), tempFolder()]);
  // `npx dhash-rollout` is this checkout's.
  await writeFile(
    join(bin, 'npx'),
    `#!/bin/sh\nshift\nexec ${repository}scripts/rollout.sh "$@"\n`,
    {
      mode: 0o755,
    },
  );
  await writeFile(join(root, 'rollout.yaml'), yaml(url));
  await writeFile(join(root, 'gates.json'), '{}');
  await writeFile(join(root, 'release'), '1.0');
  const data = join(root, 'var', 'production');
  const ace = join(data, 'images', 'cards', 'ace.jpg');
  await mkdir(join(data, 'images', 'cards'), { recursive: true });
  const put = async (what: string) => {
    await writeFile(ace, what);
    const db = new DatabaseSync(join(data, 'library.db'));
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS cards (name TEXT)');
    db.prepare('INSERT INTO cards VALUES (?)').run(what);
    db.close();
  };
  const environment = {
    ...process.env,
    PATH: bin + delimiter + process.env['PATH'],
    RCLONE_CONFIG: join(remote, 'none.conf'),
    RCLONE_CONFIG_REMOTE_TYPE: 'alias',
    RCLONE_CONFIG_REMOTE_REMOTE: remote,
  };
  /** Not in this process alone, which answers for the service meanwhile. */
  const type = async (commands = 'exit 99', { cwd = root, input = '' } = {}): Promise<string> => {
    const shell = spawn('sh', ['-ec', commands], { cwd, env: environment });
    shell.stdin.end(input);
    let said = '';
    for (const stream of [shell.stdout, shell.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    const [status] = await once(shell, 'close');
    expect(status, `${commands}\n${said}`).toBe(0);
    return said;
  };
  await put('as backed up');
  await type('npx dhash-rollout backup --env production');
  const [zip = ''] = (await readdir(join(root, 'backups'))).filter((name) => name.endsWith('.zip'));
  await put('written since');
  return {
    ...{ root, put, type },
    /** The name of this backup, and a folder of this test, for those of the guide. */
    own: (commands = '', restored = '') =>
      commands
        .replaceAll('dhash_20260131T120000Z_production', zip.replace(/\.zip$/, ''))
        .replaceAll('/srv/restored', restored),
    live: async () => {
      const db = new DatabaseSync(join(data, 'library.db'), { readOnly: true });
      const rows = db.prepare('SELECT name FROM cards').all();
      db.close();
      return [await readFile(ace, 'utf8'), ...rows.map(({ name }) => name)];
    },
  };
};

const BACKED_UP = ['as backed up', 'as backed up'];
const SINCE = ['written since', 'as backed up', 'written since'];

it('restores by the commands of the guide, each as it stands there', async () => {
  const at = await backedUp();
  const { own, type } = at;

  const [unpack, place, ...none] = commandsUnder('Check and unpack a backup by hand');
  expect(await type(unpack)).toMatch(/all OK\n$/);
  expect(await at.live()).toEqual(SINCE);
  await type(place);
  expect(await at.live()).toEqual(BACKED_UP);
  await at.put('written since');

  const [rescue, ...noOther] = commandsUnder('Node is broken, and the data must go back now');
  const [restoring = '', undoing = ''] = own(rescue).split(/(?=^.*--undo)/m);
  const listed = await type(restoring, { input: 'restore\n' });
  expect(listed).toContain('images, library of dhash production, release 1.0');
  expect(await at.live()).toEqual(BACKED_UP);
  await type(undoing, { input: 'undo\n' });
  expect(await at.live()).toEqual(SINCE);

  const [there, here, ...nothing] = commandsUnder('The machine is gone: a copy elsewhere');
  const machine = await tempFolder();
  const restored = join(machine, 'restored');
  await type(own(there, restored), { cwd: machine, input: 'restore\n' });
  expect(await readFile(join(restored, 'images', 'cards', 'ace.jpg'), 'utf8')).toBe('as backed up');
  expect(await at.live()).toEqual(SINCE);

  const [one, ...noMore] = commandsUnder('Bring one file back, without a rollback');
  await type(one);
  expect(await readFile(join(at.root, 'var', 'look', 'ace.jpg'), 'utf8')).toBe('as backed up');

  expect(await type(own(here))).toContain('OK');
  expect(await at.live()).toEqual(BACKED_UP);
  expect([none, noOther, nothing, noMore].flat()).toEqual([]);
});
