import { join, resolve } from 'node:path';
import { layoutOf } from '../record/layout.ts';
import { valueAt } from './issues.ts';

/** A folder that the toolkit itself writes. */
export interface OwnFolder {
  /** As a reader of rollout.yaml knows it; never the value of a variable. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

/** Backups of production lie in the folder itself, those of others in one of their own beneath it. */
export const backupFolder = (
  root: string,
  env: string,
  dirs: { readonly own: string | undefined; readonly shared: string | undefined },
): string => {
  const base = dirs.shared ?? 'backups';
  return resolve(root, dirs.own ?? (env === 'production' ? base : join(base, env)));
};

/**
 * Where the records of an environment lie, and a command target's lock: where `state` says, else with
 * the releases, else nowhere but in the checkout (`null`).
 */
export const stateFolder = (
  root: string,
  environment: {
    readonly state?: string | undefined;
    readonly target: {
      readonly type: string;
      readonly root?: string;
      readonly state?: string | undefined;
    };
  },
): string | null => {
  const { state, target } = environment;
  const named = state ?? target.state;
  if (named !== undefined) return resolve(root, named);
  return target.root === undefined ? null : resolve(root, target.root, '.rollout');
};

const textAt = (value: unknown, ...path: string[]): string | undefined => {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : undefined;
};

/**
 * Where the toolkit writes for an environment: a restore swaps a source's whole folder, so no data may
 * overlap these. What is not written yet, or wrongly, is left out.
 *
 * @param root folder of rollout.yaml
 * @param raw the whole file as parsed
 */
export const ownFolders = (
  root: string,
  env: string,
  environment: unknown,
  raw: unknown,
): OwnFolder[] => {
  const layout = layoutOf(root);
  const releases = textAt(environment, 'target', 'root');
  const dirs = { own: textAt(environment, 'backup', 'dir'), shared: textAt(raw, 'backup', 'dir') };
  const state = textAt(environment, 'state') ?? textAt(environment, 'target', 'state');
  return [
    ...(state === undefined
      ? []
      : [{ name: 'state, the folder of lock and record', path: resolve(root, state) }]),
    ...(releases === undefined
      ? []
      : [{ name: "target.root, the releases' folder", path: resolve(root, releases) }]),
    { name: "backup.dir, the backups' folder", path: backupFolder(root, env, dirs) },
    { name: '.rollout/, what commands print', path: join(root, '.rollout') },
    { name: 'rollouts/, the records', path: layout.rollouts },
    { name: 'incidents/', path: layout.incidents },
    { name: 'monitor_logs/', path: layout.monitorLogs },
    { name: 'notifications/', path: layout.notifications },
  ];
};
