import type { Node, YAMLMap } from 'yaml';
import type { TemplateIssue } from '../errors.ts';
import { severities } from '../message.ts';
import { events } from './events.ts';
import { suggestion } from './nearest.ts';
import {
  type Place,
  type Placeholder,
  placeholderPattern,
  type Template,
  type TemplateText,
} from './template.ts';

/** The YAML library, loaded by whoever needs it: sending a message that is made does not. */
export type Yaml = typeof import('yaml');

/** What follows are mostly consequences. */
const maxSyntaxErrors = 10;

const fields = ['event', 'severity', 'title', 'summary', 'facts', 'sections', 'links'];

/**
 * A template file's text, checked whole: every mistake is found at once.
 * @param yaml the library.
 * @param event what the file's name says it is for.
 */
export const parseTemplate = (
  yaml: Yaml,
  text: string,
  file: string,
  event: string,
): { readonly template: Template } | { readonly issues: readonly TemplateIssue[] } => {
  const { isMap, isScalar, isSeq, LineCounter, parseDocument } = yaml;
  const issues: TemplateIssue[] = [];
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const placeOf = (node: unknown): Place => {
    const range = (node as Node | null | undefined)?.range;
    return placeAt(range?.[0] ?? 0);
  };
  const refuse = (place: Place, message: string): void => {
    issues.push({ file, line: place.line, column: place.column, message });
  };

  // The library quotes what it can't place, however long that is.
  for (const { message, pos } of document.errors.slice(0, maxSyntaxErrors))
    refuse(placeAt(pos[0]), message.replace(/(?<= in YAML stream| extra characters): .*/s, ''));
  if (issues.length > 0) return { issues };

  const checkKeys = (map: YAMLMap, known: readonly string[]): void => {
    for (const { key } of map.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (!known.includes(name))
        refuse(placeOf(key), `unknown field "${name}"${suggestion(name, known)}`);
    }
  };

  const rule = events[event];
  const checkPlaceholder = (placeholder: Placeholder): void => {
    if (rule === undefined) return;
    const { name } = placeholder;
    if (rule.always.includes(name)) return;
    if (!rule.sometimes.includes(name))
      refuse(
        placeholder,
        `"${event}" has no variable "${name}"${suggestion(name, [...rule.always, ...rule.sometimes])}`,
      );
    else if (!placeholder.isOptional)
      refuse(placeholder, `"${name}" may be missing in "${event}"; write {{${name}?}}`);
  };

  const textOf = (node: unknown, what: string): TemplateText | null => {
    const isText = isScalar(node) && ['string', 'number'].includes(typeof node.value);
    if (!isScalar(node) || !isText || node.range == null) {
      refuse(placeOf(node), `${what} must be a text`);
      return null;
    }
    const [start, end] = node.range;
    const raw = text.slice(start, end);
    const source = String(node.value);
    // In a folded or quoted text the placeholders still stand in the file as they are.
    const places = [...raw.matchAll(placeholderPattern)].map(({ index }) => placeAt(start + index));
    const placeholders = [...source.matchAll(placeholderPattern)].map(
      ([, name, optional], index): Placeholder => ({
        name: name ?? '',
        isOptional: optional !== undefined,
        ...(places[index] ?? placeAt(start)),
      }),
    );
    const stray = source.replace(placeholderPattern, '').search(/\{\{|\}\}/);
    if (stray >= 0)
      refuse(placeAt(start), `${what} has a "{{" or "}}" that is no {{name}} or {{name?}}`);
    placeholders.forEach(checkPlaceholder);
    return { source, placeholders, ...placeAt(start) };
  };

  const pairs = <A extends string, B extends string>(
    root: YAMLMap,
    field: string,
    first: A,
    second: B,
  ): ({ [Key in A | B]: TemplateText } & object)[] => {
    const list = root.get(field, true);
    if (list === undefined) return [];
    if (!isSeq(list)) {
      refuse(placeOf(list), `${field} must be a list of { ${first}, ${second} }`);
      return [];
    }
    return list.items.flatMap((item) => {
      if (!isMap(item)) {
        refuse(placeOf(item), `${field} must be a list of { ${first}, ${second} }`);
        return [];
      }
      checkKeys(item, [first, second]);
      const one = required(item, first, `${field}: "${first}"`);
      const two = required(item, second, `${field}: "${second}"`);
      if (one === null || two === null) return [];
      return [{ [first]: one, [second]: two } as { [Key in A | B]: TemplateText }];
    });
  };

  const required = (map: YAMLMap, field: string, what: string): TemplateText | null => {
    const node = map.get(field, true);
    if (node === undefined) {
      refuse(placeOf(map), `${what} is missing`);
      return null;
    }
    return textOf(node, what);
  };

  const root: unknown = document.contents;
  if (!isMap(root)) {
    refuse({ line: 1, column: 1 }, `a template must have the fields ${fields.join(', ')}`);
    return { issues };
  }
  checkKeys(root, fields);
  if (rule === undefined)
    refuse(
      { line: 1, column: 1 },
      `there is no event "${event}"${suggestion(event, Object.keys(events))}`,
    );
  const named = root.get('event', true);
  if (named === undefined) refuse(placeOf(root), `"event" is missing; write event: ${event}`);
  else if (!isScalar(named) || named.value !== event)
    refuse(placeOf(named), `the event is wrong: the file is ${event}.yaml; write event: ${event}`);
  const severityNode = root.get('severity', true);
  const severityValue = isScalar(severityNode) ? severityNode.value : undefined;
  const severity = severities.find((known) => known === severityValue);
  if (severityNode !== undefined && severity === undefined)
    refuse(placeOf(severityNode), `severity must be one of ${severities.join(', ')}`);
  const title = required(root, 'title', '"title"');
  const summaryNode = root.get('summary', true);
  const summary = summaryNode === undefined ? null : textOf(summaryNode, '"summary"');
  const facts = pairs(root, 'facts', 'name', 'value');
  const sections = pairs(root, 'sections', 'title', 'text');
  const links = pairs(root, 'links', 'title', 'url');
  if (issues.length > 0 || title === null || rule === undefined) return { issues };
  return {
    template: {
      event,
      file,
      severity: severity ?? rule.severity,
      title,
      summary,
      facts,
      sections,
      links,
    },
  };
};
