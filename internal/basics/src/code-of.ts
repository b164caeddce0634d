/** The code of a system's error, of the disk or the network; '' where it has none: a mistake of ours. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';
