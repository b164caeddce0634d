/** True where the system said that a file (ENOENT) or a process (ESRCH) does not exist. */
export const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
