import { readFileSync } from 'node:fs';
import type { Path } from './positions.ts';

const placeholder = /\$\$\{|\$\{([^}]*)\}?/g;
const reference = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/** True for a text that holds a variable. */
export const holdsVariable = (value: unknown): boolean =>
  typeof value === 'string' && value.replaceAll('$${', '').includes('${');

/** Names of the variables in every scalar below `value`, whether they are set or not. */
export const variablesIn = (value: unknown): string[] => {
  if (typeof value === 'string')
    return [...value.matchAll(placeholder)].flatMap(([, inside]) => {
      const name = inside === undefined ? undefined : reference.exec(inside)?.[1];
      return name === undefined ? [] : [name];
    });
  return typeof value === 'object' && value !== null
    ? Object.values(value).flatMap(variablesIn)
    : [];
};

interface Told {
  readonly message: string;
  readonly hint: string;
}

type Problem = Told &
  (
    | { readonly kind: 'not-set'; readonly variable: string }
    | { readonly kind: 'not-a-variable' | 'set-twice' | 'unreadable-file' }
  );

export type SubstitutionProblem = Problem & { readonly path: Path };

/** A value with its variables put in, and which went where. */
export interface Substituted {
  readonly value: unknown;
  readonly problems: readonly SubstitutionProblem[];
  /** Scalars that held variables: their path and the names. */
  readonly used: readonly { readonly path: Path; readonly names: readonly string[] }[];
  /** What came from the process's environment (not from defaults). */
  readonly values: readonly { readonly name: string; readonly value: string }[];
}

type Lookup =
  | { readonly kind: 'set'; readonly value: string }
  | { readonly kind: 'unset' }
  | { readonly kind: 'problem'; readonly problem: Problem };

/** `NAME`, else the content of the file that `NAME_FILE` names. Empty counts as not set. */
const lookUp = (name: string, processEnv: NodeJS.ProcessEnv): Lookup => {
  const value = processEnv[name];
  const file = processEnv[`${name}_FILE`];
  const hasValue = value !== undefined && value !== '';
  if (file === undefined || file === '')
    return hasValue ? { kind: 'set', value } : { kind: 'unset' };
  if (hasValue) {
    const message = `both ${name} and ${name}_FILE are set`;
    return { kind: 'problem', problem: { kind: 'set-twice', message, hint: 'set one of them' } };
  }
  try {
    const content = readFileSync(file, 'utf8').trim();
    return content === '' ? { kind: 'unset' } : { kind: 'set', value: content };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message = `the file that ${name}_FILE names cannot be read (${code})`;
    const hint = `point ${name}_FILE at a readable file, or unset it`;
    return { kind: 'problem', problem: { kind: 'unreadable-file', message, hint } };
  }
};

const plainScalar = (text: string): unknown => {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) ? Number(text) : text;
};

/**
 * Puts variables into every scalar below `value`: `${NAME}`, `${NAME:-default}`; `$${` stands for a
 * literal `${`. It works on what was parsed, never on YAML text, so a value cannot add structure.
 * A scalar with a problem keeps its text.
 */
export const substitute = (
  value: unknown,
  path: Path,
  { processEnv, isPlain }: { processEnv: NodeJS.ProcessEnv; isPlain: (path: Path) => boolean },
): Substituted => {
  const problems: SubstitutionProblem[] = [];
  const used: { path: Path; names: string[] }[] = [];
  const values: { name: string; value: string }[] = [];

  const scalar = (text: string, at: Path): unknown => {
    const names: string[] = [];
    let failed = false;
    const result = text.replace(placeholder, (whole, inside: string | undefined) => {
      if (inside === undefined) return '${';
      const parsed = whole.endsWith('}') ? reference.exec(inside) : null;
      const fail = (problem: Problem) => {
        problems.push({ path: at, ...problem });
        failed = true;
        return whole;
      };
      if (parsed === null) {
        return fail({
          kind: 'not-a-variable',
          message: `${whole} is no variable`,
          // biome-ignore lint/suspicious/noTemplateCurlyInString: it shows what to write.
          hint: 'write ${NAME} or ${NAME:-default}; for a literal "${" write "$${"',
        });
      }
      const [, name = '', byDefault] = parsed;
      names.push(name);
      const found = lookUp(name, processEnv);
      if (found.kind === 'problem') return fail(found.problem);
      if (found.kind === 'set') {
        values.push({ name, value: found.value });
        return found.value;
      }
      if (byDefault !== undefined) return byDefault;
      return fail({
        kind: 'not-set',
        variable: name,
        message: `the variable ${name} is not set`,
        hint: `set ${name} (or ${name}_FILE), or write a default: \${${name}:-…}`,
      });
    });
    if (names.length > 0) used.push({ path: at, names });
    return failed ? text : names.length > 0 && isPlain(at) ? plainScalar(result) : result;
  };

  const walk = (node: unknown, at: Path): unknown => {
    if (typeof node === 'string') return node.includes('${') ? scalar(node, at) : node;
    if (Array.isArray(node)) return node.map((item, index) => walk(item, [...at, index]));
    if (typeof node === 'object' && node !== null)
      return Object.fromEntries(
        Object.entries(node).map(([key, item]) => [key, walk(item, [...at, key])]),
      );
    return node;
  };

  return { value: walk(value, path), problems, used, values };
};
