/** Most of a name that a message shows, in characters as a person counts them. */
const MOST_CHARACTERS = 120;

/** A character may have any number of marks: beyond so many units a name is cut, whatever they are. */
const MOST_UNITS = 8 * MOST_CHARACTERS;

/** Made when first needed: it costs some 10 ms, and most names fit. */
let graphemes: Intl.Segmenter | undefined;

/** A name as a message quotes it: `"images/1.jpg"`, the end of a long one cut off. */
export const shownName = (name: string): string => {
  if (name.length <= MOST_CHARACTERS) return JSON.stringify(name);
  graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  let shown = '';
  let characters = 0;
  for (const { segment } of graphemes.segment(name.slice(0, MOST_UNITS))) {
    if (characters === MOST_CHARACTERS) break;
    characters += 1;
    shown += segment;
  }
  return shown.length === name.length ? JSON.stringify(name) : `${JSON.stringify(shown)}…`;
};
