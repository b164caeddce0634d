import { createHash } from 'node:crypto';
import {
  bytewise,
  filesOf,
  type ManifestEntry,
  type ManifestSource,
  type StoredManifest,
} from '../manifest.ts';
import { COUNT_ROWS } from '../postgres/count-rows.ts';
import { STATEMENTS_LIKE } from '../postgres/statements-like.ts';
import { folderLooks, type StoredLooks } from '../restore/folder-looks.ts';
import { bytesOf } from '../source/byte-path.ts';
import type { CommandLine, CommandSource, RescueHints } from '../types.ts';
import { RESCUE_BODY } from './rescue-body.ts';
import { RESCUE_COMMAND } from './rescue-command.ts';
import { RESCUE_PLAIN } from './rescue-plain.ts';
import { RESCUE_POSTGRES } from './rescue-postgres.ts';

const RESCUE_SUFFIX = '.rescue.sh';

/** Name (or path) of the rescue script of a backup: that of its zip, with `.rescue.sh` for `.zip`. */
export const rescueNameOf = (zip: string): string => zip.replace(/\.zip$/, RESCUE_SUFFIX);

export type RescueCommands = Pick<CommandSource, 'dump' | 'load' | 'verify'>;

/** What a rescue script is made of. */
export interface RescueJob {
  /** Name of the zip, without folder. */
  readonly zip: string;
  /** SHA-256 (hex) of the zip. */
  readonly sha256: string;
  readonly manifest: StoredManifest;
  /** Where each source is live: an absolute path, the name of a database, or the folder that its commands run in. */
  readonly live: ReadonlyMap<string, string>;
  /** Of each `command` source whose commands may stand in the script. */
  readonly commands: ReadonlyMap<string, RescueCommands>;
  readonly hints: RescueHints;
}

/** Bytes that mean nothing to a shell between single quotes, nor to `printf %b`. */
const isPlain = (byte: number): boolean =>
  byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c;

