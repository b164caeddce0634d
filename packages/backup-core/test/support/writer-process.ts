import { DatabaseSync } from 'node:sqlite';

/** Commits to a database as fast as it can, each time moving one unit between two rows, until it is killed. */
const db = new DatabaseSync(process.argv[2] ?? '', { timeout: 5000 });
const move = db.prepare('UPDATE balance SET units = units + ? WHERE id = ?');
const grow = db.prepare('INSERT INTO log (text) VALUES (?)');
let commits = 0;
const work = () => {
  for (let i = 0; i < 20; i++) {
    db.exec('BEGIN IMMEDIATE');
    move.run(1, 1);
    move.run(-1, 2);
    grow.run('x'.repeat(200));
    db.exec('COMMIT');
    commits += 1;
  }
  if (commits === 20) process.send?.('writing');
  setImmediate(work);
};
process.on('message', () => process.send?.(commits));
work();
