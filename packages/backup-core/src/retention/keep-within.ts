import { BackupError } from '../errors.ts';

/** A span of calendar time, as in `1y2m3d4h`. */
export interface Within {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
}

const WITHIN = /^(?:(\d+)y)?(?:(\d+)m)?(?:(\d+)d)?(?:(\d+)h)?$/;

/** @throws BackupError `bad-option`, naming the rule of `keep` */
export const parseWithin = (rule: string, text: string): Within => {
  const match = text === '' ? null : WITHIN.exec(text);
  if (match === null)
    throw new BackupError(
      'bad-option',
      `keep.${rule} is ${JSON.stringify(text)}: expected years, months, days and hours, like 1y2m3d4h`,
    );
  const [years = 0, months = 0, days = 0, hours = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  return { years, months, days, hours };
};

/** The time that lies `within` before `atMs`, by the calendar (UTC). */
export const startOfWithin = (atMs: number, { years, months, days, hours }: Within): number => {
  const date = new Date(atMs);
  date.setUTCFullYear(
    date.getUTCFullYear() - years,
    date.getUTCMonth() - months,
    date.getUTCDate() - days,
  );
  return date.getTime() - hours * 60 * 60 * 1000;
};
