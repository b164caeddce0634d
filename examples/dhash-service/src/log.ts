/** How grave a line is. */
export type Level = 'info' | 'warn' | 'error';

/** Writes one structured line. */
export type Log = (level: Level, msg: string, fields?: Record<string, unknown>) => void;

/** One JSON object a line: `ts` (ISO, UTC), `level`, `msg`, then the fields. */
export const jsonLog =
  (write: (line: string) => void, now: () => number, always: Record<string, unknown>): Log =>
  (level, msg, fields = {}) =>
    write(
      `${JSON.stringify({ ts: new Date(now()).toISOString(), level, msg, ...always, ...fields })}\n`,
    );
