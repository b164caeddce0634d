import { dirname } from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { messageOf } from '../errors.ts';
import { aliasCycle } from './alias-cycle.ts';
import { ConfigError, type ConfigIssue } from './config-error.ts';
import { type IssueContext, issueAt, issuesOf, valueAt } from './issues.ts';
import { type Path, type Positions, positionsOf } from './positions.ts';
import { fileSchema } from './schema.ts';
import { holdsVariable } from './substitute.ts';

/** A rollout.yaml that reads well, its variables not yet put in. */
export interface RolloutFile {
  /** Absolute. */
  readonly file: string;
  /** Its folder, absolute. */
  readonly root: string;
  readonly service: string;
  /** The gates file, as written: relative to `root`. */
  readonly gates: string;
  /** Names, in the order in which they are written. */
  readonly environments: readonly string[];
  /** The file as parsed. */
  readonly raw: unknown;
  readonly positions: Positions;
}

/** Paths of all texts that hold a variable where none is put in. */
const variablesOutside = (value: unknown, path: Path): Path[] => {
  if (path.length === 1 && (path[0] === 'environments' || path[0] === 'channels')) return [];
  if (holdsVariable(value)) return [path];
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, item]) => variablesOutside(item, [...path, key]))
    : [];
};

/** @throws {ConfigError} an alias inside what it names, or aliases that make far more of a file than it is. */
const contentOf = (document: Document, lines: LineCounter, file: string): unknown => {
  const broken = (message: string, hint: string, offset: number, cause?: unknown) => {
    const { line, col } = lines.linePos(offset);
    const at = { line: Math.max(1, line), column: Math.max(1, col) };
    return new ConfigError([{ file, ...at, path: '', message, hint }], { cause });
  };
  const cycle = aliasCycle(document);
  if (cycle !== null)
    throw broken(
      `the alias *${cycle.source} stands inside what it names: that has no end`,
      'write the value itself',
      cycle.range?.[0] ?? 0,
    );
  try {
    return document.toJS() ?? {};
  } catch (error) {
    const hint = 'write the values themselves, or use fewer aliases';
    throw broken(`its aliases cannot be put in: ${messageOf(error)}`, hint, 0, error);
  }
};

/** What follows are mostly consequences. */
const MOST_SYNTAX_ERRORS = 10;

/** The library says the place once more, and quotes what it can't read: that may be a secret. */
const AFTER_SYNTAX_ERROR = / at line \d+|(?<= in YAML stream| extra characters): /;

/**
 * Reads rollout.yaml from its text. What holds a variable is judged when an environment is chosen.
 *
 * @throws {ConfigError} with all that is wrong.
 */
export const parseConfig = (text: string, file: string): RolloutFile => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true });
  const broken = document.errors.slice(0, MOST_SYNTAX_ERRORS).map((error): ConfigIssue => {
    const at = error.linePos?.[0];
    const message = error.message.split(AFTER_SYNTAX_ERROR)[0] ?? error.message;
    return { file, line: at?.line ?? 1, column: at?.col ?? 1, path: '', message, hint: null };
  });
  if (broken.length > 0) throw new ConfigError(broken);

  const positions = positionsOf(document, lines);
  const raw = contentOf(document, lines, file);
  const context: IssueContext = { file, positions, raw, variablesAt: () => [] };
  const outside = variablesOutside(raw, []);
  const parsed = fileSchema.safeParse(raw);
  const issues = [
    ...outside.map((path) =>
      issueAt(
        context,
        path,
        'holds a variable, and they are put in only under environments and channels',
        'write the value itself',
      ),
    ),
    ...issuesOf(
      (parsed.error?.issues ?? []).filter((issue) => !holdsVariable(valueAt(raw, issue.path))),
      [],
      context,
    ),
  ];
  if (issues.length > 0) throw new ConfigError(inOrder(issues));
  const { service, gates, environments } = raw as {
    service: string;
    gates: string;
    environments: Record<string, unknown>;
  };
  return {
    file,
    root: dirname(file),
    service,
    gates,
    environments: Object.keys(environments),
    raw,
    positions,
  };
};

/** By line, so that a reader goes through the file once. */
export const inOrder = (issues: readonly ConfigIssue[]): ConfigIssue[] =>
  issues.toSorted((a, b) => a.line - b.line || a.column - b.column);
