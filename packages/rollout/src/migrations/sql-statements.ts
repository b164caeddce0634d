/** What of SQL text decides where statements end; the rest of it is skipped one character at a time. */
const token =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|;|\s+|./gu;

/** Statements as their words in upper case, without comments and literals. A trigger's body belongs to it. */
export const statementWords = (sql: string): string[][] => {
  const statements: string[][] = [];
  let words: string[] = [];
  /** Open BEGIN and CASE inside a CREATE TRIGGER. */
  let depth = 0;
  for (const [text] of sql.matchAll(token)) {
    if (text === ';') {
      if (depth > 0) continue;
      if (words.length > 0) statements.push(words);
      words = [];
      continue;
    }
    if (!/^[A-Za-z_\u0080-\uffff]/u.test(text)) continue;
    const word = text.toUpperCase();
    words.push(word);
    const inTrigger = words[0] === 'CREATE' && words.slice(1, 3).includes('TRIGGER');
    if (!inTrigger) continue;
    if (depth === 0 ? word === 'BEGIN' : word === 'CASE') depth += 1;
    else if (depth > 0 && word === 'END') depth -= 1;
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
