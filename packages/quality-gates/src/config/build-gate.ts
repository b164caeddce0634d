import { nearest } from '@dhash/basics/nearest';
import type { BreakAction, GatePolicy } from '../policy.ts';
import { check, type Finding, show, unknownKey, withoutEchoes } from './check.ts';
import { durationMs, gateFields, kinds, readStreak } from './fields.ts';
import { type Form, forms, type KnownGate, knownGates } from './forms.ts';
import { limitFindings, shareFindings } from './limit-findings.ts';
import type { Path } from './read-document.ts';

type Raw = Readonly<Record<string, unknown>>;
/** A gate, or all that is wrong with it. */
export type BuiltGate = { readonly gate: GatePolicy | null; readonly findings: readonly Finding[] };

const failed = (...findings: Finding[]): BuiltGate => ({ gate: null, findings });
const isKind = (kind: unknown): kind is (typeof kinds)[number] =>
  kinds.some((known) => known === kind);
const listed = (keys: readonly string[]) => keys.join(' + ');

/** Which form a gate is written in: the one whose keys it has, else what a known gate brings. */
const findForm = (
  path: Path,
  raw: Raw,
  kind: string,
  known: KnownGate | undefined,
): { form: Form } | { finding: Finding } => {
  const ofKind = forms.filter((form) => form.kind === kind);
  const named = ofKind.filter((form) => form.own.some((key) => key in raw));
  const [first, second] = named;
  if (first && second)
    return {
      finding: {
        path: [...path, second.own.find((key) => key in raw) ?? ''],
        isKey: true,
        message: `${kind} reads either ${listed(first.own)} or ${listed(second.own)}, not both`,
        hint: 'take one of them out',
      },
    };
  const brought = ofKind.find((form) => form.own.some((key) => known && key in known.brings));
  const form = first ?? brought ?? (ofKind.length === 1 ? ofKind[0] : undefined);
  if (form) return { form };
  const ways = ofKind.map((way) => listed(way.own)).join(', or ');
  return { finding: { path, message: `${kind} needs ${ways}`, hint: null } };
};

/** A key that other kinds take deserves a better answer than "unknown". */
const misplaced = (path: Path, raw: Raw, form: Form): Finding[] =>
  Object.keys(raw)
    .filter((key) => !form.keys.includes(key))
    .map((key) =>
      Object.hasOwn(gateFields, key)
        ? {
            path: [...path, key],
            isKey: true,
            message: `${form.kind}${form.own.length === 0 ? '' : ` with ${listed(form.own)}`} takes no ${key}`,
            hint: `it takes ${form.keys.join(', ')}`,
          }
        : unknownKey(path, key, form.keys),
    );

const defaults = {
  after: 3,
  minEvents: 20,
  minSamples: 3,
  minChecks: 5,
  confidence: 0.99,
  alpha: 0.01,
};

/** What has no default is in a policy only where it was written: a policy without it keeps its fingerprint. */
const written = (raw: Raw, keys: readonly string[]) =>
  Object.fromEntries(keys.filter((key) => key in raw).map((key) => [key, raw[key]]));

