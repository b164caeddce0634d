import { hostname, userInfo } from 'node:os';

/** Who acts, for the record: the account's name, or its number where it has none. */
export const currentUser = (processEnv: NodeJS.ProcessEnv): string => {
  const sudo = processEnv['SUDO_USER'];
  if (sudo !== undefined && sudo !== '') return sudo;
  try {
    return userInfo().username;
  } catch {
    // A container may run under a uid that no passwd entry names.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
};

/** Which machine acts, for the record. */
export const currentHost = (): string => hostname();
