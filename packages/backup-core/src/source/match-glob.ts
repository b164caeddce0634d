import { BackupError } from '../errors.ts';

const escapeText = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** One component: `*` and `?` stay inside it. */
const componentPattern = (glob: string): string => {
  let pattern = '';
  for (let i = 0; i < glob.length; i++) {
    const char = glob[i] ?? '';
    const closing =
      char === '[' ? glob.indexOf(']', i + 2) : char === '{' ? glob.indexOf('}', i) : -1;
    if (char === '*') pattern += '[^/]*';
    else if (char === '?') pattern += '[^/]';
    else if (char === '[' && closing !== -1) {
      const set = glob
        .slice(i + 1, closing)
        .replace(/\\/g, '\\\\')
        .replace(/^!/, '^');
      pattern += `(?!/)[${set}]`;
      i = closing;
    } else if (char === '{' && closing !== -1) {
      const choices = glob.slice(i + 1, closing).split(',');
      pattern += `(?:${choices.map(componentPattern).join('|')})`;
      i = closing;
    } else pattern += escapeText(char);
  }
  return pattern;
};

/**
 * A test for relative paths with `/`. `*` and `?` stay inside a component, `**` stands for any number of
 * components, `[abc]` and `{a,b}` for one of several. A glob without `/` matches at any depth.
 *
 * @throws BackupError `bad-option` for a glob that can't match anything.
 */
export const matchGlobs = (globs: readonly string[]): ((path: string) => boolean) => {
  const patterns = globs.map((glob) => {
    if (glob === '' || glob.startsWith('/') || glob.split('/').includes('..'))
      throw new BackupError(
        'bad-option',
        `the glob ${JSON.stringify(glob)} can't match: it must be relative to the source, without ".."`,
      );
    const parts = (glob.includes('/') ? glob : `**/${glob}`).replace(/\/$/, '').split('/');
    const pattern = parts
      .map((part, i) => {
        const isLast = i === parts.length - 1;
        if (part === '**') return isLast ? '.*' : '(?:[^/]+/)*';
        return componentPattern(part) + (isLast ? '' : '/');
      })
      .join('');
    return new RegExp(`^${pattern}$`, 'su');
  });
  return (path) => patterns.some((pattern) => pattern.test(path));
};
