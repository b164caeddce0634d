import { appendFile, chmod, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { isJournalError } from '../src/errors.ts';
import { openJournal, readJournal, verifyJournal } from '../src/journal.ts';
import { startChild } from './support/child.ts';

const now = () => Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const newFile = async () => join(await tempFolder(), 'rollouts', 'run-1', 'journal.ndjson');

describe('a journal', () => {
  it('goes on over several openings, for its owner only', async () => {
    const file = await newFile();
    const first = await openJournal(file, { now });
    expect(first.head).toBe(`0:${'0'.repeat(64)}`);
    await first.append({ type: 'run.opened', env: 'production' });
    await first.close();
    const second = await openJournal(file, { now });
    expect(second.events.map(({ type }) => type)).toEqual(['run.opened']);
    const closing = await second.append({ type: 'run.closed' });
    expect(second.head).toBe(`2:${closing.hash}`);
    expect(second.events).toHaveLength(2);
    await second.close();

    expect(closing.at).toBe('2026-01-02T03:04:05.006Z');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700);
    expect(await verifyJournal(file, { head: second.head })).toEqual({
      events: 2,
      head: second.head,
      torn: false,
      closed: true,
    });
  });

  it('keeps the order of overlapping appends', async () => {
    const journal = await openJournal(await newFile(), { now });
    const types = Array.from({ length: 50 }, (_, index) => `e${index}`);
    await Promise.all(types.map((type) => journal.append({ type })));
    await journal.close();
    expect((await readJournal(journal.file)).events.map(({ type }) => type)).toEqual(types);
  });

  it('cuts off a torn last line and goes on; reading alone leaves it', async () => {
    const file = await newFile();
    const journal = await openJournal(file, { now });
    await journal.append({ type: 'one' });
    await journal.close();
    const whole = await readFile(file);
    await appendFile(file, '{"seq":2,"at":');
    expect(await verifyJournal(file)).toMatchObject({ events: 1, torn: true, closed: false });
    expect((await readFile(file)).length).toBeGreaterThan(whole.length);
    const again = await openJournal(file, { now });
    expect(await readFile(file)).toEqual(whole);
    await again.append({ type: 'two' });
    await again.close();
    expect(await verifyJournal(file)).toMatchObject({ events: 2, torn: false });
  });

  it('refuses to open a journal with a whole line that does not verify, and changes nothing', async () => {
    const file = await newFile();
    const journal = await openJournal(file, { now });
    await journal.append({ type: 'one' });
    await journal.close();
    const forged = (await readFile(file, 'utf8')).replace('"one"', '"two"');
    await writeFile(file, `${forged}{"torn`);
    for (const look of [
      () => openJournal(file, { now }),
      () => readJournal(file),
      () => verifyJournal(file),
    ])
      await expect(look()).rejects.toMatchObject({ code: 'broken', data: { line: 1 } });
    expect(await readFile(file, 'utf8')).toBe(`${forged}{"torn`);
  });

  it('refuses everything after a line it could not write after another process', async () => {
    const file = await newFile();
    const [mine, theirs] = [await openJournal(file, { now }), await openJournal(file, { now })];
    await theirs.append({ type: 'theirs' });
    await expect(mine.append({ type: 'mine' })).rejects.toMatchObject({ code: 'overtaken' });
    await truncate(file, 0);
    await expect(mine.append({ type: 'again' })).rejects.toMatchObject({ code: 'overtaken' });
    expect((await readFile(file)).length).toBe(0);
    await Promise.all([mine.close(), theirs.close()]);
  });

  it('goes on after an event that was refused before anything was written', async () => {
    const journal = await openJournal(await newFile(), { now });
    const refused = journal.append({ type: 'x', ms: Number.NaN });
    const next = journal.append({ type: 'y' });
    await expect(refused).rejects.toSatisfy(isJournalError);
    expect((await next).seq).toBe(1);
    await journal.close();
    await expect(journal.append({ type: 'z' })).rejects.toMatchObject({ code: 'closed' });
    await journal.close();
  });

  it('lets an error of the disk through as it is', async () => {
    const file = await newFile();
    await expect(readJournal(file)).rejects.toMatchObject({ code: 'ENOENT' });
    await (await openJournal(file, { now })).close();
    if (process.getuid?.() === 0) return;
    await chmod(file, 0o400);
    await expect(openJournal(file, { now })).rejects.toMatchObject({ code: 'EACCES' });
  });

  it('holds every line that was acknowledged before kill -9, and at most one more', async () => {
    const file = await newFile();
    for (const round of [1, 2, 3]) {
      const child = startChild('append-for-ever.ts', [file]);
      let acknowledged = 0;
      for (let count = 0; count < 5 * round; count++) acknowledged = Number(await child.line());
      await child.kill();
      for (let line = await child.line(); line !== undefined; line = await child.line())
        acknowledged = Number(line);
      const { events } = await readJournal(file);
      expect(events.length - acknowledged).toBeGreaterThanOrEqual(0);
      expect(events.length - acknowledged).toBeLessThanOrEqual(1);
    }
    await (await openJournal(file, { now })).close();
    expect((await verifyJournal(file)).torn).toBe(false);
  });
});
