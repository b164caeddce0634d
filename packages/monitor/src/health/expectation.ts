/** Why `actual` does not hold what `expected` says, or `null`. Objects may hold more than expected. */
export const whyNotHeld = (actual: unknown, expected: unknown, path = ''): string | null => {
  if (isRecord(expected)) {
    if (!isRecord(actual)) return `${path === '' ? 'the answer' : path}: expected an object`;
    for (const [key, value] of Object.entries(expected)) {
      const inner = Object.hasOwn(actual, key) ? actual[key] : undefined;
      const reason = whyNotHeld(inner, value, path === '' ? key : `${path}.${key}`);
      if (reason !== null) return reason;
    }
    return null;
  }
  if (Array.isArray(expected)) {
    return JSON.stringify(actual) === JSON.stringify(expected)
      ? null
      : differs(path, actual, expected);
  }
  return actual === expected ? null : differs(path, actual, expected);
};

/** The value at a dotted path (`build.version`); a key that holds the dots itself is tried first. */
export const valueAt = (value: unknown, path: string): unknown => {
  if (isRecord(value) && Object.hasOwn(value, path)) return value[path];
  return path
    .split('.')
    .reduce<unknown>(
      (at, key) => (isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined),
      value,
    );
};

/** A value as a person reads it, one line and short. */
export const shown = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
};

const differs = (path: string, actual: unknown, expected: unknown): string =>
  `${path === '' ? 'the answer' : path} is ${shown(actual)}, expected ${shown(expected)}`;

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
