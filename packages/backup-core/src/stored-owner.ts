/** A user and a group, by number. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** As a line of the manifest has it: nothing where it is the owner that is expected. Windows knows no owners. */
export const ownerUnless = (
  expected: Owner | null,
  { uid, gid }: Owner,
): { uid?: number; gid?: number } => {
  if (process.platform === 'win32') return {};
  return {
    ...(expected?.uid === uid ? {} : { uid }),
    ...(expected?.gid === gid ? {} : { gid }),
  };
};
