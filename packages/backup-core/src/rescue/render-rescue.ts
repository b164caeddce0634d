import { createHash } from 'node:crypto';
import {
  bytewise,
  filesOf,
  type ManifestDir,
  type ManifestEntry,
  type ManifestLink,
  type ManifestSource,
  type StoredManifest,
} from '../manifest.ts';
import { COUNT_ROWS } from '../postgres/count-rows.ts';
import { STATEMENTS_LIKE } from '../postgres/statements-like.ts';
import { bytesOf, shownPath } from '../source/byte-path.ts';
import { truePath } from '../stored-path.ts';
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

const folderModes = (source: ManifestSource, folders: readonly ManifestDir[]): string[] => {
  const modes = new Map<string, { readonly path: Buffer; readonly mode: number }>();
  for (const [path, mode] of Object.entries(source.folderModes ?? {}))
    modes.set(path, { path: Buffer.from(path), mode });
  for (const line of folders) {
    const place = truePath(source.name, line);
    if ('path' in place)
      modes.set(shownPath(place.path), { path: bytesOf(place.path), mode: line.mode });
  }
  return [...modes]
    .sort(([a], [b]) => depth(b) - depth(a) || bytewise(a, b))
    .map(([, { path, mode }]) => `m ${octal(mode)} ${word(path)}`);
};

/** Files, then empty folders, links, modes of folders, and rows of tables. */
function* table(source: ManifestSource, lines: Iterable<ManifestEntry>): Generator<string> {
  const folders: ManifestDir[] = [];
  const links: ManifestLink[] = [];
  for (const line of lines) {
    if (line.type === 'file')
      yield `f ${line.sha256} ${octal(line.mode)} ${line.mtime} ${names(source.name, line)}`;
    else if (line.type === 'dir') folders.push(line);
    else links.push(line);
  }
  for (const line of folders) yield `d ${names(source.name, line)}`;
  for (const line of links) yield `l ${word(line.target)} ${names(source.name, line)}`;
  yield* folderModes(source, folders);
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
    'sources() {',
  ];
  for (const source of manifest.sources)
    yield header(source, linesOf(manifest, source.name), live.get(source.name));
  yield* ['}', 'lines() {', 'case $1 in'];
  for (const source of manifest.sources) {
    yield `${source.name})`;
    yield* table(source, linesOf(manifest, source.name));
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
