import { parseDuration } from './duration.ts';

/** A duration that the schema has let through, in ms. */
export const duration = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === null) throw new TypeError(`the schema let a duration through: ${text}`);
  return ms;
};

/** Drops keys whose value is `undefined`: an absent key and an undefined one are not the same here. */
export const present = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
