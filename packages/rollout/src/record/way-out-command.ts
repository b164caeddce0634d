import type { Act } from './ways-out.ts';

const needsReason: readonly Act[] = ['promote', 'monitor --extend'];

const flagsOf = (act: Act, backup: string | null): string => {
  if (act === 'promote') return ' --now';
  if (act === 'monitor --extend') return ' 30m';
  return act === 'rollback' && backup !== null ? ` --backup ${backup}` : '';
};

/**
 * A way out as it is typed after `npx dhash-rollout`.
 *
 * @param backup as it is to be typed; `null`: there is none
 * @returns null where there is nothing to type: a rollback without a backup
 */
export const wayOutCommand = (
  act: Act,
  { env, backup }: { readonly env: string; readonly backup: string | null },
): string | null => {
  if (act === 'rollback' && backup === null) return null;
  const reason = needsReason.includes(act) ? ' --reason "…"' : '';
  const [command = '', option = ''] = act.split(' ');
  return `${command} --env ${env}${option === '' ? '' : ` ${option}`}${flagsOf(act, backup)}${reason}`;
};
