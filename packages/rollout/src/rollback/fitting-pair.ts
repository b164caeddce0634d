/** A release, and the data that it would run on. */
export interface Stamp {
  /** `null`: the data names none. */
  readonly release: string | null;
  readonly migrations: readonly string[];
}

/** What is known of a release. */
export interface KnownRelease {
  readonly version: string;
  /** False: the target cannot activate it any more. */
  readonly isThere: boolean;
  /** Names of the migrations that come with it; `null`: they can't be looked up, and nothing is said of them. */
  readonly migrations: readonly string[] | null;
}

const without = (some: readonly string[], others: readonly string[]): string[] =>
  some.filter((one) => !others.includes(one));

/**
 * Why a release can't read the data of a backup; `null` where nothing speaks against it. A backup that is stamped
 * with the very release ran under it as it is, so only data that is newer than the release is refused; one that
 * names no release may be older than what runs now, too. Pure.
 */
export const whyUnreadable = (backup: Stamp, release: KnownRelease): string | null => {
  const { version, isThere, migrations } = release;
  if (!isThere)
    return `its data belongs to release ${version}, which the target cannot activate any more`;
  if (migrations === null) return null;
  const tooNew = without(backup.migrations, migrations);
  if (tooNew.length > 0)
    return `its data has ${tooNew.join(', ')}, which release ${version} does not know`;
  const missing = without(migrations, backup.migrations);
  if (backup.release === null && missing.length > 0)
    return `it names no release, and the active one, ${version}, needs ${missing.join(', ')}, which its data does not have`;
  return null;
};

/** A backup that could be gone back to instead. */
export interface Candidate extends Stamp {
  readonly name: string;
  /** Unix epoch, ms. */
  readonly at: number;
}

/**
 * The backup nearest in time to the refused one whose own release is there and reads it; `null` where there is
 * none. Pure.
 */
export const fittingPair = (
  candidates: readonly Candidate[],
  refused: Pick<Candidate, 'name' | 'at'>,
  releases: ReadonlyMap<string, KnownRelease>,
): { readonly release: string; readonly name: string } | null => {
  const nearestFirst = candidates
    .filter(({ name }) => name !== refused.name)
    .sort((a, b) => Math.abs(a.at - refused.at) - Math.abs(b.at - refused.at));
  for (const candidate of nearestFirst) {
    const release = candidate.release === null ? undefined : releases.get(candidate.release);
    if (release !== undefined && whyUnreadable(candidate, release) === null)
      return { release: release.version, name: candidate.name };
  }
  return null;
};
