import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { bookText, markdownFiles, repository } from './books.ts';

/** Targets of links and pictures that mean a file of this repository, without code and `#…`. */
const targetsOf = (text: string): string[] =>
  [
    ...text
      .replaceAll(/^```[\s\S]*?^```/gm, '')
      .replaceAll(/`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));

// Filled from a rehearsal, whose files it points to.
const templates = ['templates/PR_BODY.md'];

const files = markdownFiles().filter((file) => !templates.includes(file));

it('finds the books', () => {
  expect(files).toContain('README.md');
  expect(targetsOf(bookText('README.md'))).toContain('docs/report.png');
});

it.each(files)('%s links only to files that exist', (file) => {
  const missing = targetsOf(bookText(file)).filter(
    (target) => !existsSync(join(repository, dirname(file), target)),
  );
  expect(missing).toEqual([]);
});
