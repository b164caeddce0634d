import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NotifierError, TemplateError, type TemplateIssue } from '../errors.ts';
import { parseTemplate } from './parse-template.ts';
import type { Template } from './template.ts';

/** The templates of a folder, by event. */
export interface Templates {
  readonly folder: string;
  readonly byEvent: ReadonlyMap<string, Template>;
}

/**
 * Reads and checks every `<event>.yaml` of a folder.
 * @throws TemplateError with every mistake: unknown field, unknown or unmarked variable, wrong event.
 * @throws NotifierError `bad-template` where the folder can't be read.
 */
export const loadTemplates = async (folder: string): Promise<Templates> => {
  const yaml = await import('yaml');
  let files: string[];
  try {
    files = (await readdir(folder)).filter((file) => /\.ya?ml$/.test(file)).sort();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new NotifierError(
      'bad-template',
      `the template folder ${folder} can't be read (${code})`,
    );
  }
  const byEvent = new Map<string, Template>();
  const issues: TemplateIssue[] = [];
  for (const name of files) {
    const file = join(folder, name);
    const event = name.replace(/\.ya?ml$/, '');
    const parsed = parseTemplate(yaml, await readFile(file, 'utf8'), file, event);
    if ('issues' in parsed) issues.push(...parsed.issues);
    else byEvent.set(event, parsed.template);
  }
  const [first, ...rest] = issues;
  if (first !== undefined) throw new TemplateError([first, ...rest]);
  return { folder, byEvent };
};
