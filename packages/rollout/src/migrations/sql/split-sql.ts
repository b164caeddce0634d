import { type Dialect, type Token, tokensOf } from './tokens.ts';

/** One statement of a file. */
export interface Statement {
  /** Without the white space, the comments before it and the semicolon behind it. */
  readonly text: string;
  /** Its words outside of strings, names in quotes and comments, in upper case. */
  readonly words: readonly string[];
  /** Line of the file on which it begins, from 1. */
  readonly line: number;
}

export interface SplitSql {
  readonly statements: readonly Statement[];
  /** What keeps the file from being read to its end, as `a ' that is opened on line 3 and never closed`. */
  readonly problems: readonly string[];
}

/** Decides, token by token, whether a semicolon would end the statement. */
interface Nesting {
  /** Takes a token that is no gap; true where it is a semicolon that ends the statement. */
  ends(token: Token, words: readonly string[]): boolean;
}

/** `CREATE [OR REPLACE] FUNCTION` */
const createsRoutine = ([first, ...rest]: readonly string[]): boolean =>
  first === 'CREATE' &&
  /^(?:OR REPLACE )?(?:FUNCTION|PROCEDURE)\b/.test(rest.slice(0, 3).join(' '));

/** `CREATE [TEMP] TRIGGER`; a table may have that name, too. */
const createsTrigger = ([first, second = '', third]: readonly string[]): boolean =>
  first === 'CREATE' &&
  (second === 'TRIGGER' || (/^TEMP(?:ORARY)?$/.test(second) && third === 'TRIGGER'));

/**
 * As `sqlite3_complete` does it: the body of a trigger ends at an END between two semicolons. Any other `end` is a
 * column, or ends a CASE.
 */
const sqliteNesting = (): Nesting => {
  let state: 'in the body' | 'after its semicolon' | 'after its END' = 'in the body';
  return {
    ends: ({ kind, text }, words) => {
      const isTrigger = createsTrigger(words);
      if (text === ';' && kind === 'sign') {
        if (!isTrigger || state === 'after its END') return true;
        state = 'after its semicolon';
      } else if (isTrigger) {
        const isEnd = kind === 'word' && text.toUpperCase() === 'END';
        state = isEnd && state === 'after its semicolon' ? 'after its END' : 'in the body';
      }
      return false;
    },
  };
};

/** As psql does it: not within brackets (CREATE RULE … DO (…; …)), nor in BEGIN ATOMIC … END of a function. */
const postgresNesting = (): Nesting => {
  let brackets = 0;
  let blocks = 0;
  return {
    ends: ({ kind, text }, words) => {
      if (kind === 'sign') {
        if (text === '(') brackets += 1;
        if (text === ')' && brackets > 0) brackets -= 1;
        return text === ';' && brackets === 0 && blocks === 0;
      }
      if (kind === 'word' && brackets === 0 && createsRoutine(words)) {
        const upper = text.toUpperCase();
        const isAtomic = upper === 'ATOMIC' && words.at(-2) === 'BEGIN' && blocks === 0;
        if (isAtomic || (blocks > 0 && (upper === 'CASE' || upper === 'BEGIN'))) blocks += 1;
        else if (upper === 'END' && blocks > 0) blocks -= 1;
      }
      return false;
    },
  };
};

const linesIn = (text: string): number => text.split('\n').length - 1;

/**
 * Splits a file of SQL into its statements. It knows strings ('…', and E'…' and $tag$…$tag$ of PostgreSQL), names in
 * quotes, comments (within each other, of PostgreSQL), and the bodies of triggers and functions. Pure.
 */
export const splitSql = (sql: string, dialect: Dialect): SplitSql => {
  const nesting = dialect === 'sqlite' ? sqliteNesting : postgresNesting;
  const statements: Statement[] = [];
  const problems: string[] = [];
  let line = 1;
  let begun: { text: string; words: string[]; line: number; nesting: Nesting } | null = null;
  const end = () => {
    if (begun !== null) statements.push({ ...begun, text: begun.text.trimEnd() });
    begun = null;
  };
  for (const token of tokensOf(sql, dialect)) {
    if (token.unclosed !== undefined)
      problems.push(`a ${token.unclosed} that is opened on line ${line} and never closed`);
    if (token.kind !== 'gap') {
      const isEmpty = begun === null && token.text === ';';
      if (!isEmpty) {
        begun ??= { text: '', words: [], line, nesting: nesting() };
        if (token.kind === 'word') begun.words.push(token.text.toUpperCase());
        if (begun.nesting.ends(token, begun.words)) end();
        else begun.text += token.text;
      }
    } else if (begun !== null) begun.text += token.text;
    line += linesIn(token.text);
  }
  end();
  return { statements, problems };
};

/** Whether the comments at the top of a file say `-- no-transaction`. */
export const saysNoTransaction = (sql: string, dialect: Dialect): boolean => {
  for (const { kind, text } of tokensOf(sql, dialect)) {
    if (kind !== 'gap') return false;
    if (/^--\s*no-transaction\s*$/.test(text)) return true;
  }
  return false;
};
