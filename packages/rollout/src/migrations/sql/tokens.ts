/** Whose SQL it is: they differ in what is quoted, and in how. */
export type Dialect = 'sqlite' | 'postgres';

export interface Token {
  /** `text`: a string, of whatever kind. `quoted`: a name in quotes. `gap`: white space or a comment. */
  readonly kind: 'word' | 'text' | 'quoted' | 'gap' | 'sign';
  /** As it stands in the file; all tokens after each other are the file. */
  readonly text: string;
  /** What opens it, where nothing closes it: the rest of the file was taken for it. */
  readonly unclosed?: string;
}

/** Sticky, so that each is tried at one place. */
const gap = /\s+|--[^\n]*/y;
/** A digit begins a number, which may run on like a word (`0x1F`, `1e5`). */
const word = /[\p{L}\p{N}_\u0080-\uffff][\p{L}\p{N}_$\u0080-\uffff]*/uy;
const dollar = /\$(?:[\p{L}_\u0080-\uffff][\p{L}\p{N}_\u0080-\uffff]*)?\$/uy;

const matchAt = (pattern: RegExp, sql: string, at: number): string | null => {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0] ?? null;
};

/** Where what is quoted ends, the closing sign with it; a doubled one is a sign of the text. -1: nowhere. */
const endOfQuoted = (sql: string, from: number, close: string, escapes: boolean): number => {
  for (let at = from; at < sql.length; at += 1) {
    if (escapes && sql[at] === '\\') at += 1;
    else if (sql[at] === close) {
      if (sql[at + 1] !== close || close === ']') return at + 1;
      at += 1;
    }
  }
  return -1;
};

/** Where a comment ends. PostgreSQL's lie within each other; the first end ends one of SQLite. -1: nowhere. */
const endOfComment = (sql: string, from: number, nests: boolean): number => {
  let depth = 1;
  for (let at = from + 2; at < sql.length; at += 1) {
    const two = sql.slice(at, at + 2);
    if (two === '*/') {
      depth -= 1;
      if (depth === 0) return at + 2;
      at += 1;
    } else if (nests && two === '/*') {
      depth += 1;
      at += 1;
    }
  }
  return -1;
};

const closings: Readonly<Record<string, string>> = { "'": "'", '"': '"', '`': '`', '[': ']' };

const quotedAt = (sql: string, at: number, prefix: string, dialect: Dialect): Token | null => {
  const open = sql[at + prefix.length] ?? '';
  const close = closings[open];
  // To PostgreSQL these two are signs like any other: a subscript, an operator.
  if (close === undefined || (dialect === 'postgres' && '`['.includes(open))) return null;
  const escapes = dialect === 'postgres' && prefix.toUpperCase() === 'E' && open === "'";
  const end = endOfQuoted(sql, at + prefix.length + 1, close, escapes);
  const kind = open === "'" ? 'text' : 'quoted';
  const text = sql.slice(at, end === -1 ? undefined : end);
  return end === -1 ? { kind, text, unclosed: open } : { kind, text };
};

const commentAt = (sql: string, at: number, dialect: Dialect): Token => {
  const end = endOfComment(sql, at, dialect === 'postgres');
  const text = sql.slice(at, end === -1 ? undefined : end);
  // SQLite takes the end of the file for that of a comment.
  return end === -1 && dialect === 'postgres'
    ? { kind: 'gap', text, unclosed: '/*' }
    : { kind: 'gap', text };
};

const dollarTextAt = (sql: string, at: number): Token | null => {
  const tag = matchAt(dollar, sql, at);
  if (tag === null) return null;
  const end = sql.indexOf(tag, at + tag.length);
  const text = sql.slice(at, end === -1 ? undefined : end + tag.length);
  return end === -1 ? { kind: 'text', text, unclosed: tag } : { kind: 'text', text };
};

const tokenAt = (sql: string, at: number, dialect: Dialect): Token => {
  const space = matchAt(gap, sql, at);
  if (space !== null) return { kind: 'gap', text: space };
  if (sql.startsWith('/*', at)) return commentAt(sql, at, dialect);
  if (dialect === 'postgres') {
    const text = dollarTextAt(sql, at);
    if (text !== null) return text;
  }
  const name = matchAt(word, sql, at);
  // E'…\'…': only right before its text is the letter part of it.
  if (name !== null)
    return name.toUpperCase() === 'E' && dialect === 'postgres' && sql[at + 1] === "'"
      ? (quotedAt(sql, at, name, dialect) ?? { kind: 'word', text: name })
      : { kind: 'word', text: name };
  return quotedAt(sql, at, '', dialect) ?? { kind: 'sign', text: sql[at] ?? '' };
};

/**
 * SQL as its tokens, after the lexical rules of SQLite (sqlite.org/lang_keywords.html, tokenize.c) and PostgreSQL
 * (manual, 4.1, with standard_conforming_strings on). Put together they are the text again. Pure.
 */
export const tokensOf = (sql: string, dialect: Dialect): Token[] => {
  const tokens: Token[] = [];
  for (let at = 0; at < sql.length; ) {
    const token = tokenAt(sql, at, dialect);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
};
