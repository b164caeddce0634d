import { existsSync } from 'node:fs';
import {
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { EnvironmentConfig, ReleasesTargetConfig } from '../config/types.ts';
import { messageOf } from '../errors.ts';
import { shownCommand } from '../process/run-command.ts';
import { artifactOf, artifactVersions, isReleaseName } from './artifacts.ts';
import { compareVersions } from './compare-versions.ts';
import { runTargetCommand, type TargetCommand } from './run-target-command.ts';
import { syncNames, syncTree } from './sync-tree.ts';
import {
  type Json,
  type Pruned,
  type StartableTarget,
  TargetError,
  type TargetRun,
} from './types.ts';

/** Inside each release laid here; it comes with the release's one rename, so it never lies. */
const noteName = '.rollout-release.json';

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Where a link points; `null` where there is none. */
const linkTarget = async (path: string): Promise<string | null> => {
  try {
    return await readlink(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    if (codeOf(error) === 'EINVAL')
      throw new TargetError(
        'not-a-link',
        `${path} is not a link; a release is switched by a link: move it away`,
      );
    throw error;
  }
};

/** What the note of a laid release says; `null` where it is not laid (or was not laid by us). */
const readNote = async (folder: string): Promise<{ run: string; laidAtMs: number } | null> => {
  try {
    return JSON.parse(await readFile(join(folder, noteName), 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
};

const namesIn = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
};

/** A target that keeps releases as folders below `root` and switches a link to one of them. */
export const openReleasesTarget = (
  config: EnvironmentConfig,
  target: ReleasesTargetConfig,
  run: TargetRun,
): StartableTarget => {
  const releases = join(target.root, 'releases');
  const links = { current: join(target.root, 'current'), previous: join(target.root, 'previous') };

  const checked = (version: string): string => {
    if (isReleaseName(version)) return version;
    throw new TargetError(
      'bad-version',
      `"${version}" cannot be a release: it names a folder (letters, digits and ._+-)`,
    );
  };
  const folderOf = (version: string): string => join(releases, checked(version));

  const linked = async (name: keyof typeof links): Promise<string | null> => {
    const to = await linkTarget(links[name]);
    return to === null ? null : basename(to);
  };
  const current = () => linked('current');

  const isLaid = async (version: string): Promise<boolean> =>
    isReleaseName(version) && (await namesIn(releases)).includes(version);

  /** One rename: there is no moment without a link, or with half of one. */
  const switchLink = async (name: keyof typeof links, version: string): Promise<void> => {
    const fresh = `${links[name]}.new`;
    await rm(fresh, { force: true });
    await symlink(join('releases', version), fresh);
    await rename(fresh, links[name]);
    await syncNames(target.root);
  };

  const lay = async (version: string): Promise<{ version: string; created: boolean }> => {
    const folder = folderOf(version);
    const laid = await isLaid(version);
    if (laid && (await readNote(folder))?.run === run.runId) return { version, created: true };
    // The active release stays as it is; any other may be an older build of the same version.
    if (laid && (await current()) === version) return { version, created: false };
    const artifact = await artifactOf(target.artifact, version);
    if (artifact === null) {
      if (laid) return { version, created: false };
      throw new TargetError(
        'no-artifact',
        `there is no artifact of ${version}: ${target.artifact.replace('{version}', version)} does not exist`,
      );
    }
    await mkdir(releases, { recursive: true });
    const fresh = join(releases, `.laying-${version}`);
    await rm(fresh, { recursive: true, force: true });
    // Its readers of zip and tar are no small load, and most commands lay nothing.
    const { unpackArtifact } = await import('./unpack-artifact.ts');
    await unpackArtifact(artifact, fresh);
    const note = { version, run: run.runId, laidAtMs: run.clock.now() };
    await writeFile(join(fresh, noteName), `${JSON.stringify(note)}\n`);
    // The record will say that it is laid: its contents are on the disk before its name is.
    await syncTree(fresh);
    if (laid) await rm(folder, { recursive: true });
    await rename(fresh, folder);
    for (const parent of [releases, target.root, dirname(target.root)]) await syncNames(parent);
    return { version, created: true };
  };

  /** What a `lay` of this run left that never came to its end: the note tells whose a release is. */
  const cutOff = async (): Promise<{ version: string; created: boolean }> => {
    const version = checked(run.version ?? '');
    return { version, created: (await readNote(folderOf(version)))?.run === run.runId };
  };

  /**
   * What an earlier deploy laid here (its note says so), the oldest first; never what is active, was active before, or
   * belongs to this run. A folder without our note is somebody else's.
   */
  const removable = async (active: string | null): Promise<string[]> => {
    const kept = new Set([active, await current(), run.version, run.previous]);
    const before = await linked('previous');
    // As soon as another is active, the one that is now is the one before.
    if (active === (await current())) kept.add(before);
    const laid: { name: string; at: number }[] = [];
    for (const name of (await namesIn(releases)).filter(isReleaseName)) {
      const note = await readNote(join(releases, name)).catch(() => null);
      if (note !== null) laid.push({ name, at: note.laidAtMs });
    }
    // What runs counts, whoever laid it.
    const counted = new Set([...laid.map(({ name }) => name), await current(), active]);
    counted.delete(null);
    const tooMany = counted.size - target.keep;
    return laid
      .filter(({ name }) => !kept.has(name))
      .sort((a, b) => a.at - b.at || compareVersions(a.name, b.name))
      .slice(0, Math.max(0, tooMany))
      .map(({ name }) => name);
  };

  const prune = async (): Promise<Pruned> => {
    const removed: string[] = [];
    const left: { name: string; why: string }[] = [];
    try {
      for (const name of await removable(await current()))
        await rm(join(releases, name), { recursive: true, force: true }).then(
          () => removed.push(name),
          (error: unknown) => left.push({ name: join(releases, name), why: messageOf(error) }),
        );
    } catch (error) {
      left.push({ name: releases, why: messageOf(error) });
    }
    return { removed, left };
  };

  const invoke = (
    name: TargetCommand['name'] & keyof typeof target,
    cwd: string,
    version: string,
  ) => {
    const command = target[name as 'init' | 'start' | 'stop'];
    return command === null ? null : runTargetCommand(config, run, { name, command, cwd, version });
  };

  return {
    kind: 'releases',
    lockFile: join(target.root, 'rollout.lock'),
    current,
    versions: () => artifactVersions(target.artifact),
    hasVersion: async (version) =>
      (await isLaid(version)) || (await artifactOf(target.artifact, version)) !== null,
    // Before the first release there is no `current` to run in: like any command, in the file's folder.
    init: async (version) => {
      await invoke('init', config.root, checked(version));
    },
    lay,
    unlay: async (done) => {
      const { version, created } = done === null ? await cutOff() : readLaid(done);
      await rm(join(releases, `.laying-${checked(version)}`), { recursive: true, force: true });
      if (created && (await current()) !== version)
        await rm(folderOf(version), { recursive: true, force: true });
    },
    activate: async (version) => {
      if (!(await isLaid(checked(version)))) await lay(version);
      const before = await current();
      if (before !== version) {
        if (before !== null) await switchLink('previous', before);
        await switchLink('current', version);
      }
    },
    prunable: removable,
    prune,
    deactivate: async () => {
      await rm(links.current, { force: true });
      if (existsSync(target.root)) await syncNames(target.root);
    },
    start: async () => {
      const version = await current();
      if (version === null)
        throw new TargetError('not-laid', `no release is active: ${links.current} does not exist`);
      await invoke('start', links.current, version);
    },
    stop: async () => {
      const version = await current();
      if (version !== null) await invoke('stop', links.current, version);
    },
    describe: () => [
      `target: releases under ${target.root}, switched by the link ${links.current}`,
      `artifact: ${target.artifact}`,
      ...(target.init === null ? [] : [`init: ${shownCommand(target.init)}`]),
      `start: ${shownCommand(target.start)}`,
      `stop: ${shownCommand(target.stop)}`,
      `keeps ${target.keep} releases`,
    ],
  };
};

const readLaid = (done: Json): { version: string; created: boolean } => {
  if (typeof done === 'object' && done !== null && !Array.isArray(done)) {
    const { version, created } = done;
    if (typeof version === 'string' && typeof created === 'boolean') return { version, created };
  }
  throw new TypeError(`not what lay returned: ${JSON.stringify(done)}`);
};
