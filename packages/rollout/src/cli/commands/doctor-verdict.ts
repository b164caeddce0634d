import type { Finding } from './finding.ts';

const some = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** All findings in one line, for whoever reads only the last one. */
export const verdictOf = (env: string, findings: readonly Finding[]): string => {
  const count = (level: Finding['level']) => findings.filter((one) => one.level === level).length;
  const warnings = count('warning');
  const problems = count('problem');
  const beside = warnings === 0 ? '' : `, ${some(warnings, 'warning')} to read`;
  return problems === 0
    ? `verdict: ${env} is ready for a rollout${beside}`
    : `verdict: ${env} is NOT ready: ${some(problems, 'problem')} to mend${beside}`;
};
