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
    return Array.isArray(actual) && jsonText(actual) === jsonText(expected)
      ? null
      : differs(path, actual, expected);
  }
  return actual === expected ? null : differs(path, actual, expected);
};

const inner = (at: unknown, key: string): unknown => {
  if (Array.isArray(at)) return /^\d{1,9}$/.test(key) ? at[Number(key)] : undefined;
  return isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
};

/**
 * The value at a path: names with dots between them, and places in a list (`build.version`, `workers.0.busy`,
 * `workers[0].busy`); a key that holds the dots itself is tried first.
 */
export const valueAt = (value: unknown, path: string): unknown => {
  if (isRecord(value) && Object.hasOwn(value, path)) return value[path];
  return path
    .replace(/\[(\d+)\]/g, '.$1')
    .split('.')
    .filter((key, index) => key !== '' || index > 0)
    .reduce<unknown>(inner, value);
};

/** A value as a person reads it, one line and short. */
export const shown = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : jsonText(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
};

const jsonText = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 200));
  try {
    return JSON.stringify(value);
  } catch {
    // JSON.parse takes any depth, JSON.stringify does not.
    return 'a value that is nested too deep to show';
  }
};

const differs = (path: string, actual: unknown, expected: unknown): string =>
  `${path === '' ? 'the answer' : path} is ${shown(actual)}, expected ${shown(expected)}`;

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
