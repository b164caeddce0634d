import { checkEnd, checkMet, fingerprint, recordedIn, type Wholes } from './check.ts';
import { type Act, type Fault, faults, meet } from './crash.ts';
import type { Disk } from './disk.ts';
import type { Point } from './points.ts';
import { recover, type Way, ways } from './recover.ts';
import type { World } from './world.ts';

/** One fault at one point, and one way out of what it left. */
export interface Cell {
  readonly act: string;
  readonly fault: Fault;
  readonly way: Way;
  /** Which whole state it ended in. */
  readonly outcome: string;
}

/** What was gone through, for the print. */
export interface Table {
  readonly cells: Cell[];
  readonly points: { readonly act: string; readonly label: string }[];
  /** Types of events, and steps, that stand on any of the records. */
  readonly recorded: Set<string>;
  /** Commands that ran. */
  processes: number;
}

/** An act in its world. */
export interface Tried {
  readonly name: string;
  readonly world: World;
  readonly disk: Disk;
  readonly act: Act;
  readonly wholes: Wholes;
  /** Outcomes by what was left and the way out: what is left the same is not gone through twice. */
  readonly known: Map<string, string>;
}

/** Lets a process meet a fault, goes each way out of what it left, and says what is not as it should be. */
export const tryFault = async (
  table: Table,
  { name, world, disk, act, wholes, known }: Tried,
  at: { readonly fault: Fault; readonly point: Point },
): Promise<string[]> => {
  const where = `${name}, ${at.point.number} ${at.point.label}, ${at.fault}`;
  const problems: string[] = [];
  const ran = await meet(world, disk, act, at);
  if (ran !== null) {
    table.processes += 1;
    problems.push(...(await checkMet(world, wholes, ran)).map((problem) => `${where}: ${problem}`));
  }
  world.save('met');
  const left = await fingerprint(world);
  for (const way of ways) {
    const key = `${way} ${left}`;
    let outcome = known.get(key);
    if (outcome === undefined) {
      world.load('met');
      const did = await recover(world, way, act);
      table.processes += did.length;
      const end = await checkEnd(world, wholes, did);
      for (const name of await recordedIn(world)) table.recorded.add(name);
      outcome = end.outcome;
      known.set(key, outcome);
      problems.push(...end.problems.map((problem) => `${where}, ${way}: ${problem}`));
    }
    table.cells.push({ act: name, fault: at.fault, way, outcome });
  }
  return problems;
};

/** The table as people read it in the log of a test run. */
export const printed = ({ cells, points, processes }: Table): string => {
  const width = 18;
  const row = (name: string, count: string, perFault: readonly string[]) =>
    `  ${name.padEnd(34)}${count.padStart(4)}  ${perFault.map((text) => text.padEnd(width)).join('')}`.trimEnd();
  const rows = [...new Set(points.map(({ act }) => act))].map((act) => {
    const outcomes = (fault: Fault) =>
      cells
        .filter((cell) => cell.act === act && cell.fault === fault)
        .map(({ outcome }) => outcome);
    const perFault = faults.map((fault) => {
      const isNew = (outcome: string) => outcome === 'new';
      const all = outcomes(fault);
      const now = all.filter(isNew).length;
      return `${all.length - now} old, ${now} new`;
    });
    return row(act, String(points.filter((point) => point.act === act).length), perFault);
  });
  return [
    `crash table: ${points.length} points, ${faults.length} faults, ${ways.length} ways out: ${cells.length} cells, by ${processes} commands`,
    row('act', 'of', faults),
    ...rows,
  ].join('\n');
};
