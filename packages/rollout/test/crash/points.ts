import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A moment at which a process may die: something became durable, and nothing after it has happened. */
export interface Point {
  /** Which one of this process it is, from 1. */
  readonly number: number;
  /** `step.started:swap`, `sample`; of what is no record: the kind of file. */
  readonly label: string;
  /** The file whose last line it is; `null`: it is no line. */
  readonly line: string | null;
}

const lastLine = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '{}') as Record<
    string,
    unknown
  >;

export const labelOf = (event: Readonly<Record<string, unknown>>): string => {
  const { type, step, scope } = event;
  const what = typeof step === 'string' ? `${String(type)}:${step}` : String(type);
  return scope === undefined ? what : `${String(scope)} ${what}`;
};

/** Numbers the points of one process as they come: each line of a record or of samples, and what a backup makes durable. */
export const countPoints = (
  { root, within }: { readonly root: string; readonly within: 'records' | 'backups' },
  onPoint: (point: Point) => void,
) => {
  let number = 0;
  const tell = (label: string, line: string | null) => {
    number += 1;
    onPoint({ number, label, line });
  };
  return (path: string): void => {
    const name = basename(path);
    if (within === 'backups') {
      // Names hold random parts: their ends tell what they are.
      if (path.startsWith(join(root, 'backups'))) tell(name.replace(/^.*\./, ''), null);
    } else if (name === 'journal.ndjson') {
      const label = labelOf(lastLine(path));
      // A receipt comes whenever its message went out; no act waits for it.
      if (label !== 'notification.receipt') tell(label, path);
    } else if (name === 'samples.ndjson' && statSync(path).size > 0) tell('sample', path);
  };
};
