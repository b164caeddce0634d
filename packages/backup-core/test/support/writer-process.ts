import { DatabaseSync } from 'node:sqlite';

/**
 * Commits to a database until it is killed, as fast as it can or (second argument) `pausing` 3 ms after each or `holding` the
 * lock on all of it for 20 ms in each; each commit moves one unit from a row near the file's start to one near its end.
 */
const db = new DatabaseSync(process.argv[2] ?? '', { timeout: 5000 });
const take = db.prepare('UPDATE first SET units = units - 1');
const give = db.prepare('UPDATE last SET units = units + 1');
const grow = db.prepare('INSERT INTO log (text) VALUES (?)');
const pausing = process.argv[3] === 'pausing';
const holding = process.argv[3] === 'holding the lock';
const never = new Int32Array(new SharedArrayBuffer(4));
let commits = 0;
const work = () => {
  for (let i = 0; i < (pausing ? 1 : 20); i++) {
    db.exec(holding ? 'BEGIN EXCLUSIVE' : 'BEGIN IMMEDIATE');
    take.run();
    give.run();
    grow.run('x'.repeat(200));
    if (holding) Atomics.wait(never, 0, 0, 20);
    db.exec('COMMIT');
    commits += 1;
  }
  if (commits === 20) process.send?.('writing');
  setTimeout(work, pausing ? 3 : 0);
};
process.on('message', () => process.send?.(commits));
work();
