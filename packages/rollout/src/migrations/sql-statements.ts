/** What of SQL text decides where statements end; the rest of it is skipped one character at a time. */
const token =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|;|\s+|./gu;

const isWord = (text: string): boolean => /^[A-Za-z_\u0080-\uffff]/u.test(text);

/** White space and comments. */
const isNothing = (text: string): boolean => /^(?:\s|--|\/\*)/u.test(text);

const beginsTrigger = (words: readonly string[]): boolean =>
  words[0] === 'CREATE' && words.slice(1, 3).includes('TRIGGER');

/**
 * Statements as their words in upper case, without comments and literals. A trigger's body belongs to it, and ends where
 * SQLite's own `sqlite3_complete` says so: at an END that follows a semicolon. Any other `end` is a column, or ends a CASE.
 */
export const statementWords = (sql: string): string[][] => {
  const statements: string[][] = [];
  let words: string[] = [];
  /** In a trigger's body, after its BEGIN. */
  let isInBody = false;
  let before = '';
  for (const [text] of sql.matchAll(token)) {
    if (isNothing(text)) continue;
    if (text === ';' && !isInBody) {
      if (words.length > 0) statements.push(words);
      words = [];
    } else if (isWord(text)) {
      const word = text.toUpperCase();
      if (isInBody && word === 'END' && before === ';') isInBody = false;
      words.push(word);
      if (word === 'BEGIN' && beginsTrigger(words)) isInBody = true;
    }
    before = text;
  }
  return words.length > 0 ? [...statements, words] : statements;
};

/** First words that leave the transaction a migration runs in, or can't run in one. */
const forbidden = new Set(
  'BEGIN COMMIT END ROLLBACK SAVEPOINT RELEASE VACUUM ATTACH DETACH'.split(' '),
);

/** Settings that live in the file and are undone with the transaction. */
const allowedPragmas = new Set(['USER_VERSION', 'APPLICATION_ID', 'DEFER_FOREIGN_KEYS']);

/** Statements that a migration may not hold, as a person would name them. */
export const forbiddenStatements = (sql: string): string[] => {
  const found = statementWords(sql).flatMap((words) => {
    const [first = '', ...rest] = words;
    if (forbidden.has(first)) return [first];
    // `PRAGMA main.journal_mode`: the schema's name may come first.
    const pragma = rest.find((word) => !['MAIN', 'TEMP'].includes(word));
    return first === 'PRAGMA' && !allowedPragmas.has(pragma ?? '')
      ? [`PRAGMA ${(pragma ?? '').toLowerCase()}`.trim()]
      : [];
  });
  // SQLite would stop reading there, and the rest would count as applied.
  return sql.includes('\0') ? [...found, 'a NUL character'] : found;
};
