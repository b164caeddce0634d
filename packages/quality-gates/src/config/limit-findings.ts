import type { Finding } from './check.ts';
import type { Form } from './forms.ts';
import type { Path } from './read-document.ts';

type Raw = Readonly<Record<string, unknown>>;

/** Threshold or factor: exactly one of the two ways to set a limit. */
export const limitFindings = (path: Path, raw: Raw, form: Form): Finding[] => {
  if (!form.keys.includes('relativeTo')) return [];
  const has = (key: string) => raw[key] !== undefined;
  const findings: Finding[] = [];
  if (has('relativeTo') && has('threshold'))
    findings.push({
      path: [...path, 'threshold'],
      isKey: true,
      message: 'relativeTo replaces threshold: only one of them',
      hint: 'take one of them out',
    });
  if (has('relativeTo') && !has('factor'))
    findings.push({
      path: [...path, 'factor'],
      message: 'is missing',
      hint: "how many times the baseline's value is allowed",
    });
  for (const key of ['factor', 'atLeast', 'atMost'])
    if (has(key) && !has('relativeTo'))
      findings.push({
        path: [...path, key],
        isKey: true,
        message: 'has no meaning without relativeTo',
        hint: 'add "relativeTo": "baseline"',
      });
  const [least, most] = [raw['atLeast'], raw['atMost']];
  if (typeof least === 'number' && typeof most === 'number' && least > most)
    findings.push({
      path: [...path, 'atLeast'],
      message: `must not be over atMost (${most}), got ${least}`,
      hint: null,
    });
  if (!has('relativeTo') && !has('threshold'))
    findings.push({
      path: [...path, 'threshold'],
      message: 'is missing',
      hint: 'must be a number',
    });
  return findings;
};

/** Whether the gate's value is a share in percent. */
const isShare = (raw: Raw, form: Form): boolean =>
  form.kind === 'share' ||
  (form.kind === 'ratio' && (form.own[0] === 'bad' || raw['unit'] === 'percent'));

/**
 * Limits that judge nothing: shares, counts and times are never under 0, and no share is over 100 %. The
 * reading of a gauge may be under 0.
 */
export const shareFindings = (path: Path, raw: Raw, form: Form): Finding[] => {
  const findings: Finding[] = [];
  const threshold = raw['threshold'];
  if (
    form.keys.includes('threshold') &&
    form.kind !== 'level' &&
    typeof threshold === 'number' &&
    threshold < 0
  )
    findings.push({
      path: [...path, 'threshold'],
      message: `must be 0 or more for ${form.kind}, got ${threshold}`,
      hint: 'only a level may have a threshold under 0',
    });
  if (!isShare(raw, form) || raw['below'] === true) return findings;
  for (const key of ['threshold', 'atMost', 'atLeast']) {
    const limit = raw[key];
    if (typeof limit === 'number' && limit >= 100)
      findings.push({
        path: [...path, key],
        message: `must be under 100 for a share in percent, got ${limit}`,
        hint: 'no share is over 100 %: such a limit can never break',
      });
  }
  return findings;
};
