import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConfigIssue } from './config-error.ts';
import { parseEnvFile } from './env-file.ts';
import { valueAt } from './issues.ts';
import type { RolloutFile } from './parse-config.ts';
import type { EnvironmentInput } from './schema.ts';
import { variablesIn } from './substitute.ts';
import type { CommandEnvironment } from './types.ts';

/** What every program needs of its surroundings, whoever else names it: a channel may hold `${HOME}`. */
const alwaysHandedOn =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|PWD|HOSTNAME|TERM|TZ|LANG|LANGUAGE|LC_\w+|TMPDIR|TMP|TEMP|XDG_\w+|NO_COLOR|SystemRoot|ComSpec|PATHEXT)$/;

/** A command may take one from the shell: `$NAME`, or `$${NAME}` as rollout.yaml writes it. */
const namedInCommands = (value: unknown): string[] => {
  if (typeof value === 'string')
    return [...value.matchAll(/\$(?:\$?\{)?([A-Za-z_][A-Za-z0-9_]*)/g)].map(
      ([, name = '']) => name,
    );
  return typeof value === 'object' && value !== null
    ? Object.values(value).flatMap(namedInCommands)
    : [];
};

/**
 * Variables that the file names for channels or other environments and not for this one: an address of a channel is
 * the key to it, and the service lives longer than we do. `NAME_FILE` leads to the same secret.
 */
const withheldFrom = ({ raw, environments }: RolloutFile, env: string): string[] => {
  const section = valueAt(raw, ['environments', env]);
  const own = new Set([...variablesIn(section), ...namedInCommands(section)]);
  const others = [
    valueAt(raw, ['channels']),
    ...environments
      .filter((name) => name !== env)
      .map((name) => valueAt(raw, ['environments', name])),
  ];
  const names = new Set(others.flatMap(variablesIn));
  return [...names]
    .filter((name) => !own.has(name) && !alwaysHandedOn.test(name))
    .flatMap((name) => [name, `${name}_FILE`])
    .filter((name) => !own.has(name));
};

interface Place {
  readonly file: RolloutFile;
  readonly env: string;
  readonly issueAt: (message: string, hint: string | null) => ConfigIssue;
}

type Read = Pick<CommandEnvironment, 'given' | 'problem'>;

const readEnvFile = (envFile: string, { file, issueAt }: Place): Read => {
  const path = resolve(file.root, envFile);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    const hint =
      'commands of this environment need its variables: put it there, or take envFile out';
    return { given: {}, problem: issueAt(`the file ${path} ${message}`, hint) };
  }
  const read = parseEnvFile(text);
  if (read.kind === 'read') return { given: read.values, problem: null };
  const hint = 'write NAME=value, NAME=\'value\' or NAME="value", one a line';
  return { given: {}, problem: issueAt(`${path}:${read.line} ${read.message}`, hint) };
};

/**
 * What commands of an environment get. An env file that can't be read is a problem of whoever runs a command; `status`
 * and `backup` work without it.
 */
export const commandEnvironment = (
  { env: written = {}, envFile }: Pick<EnvironmentInput, 'env' | 'envFile'>,
  place: Place,
): CommandEnvironment => {
  const read: Read =
    envFile === undefined ? { given: {}, problem: null } : readEnvFile(envFile, place);
  const own = Object.entries(written).map(([name, value]) => [name, String(value)] as const);
  return {
    given: { ...read.given, ...Object.fromEntries(own) },
    withheld: withheldFrom(place.file, place.env),
    problem: read.problem,
  };
};

/** As names with values, for whoever finds the secrets among them. */
export const givenValues = ({
  given,
}: CommandEnvironment): { readonly name: string; readonly value: string }[] =>
  Object.entries(given).map(([name, value]) => ({ name, value }));
