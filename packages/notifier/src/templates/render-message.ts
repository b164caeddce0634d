import { join } from 'node:path';
import { TemplateError, type TemplateIssue } from '../errors.ts';
import { type Message, parseMessage, type Severity } from '../message.ts';
import type { Templates } from './load-templates.ts';
import { suggestion } from './nearest.ts';
import { placeholderPattern, type TemplateText } from './template.ts';

/** What of a message does not come from its template. */
export interface MessageHead {
  readonly id: string;
  /** ISO-8601 UTC. */
  readonly at: string;
  readonly run: string | null;
  /** Instead of the template's. */
  readonly severity?: Severity | undefined;
  /** Instead of the template's. */
  readonly title?: string | undefined;
  readonly acts?: Message['acts'];
  readonly situation?: Message['situation'];
  /** After the template's own; one whose title the template uses too is left out. */
  readonly links?: Message['links'] | undefined;
}

const shown = (value: unknown): string | null => {
  if (value === undefined || value === null) return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

/** With the space before it, which goes where the value is missing: no gap stays in the sentence. */
const spacedPlaceholder = new RegExp(`( ?)${placeholderPattern.source}`, placeholderPattern.flags);

/**
 * A message from its event's template. Values go in once, as they are: what stands in a value is
 * never read as a placeholder. Facts, sections and links that come out empty are left out.
 * @throws TemplateError where the event has no template, or a variable that it needs is missing.
 */
export const renderMessage = (
  templates: Templates,
  event: string,
  variables: Readonly<Record<string, unknown>>,
  head: MessageHead,
): Message => {
  const template = templates.byEvent.get(event);
  if (template === undefined)
    throw new TemplateError([
      {
        file: join(templates.folder, `${event}.yaml`),
        line: 1,
        column: 1,
        message: `there is no template for "${event}"${suggestion(event, [...templates.byEvent.keys()])}`,
      },
    ]);
  const issues: TemplateIssue[] = [];
  const fill = (text: TemplateText): string => {
    for (const { name, isOptional, line, column } of text.placeholders)
      if (!isOptional && shown(Object.hasOwn(variables, name) ? variables[name] : null) === null)
        issues.push({
          file: template.file,
          line,
          column,
          message: `the variable "${name}" is missing; given: ${Object.keys(variables).join(', ') || 'none'}`,
        });
    return text.source.replace(spacedPlaceholder, (_, space: string, name: string) => {
      const value = shown(Object.hasOwn(variables, name) ? variables[name] : null);
      return value === null ? '' : space + value;
    });
  };
  const title = head.title ?? fill(template.title);
  const summary = template.summary === null ? '' : fill(template.summary).trim();
  const facts = template.facts
    .map(({ name, value }) => ({ name: fill(name), value: fill(value).trim() }))
    .filter(({ value }) => value !== '');
  const sections = template.sections
    .map((section) => ({ title: fill(section.title), text: fill(section.text).trim() }))
    .filter(({ text }) => text !== '');
  const links = template.links
    .map((link) => ({ title: fill(link.title), url: fill(link.url).trim() }))
    .filter(({ url }) => url !== '');
  const [first, ...rest] = issues;
  if (first !== undefined) throw new TemplateError([first, ...rest]);
  const more = head.links ?? [];
  return parseMessage({
    id: head.id,
    event,
    severity: head.severity ?? template.severity,
    title,
    summary,
    facts,
    sections,
    links: [...links, ...more.filter(({ title }) => !links.some((own) => own.title === title))],
    at: head.at,
    run: head.run,
    ...(head.acts === undefined ? {} : { acts: head.acts }),
    ...(head.situation === undefined ? {} : { situation: head.situation }),
  });
};