/** Only what a form's schema has accepted gets here: the casts restate it. */
const normalise = (raw: Raw, form: Form, known: KnownGate | undefined, onBreak: BreakAction) => {
  const noData = (raw['noData'] ?? {}) as { after?: number; then?: 'inconclusive' | 'break' };
  const relative =
    raw['relativeTo'] === undefined
      ? null
      : { factor: raw['factor'] as number, ...written(raw, ['atLeast', 'atMost']) };
  const fallback = relative === null ? 1 : 3;
  const gate: Record<string, unknown> = {
    kind: form.kind,
    mode: raw['mode'] ?? 'enforce',
    onBreak: raw['onBreak'] ?? onBreak,
    threshold: raw['threshold'] ?? 0,
    below: raw['below'] ?? false,
    unit: raw['unit'] ?? (form.own[0] === 'bad' || form.kind === 'share' ? 'percent' : null),
    streak: readStreak(raw['for'] ?? fallback),
    // biome-ignore lint/suspicious/noThenProperty: the key that operators write; never awaited
    noData: { after: noData.after ?? defaults.after, then: noData.then ?? 'inconclusive' },
    relative,
  };
  for (const key of form.own) gate[key] = raw[key];
  Object.assign(gate, written(raw, ['of', 'valid', 'absent']));
  const takes = (key: string) => form.keys.includes(key);
  if (form.kind === 'ratio' || form.kind === 'quantile')
    gate['source'] =
      form.own[0] === 'bad' ? 'counters' : form.own[0] === 'histogram' ? 'histogram' : 'gauge';
  if (takes('timeWindow')) gate['windowMs'] = durationMs(raw['timeWindow'], 'm');
  if (takes('minSamples'))
    gate['minSamples'] =
      raw['minSamples'] ?? (form.kind === 'share' ? defaults.minChecks : defaults.minSamples);
  if (takes('minEvents')) gate['minEvents'] = raw['minEvents'] ?? defaults.minEvents;
  if (takes('scale')) gate['scale'] = raw['scale'] ?? 1;
  if (takes('q')) gate['q'] = raw['q'] ?? null;
  if (takes('confidence'))
    gate['confidence'] =
      raw['confidence'] === 'off' ? null : (raw['confidence'] ?? defaults.confidence);
  if (takes('events')) {
    const brought = known?.optionalEvents;
    gate['events'] =
      raw['events'] !== undefined
        ? { counter: raw['events'], optional: false }
        : brought === undefined
          ? null
          : { counter: brought, optional: true };
  }
  if (form.kind === 'compare') {
    gate['alpha'] = raw['alpha'] ?? defaults.alpha;
    gate['tolerance'] = raw['tolerance'];
  }
  return gate as GatePolicy;
};

/** One entry of `qualityGates`; `onBreak` is the environment's. */
export const buildGate = (
  name: string,
  value: unknown,
  path: Path,
  onBreak: BreakAction,
): BuiltGate => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return failed({
      path,
      message: `must be an object, got ${show(value)}`,
      hint: 'at least: threshold',
    });
  const raw = Object.fromEntries(
    Object.entries(value).filter(([, entry]) => entry !== undefined),
  ) as Raw;
  const known = knownGates.get(name);
  const kind = raw['kind'] ?? known?.kind;
  if (kind === undefined) {
    const names = [...knownGates.keys()];
    const near = nearest(name, names);
    return failed({
      path: [...path, 'kind'],
      message: 'is missing',
      hint:
        near === null
          ? `one of ${kinds.join(', ')}; or a known gate: ${names.join(', ')}`
          : `did you mean the known gate "${near}"?`,
    });
  }
  if (!isKind(kind)) {
    const { findings } = check(gateFields.kind, kind, [...path, 'kind']);
    return failed(...findings);
  }
  const bringer = known?.kind === kind ? known : undefined;
  const found = findForm(path, raw, kind, bringer);
  if ('finding' in found) return failed(found.finding);
  const { form } = found;
  const brings = Object.fromEntries(
    Object.entries(bringer?.brings ?? {}).filter(([key]) => form.keys.includes(key)),
  );
  const whole: Raw = { ...brings, ...raw };
  const accepted = Object.fromEntries(
    Object.entries(whole).filter(([key]) => form.keys.includes(key)),
  );
  const { findings } = check(form.schema, accepted, path);
  const all = withoutEchoes([
    ...misplaced(path, raw, form),
    ...findings,
    ...limitFindings(path, raw, form),
    ...shareFindings(path, whole, form),
  ]);
  return all.length > 0
    ? failed(...all)
    : { gate: normalise(whole, form, bringer, onBreak), findings: [] };
};