/** Text of such bytes alone: nearly all names are. */
const PLAIN = /^[ -&(-[\]-~]*$/;

/** A name as one word of shell: printable ASCII in single quotes, where `\0ooo` stands for any other byte. */
const word = (name: Buffer | string): string => {
  if (typeof name === 'string' && PLAIN.test(name)) return `'${name}'`;
  let text = '';
  for (const byte of Buffer.from(name))
    text += isPlain(byte) ? String.fromCharCode(byte) : `\\0${byte.toString(8).padStart(3, '0')}`;
  return `'${text}'`;
};

/** Whatever bytes it holds, one word that a shell takes as it stands. */
const exact = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A text for people: what a terminal could take for a command is left out. */
const shown = (text: string): string => exact(text.replaceAll(/\p{Cc}+/gu, ' '));

/**
 * A command as the shell runs it, in the terms of `runProcess`: a text through a shell, a list as it stands. By `exec`,
 * for which a function of the script is no program.
 */
const runnable = (command: CommandLine): string =>
  `exec ${(typeof command === 'string' ? ['/bin/sh', '-c', command] : command).map(exact).join(' ')}`;

/** The same for people. */
const readable = (command: CommandLine): string =>
  typeof command === 'string'
    ? command
    : command.map((each) => (/^[\w./:=@%+,-]+$/.test(each) ? each : exact(each))).join(' ');

const DEFAULT_FILE_MODE = 0o644;
const octal = (mode: number): string => mode.toString(8).padStart(3, '0');

function* linesOf(manifest: StoredManifest, source: string): Generator<ManifestEntry> {
  for (const line of manifest.entries) if (line.path.startsWith(`${source}/`)) yield line;
}

/** The mode that most files have: it is given to all at once. */
const commonMode = (counts: ReadonlyMap<number, number>): number => {
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first?.[0] ?? DEFAULT_FILE_MODE;
};

/** The stored path inside the source, and the true one where that is another. */
const names = (source: string, line: ManifestEntry): string => {
  const stored = word(line.path.slice(source.length + 1));
  return line.name === undefined ? stored : `${stored} ${word(Buffer.from(line.name, 'base64'))}`;
};

const depth = (path: string): number => (path === '' ? 0 : path.split('/').length);

const folderModes = (manifest: StoredManifest, source: ManifestSource): string[] =>
  [...folderLooks(manifest, source.name)]
    .sort(([a], [b]) => depth(b) - depth(a) || bytewise(a, b))
    .map(([path, { mode }]) => `m ${octal(mode)} ${word(bytesOf(path))}`);

/** Both numbers, as `chown` takes them; null of what has the owner of its source's folder. */
const ownOwner = (source: ManifestSource, line: Omit<StoredLooks, 'mode'>): string | null => {
  if (source.uid === undefined || source.gid === undefined) return null;
  return line.uid === undefined && line.gid === undefined
    ? null
    : `${line.uid ?? source.uid}:${line.gid ?? source.gid}`;
};

/** Files, then empty folders, links, owners, modes of folders, and rows of tables. */
function* table(manifest: StoredManifest, source: ManifestSource): Generator<string> {
  const folders: string[] = [];
  const links: string[] = [];
  const owners: string[] = [];
  for (const line of linesOf(manifest, source.name)) {
    const named = names(source.name, line);
    if (line.type === 'file') yield `f ${line.sha256} ${octal(line.mode)} ${line.mtime} ${named}`;
    else if (line.type === 'dir') folders.push(`d ${named}`);
    else links.push(`l ${word(line.target)} ${named}`);
    const owner = ownOwner(source, line);
    if (owner !== null) owners.push(`o ${owner} ${named}`);
  }
  for (const { name, ...looks } of source.folders ?? []) {
    const owner = ownOwner(source, looks);
    if (owner !== null) owners.push(`o ${owner} ${word(Buffer.from(name, 'base64'))}`);
  }
  yield* folders;
  yield* links;
  yield* owners;
  yield* folderModes(manifest, source);
  // A row as PostgreSQL writes it.
  for (const [name, count] of Object.entries(
    source.type === 'postgres' ? (source.tables ?? {}) : {},
  ))
    yield `t ${word(`[${JSON.stringify(name)}, ${count}]`)}`;
}

/** A function of the script that prints SQL. */
const printing = (name: string, sql: readonly string[]): string[] => [
  `${name}() {`,
  `cat <<'SQL'`,
  ...sql,
  'SQL',
  '}',
];

const postgresPart = (sources: readonly ManifestSource[]): string[] =>
  sources.some(({ type }) => type === 'postgres')
    ? [
        ...RESCUE_POSTGRES,
        ...printing(
          'pg_like',
          STATEMENTS_LIKE.map((select) => `${select} \\gexec`),
        ),
        ...printing('pg_count', [COUNT_ROWS.trimEnd()]),
      ]
    : [];

const describe = ({ service, env, release, sources, totalBytes }: StoredManifest): string =>
  `${sources.map(({ name }) => name).join(', ')} of ${service} ${env}, ${release === null ? 'no release' : `release ${release}`}, ${totalBytes} bytes`;

/** What the script knows of each command: whether there is one, how a person reads it, and how it is run. */
const commandPart = (
  sources: readonly ManifestSource[],
  commands: RescueJob['commands'],
): string[] => {
  if (!sources.some(({ type }) => type === 'command')) return [];
  const all = [...commands].flatMap(([name, { dump, load, verify }]) =>
    Object.entries({ dump, load, verify }).flatMap(([which, command]) =>
      command === undefined ? [] : [{ key: `${name}:${which}`, command }],
    ),
  );
  const choice = (body: (command: CommandLine) => string) => [
    'case $name:$1 in',
    ...all.map(({ key, command }) => `${key}) ${body(command)} ;;`),
    '*) return 1 ;;',
    'esac',
  ];
  return [
    ...RESCUE_COMMAND,
    ...['cmd_has() {', ...choice(() => ':'), '}'],
    ...['cmd_text() {', ...choice((command) => `say ${shown(readable(command))}`), '}'],
    ...['cmd_line() {', ...choice(runnable), '}'],
  ];
};

/** What is told of a source before its lines. */
const header = (
  { name, type }: ManifestSource,
  lines: Iterable<ManifestEntry>,
  live: string | undefined,
): string => {
  const modes = new Map<number, number>();
  let [files, bytes] = [0, 0];
  for (const { mode, size } of filesOf({ entries: lines })) {
    modes.set(mode, (modes.get(mode) ?? 0) + 1);
    files += 1;
    bytes += size;
  }
  return `  s ${name} ${type} ${word(live ?? '')} ${files} ${bytes} ${octal(commonMode(modes))}`;
};

/** Folders of files in which a database lies that is a source of its own: one after the other they can't be swapped by `mv`. */
const nested = (
  sources: readonly ManifestSource[],
  live: ReadonlyMap<string, string>,
): string[] => {
  const pathOf = ({ name }: ManifestSource) => live.get(name) ?? '';
  const databases = sources.filter(({ type }) => type === 'sqlite').map(pathOf);
  return sources
    .filter(({ type }) => type === 'files')
    .filter((source) => databases.some((path) => path.startsWith(`${pathOf(source)}/`)))
    .map(({ name }) => name);
};

/** Sources of which a backup leaves something out. */
const filtered = (sources: readonly ManifestSource[]): string[] =>
  sources
    .filter(({ include, exclude = [] }) => include !== undefined || exclude.length > 0)
    .map(({ name }) => name);

function* scriptLines({
  zip,
  sha256,
  manifest,
  live,
  commands,
  hints,
}: RescueJob): Generator<string> {
  yield* [
    '#!/bin/sh',
    `# Restores ${zip}, which lies beside it, with nothing but a shell, unzip and sha256sum. See --help.`,
    ...RESCUE_BODY,
    ...RESCUE_PLAIN,
    ...commandPart(manifest.sources, commands),
    ...postgresPart(manifest.sources),
    '# --- what this backup is ---',
    `zip_name=${word(zip)}`,
    `zip_sha256=${sha256}`,
    `made_of=${shown(describe(manifest))}`,
    `stop_text=${shown(hints.stop ?? '')}`,
    `start_text=${shown(hints.start ?? '')}`,
    `nested=${word(nested(manifest.sources, live).join(' '))}`,
    `filtered=${word(filtered(manifest.sources).join(' '))}`,
    'sources() {',
  ];
  for (const source of manifest.sources)
    yield header(source, linesOf(manifest, source.name), live.get(source.name));
  yield* ['}', 'lines() {', 'case $1 in'];
  for (const source of manifest.sources) {
    yield `${source.name})`;
    yield* table(manifest, source);
    yield ';;';
  }
  yield* ['esac', '}', 'main "$@"; exit'];
}

/**
 * The script that restores one backup with nothing but a POSIX shell, unzip and sha256sum, psql and pg_restore for
 * databases on a server, and the commands of data that only commands can reach, in parts. It checks itself by its last line: `# sha256 ` and the SHA-256 of all lines before it.
 */
export function* renderRescue(job: RescueJob): Generator<string> {
  const hash = createHash('sha256');
  for (const line of scriptLines(job)) {
    const part = `${line}\n`;
    hash.update(part);
    yield part;
  }
  yield `# sha256 ${hash.digest('hex')}\n`;
}
