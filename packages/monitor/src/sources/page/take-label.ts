import { type Cursor, skipBlanks, skipLabelName, skipQuoted } from './page-text.ts';
import { addPlace, type LabelPlaces } from './series-labels.ts';

/** How a format writes a label: Prometheus' text takes blanks around its parts and line feeds in its value, OpenMetrics neither. */
export type LabelStyle = 'text' | 'openmetrics' | 'exemplar';

export type LabelRules = {
  readonly style: LabelStyle;
  readonly decode: (part: string) => string | null;
  /** @throws the page is refused: what was expected here */
  readonly refuse: (expected: string) => never;
};

/** Takes `name="value"` in. */
export const takeLabel = (
  cursor: Cursor,
  labels: LabelPlaces,
  { style, decode, refuse }: LabelRules,
): void => {
  const { text } = cursor;
  const nameStart = cursor.at;
  if (!skipLabelName(cursor)) refuse('name="value" in the labels');
  const nameEnd = cursor.at;
  if (style === 'text') skipBlanks(cursor);
  if (text[cursor.at] !== '=') refuse('name="value" in the labels');
  cursor.at += 1;
  if (style === 'text') skipBlanks(cursor);
  const valueStart = cursor.at + 1;
  const quoted = skipQuoted(cursor, style === 'text' ? 'may-span-lines' : 'one-line');
  if (quoted === null) refuse('name="value" in the labels');
  // Prometheus takes bytes 0 behind the quote into the value, and the quote with them.
  while (style !== 'exemplar' && text.charCodeAt(cursor.at) === 0) cursor.at += 1;
  const valueEnd = cursor.at - 1;
  if (style === 'exemplar' && text.slice(valueStart, valueEnd).includes('\0'))
    refuse('no byte 0 in the label of an exemplar');
  if (quoted === 'escaped') labels.hasEscapes = true;
  if (decode(text.slice(valueStart, valueEnd)) === null) refuse('a label value in UTF-8');
  if (text.startsWith('__name__', nameStart) && nameEnd - nameStart === 8)
    refuse('no label __name__');
  addPlace(labels, [nameStart, nameEnd, valueStart, valueEnd]);
};
