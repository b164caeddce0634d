import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../../', import.meta.url));

export const books = [
  'README.md',
  'GUARDED_ROLLOUT_README.md',
  'DEPLOYMENT_OPERATIONS_GUIDE.md',
  'docs/night.md',
  'docs/first-hour.md',
  'templates/PR_BODY.md',
] as const;

/** @param path from the root of the repository */
export const bookText = (path: string): string => readFileSync(`${repository}${path}`, 'utf8');

/** Every Markdown file that is, or is about to be, under version control. */
export const markdownFiles = (): string[] =>
  execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], { cwd: repository })
    .toString()
    .split('\n')
    .filter((path) => path !== '');

export interface Block {
  readonly language: string;
  readonly code: string;
}

export const blocksOf = (text: string): Block[] =>
  [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, language = '', code = '']) => ({
    language,
    code,
  }));

export interface BookCommand {
  readonly book: string;
  /** As it stands there, without what follows a `#` or a pipe. */
  readonly line: string;
  /** What is started: `npm`, or a path from the root, or `dhash-rollout`. */
  readonly program: string;
  readonly args: readonly string[];
}

/** Shell words; text in quotes is one. Stops at what ends a command: a comment, `|`, `&&`, `;`, `>`. */
const wordsOf = (line: string): string[] => {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) {
    if (/^(#|\||&|;|>|\d>)/.test(word)) break;
    words.push(word.replaceAll(/["']/g, '').replace(/[;)]+$/, ''));
  }
  return words;
};

const started = /(?:\.\/scripts\/|node scripts\/|npm (?:run |test|ci)|npx dhash-rollout )/g;

/** The commands in a book: lines of its `sh` and `console` blocks, and spans of code in its text. */
export const commandsOf = (book: string): BookCommand[] => {
  const text = bookText(book);
  const inBlocks = blocksOf(text).flatMap(({ language, code }) => {
    const lines = code.replaceAll('\\\n', ' ').split('\n');
    if (language === 'sh') return lines;
    return language === 'console' ? lines.filter((line) => line.startsWith('$ ')) : [];
  });
  const prose = text.replaceAll(/^```(\w*)\n([\s\S]*?)^```/gm, '');
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return [...inBlocks, ...spans].flatMap((line) =>
    [...line.matchAll(started)].map((match) => {
      const words = wordsOf(line.slice(match.index));
      const [first = '', ...rest] = words;
      const [second = '', ...others] = rest;
      if (first === 'npm') return { book, line: words.join(' '), program: 'npm', args: rest };
      const [program, args] = first.startsWith('./') ? [first, rest] : [second, others];
      return { book, line: words.join(' '), program: program.replace(/^\.\//, ''), args };
    }),
  );
};
