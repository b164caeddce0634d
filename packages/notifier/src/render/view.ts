import { actsHeading, commandsOf } from '../acts.ts';
import type { Message, Severity } from '../message.ts';
import { situationFacts } from '../situation.ts';
import { cleanLine, cleanText } from '../text/clean.ts';
import { fitText } from '../text/cut.ts';
import { safeUrl } from '../text/links.ts';

/** A message cleaned for one channel, and what of it that channel will not show. */
export interface View {
  readonly event: string;
  readonly severity: Severity;
  readonly title: string;
  readonly summary: string;
  /** Who must act: "You must act", what, and what to type. null: nobody. */
  readonly acts: {
    readonly heading: string;
    readonly what: string;
    readonly commands: readonly string[];
  } | null;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly sections: readonly { readonly title: string; readonly text: string }[];
  readonly links: readonly { readonly title: string; readonly url: string }[];
  readonly at: string;
  readonly id: string;
  readonly run: string | null;
  /** Said at the end: redelivered, folded, sent here instead of elsewhere. */
  readonly notes: readonly string[];
  readonly leftOut: LeftOut;
}

/** What a reader of this channel does not see. */
export interface LeftOut {
  readonly facts: number;
  readonly sections: number;
  readonly links: number;
  readonly isShortened: boolean;
}

/** How many of each a channel shows at most. */
export interface Caps {
  readonly facts: number;
  readonly sections: number;
  readonly links: number;
  /** Schemes that the channel can make clickable. */
  readonly schemes?: readonly string[];
}

/** A payload with what it had to leave out. */
export interface Composed<Payload> {
  readonly payload: Payload;
  readonly isTruncated: boolean;
}

/** Who must act is never left out, so it is kept short. */
const longestWhat = 400;
const longestCommand = 300;
const mostCommands = 4;

const actsOf = ({ acts }: Message): View['acts'] =>
  acts === undefined
    ? null
    : {
        heading: actsHeading(acts),
        what: fitText(cleanText(acts.what).trim(), longestWhat).text,
        commands: commandsOf(acts)
          .slice(0, mostCommands)
          .map((command) => fitText(cleanLine(command), longestCommand).text)
          .filter((command) => command !== ''),
      };

/** A run's id is short; what is longer is none. */
const shownRun = 80;

/** Where a title is empty, the event's name stands in: no channel takes an empty heading. */
export const viewOf = (message: Message, caps: Caps, notes: readonly string[]): View => {
  const links = message.links.map(({ title, url }) => ({
    title: cleanLine(title) || 'link',
    url: safeUrl(url, caps.schemes),
    text: cleanLine(url),
  }));
  const clickable = links.flatMap(({ title, url }) => (url === null ? [] : [{ title, url }]));
  const { before, after } = situationFacts(message.situation);
  const told = new Set([...before, ...after].map(({ name }) => name.toLowerCase()));
  const own = message.facts.filter(({ name }) => !told.has(name.trim().toLowerCase()));
  const facts = [
    ...[...before, ...own, ...after].map(({ name, value }) => ({
      name: cleanLine(name) || '–',
      value: cleanText(value).trim() || '–',
    })),
    // What may not be clickable is still said, as text.
    ...links.flatMap(({ title, url, text }) =>
      url === null ? [{ name: title, value: text || '–' }] : [],
    ),
  ];
  const sections = message.sections.map(({ title, text }) => ({
    title: cleanLine(title),
    text: cleanText(text).trim() || '–',
  }));
  return {
    event: cleanLine(message.event),
    severity: message.severity,
    title: cleanLine(message.title) || cleanLine(message.event) || 'message',
    summary: cleanText(message.summary).trim(),
    acts: actsOf(message),
    facts: facts.slice(0, caps.facts),
    sections: sections.slice(0, caps.sections),
    links: clickable.slice(0, caps.links),
    at: message.at,
    id: message.id,
    run: message.run === null ? null : fitText(cleanLine(message.run), shownRun).text,
    notes: notes.map(cleanLine),
    leftOut: {
      facts: Math.max(0, facts.length - caps.facts),
      sections: Math.max(0, sections.length - caps.sections),
      links: Math.max(0, clickable.length - caps.links),
      isShortened: false,
    },
  };
};

const count = (number: number, noun: string): string[] =>
  number === 0 ? [] : [`${number} ${noun}${number === 1 ? '' : 's'}`];

/** "Truncated: 3 facts and 1 section left out, texts shortened." or null where all is shown. */
export const leftOutSentence = (leftOut: LeftOut, isShortened: boolean): string | null => {
  const missing = [
    ...count(leftOut.facts, 'fact'),
    ...count(leftOut.sections, 'section'),
    ...count(leftOut.links, 'link'),
  ];
  const parts = [
    ...(missing.length > 0 ? [`${missing.join(', ')} left out`] : []),
    ...(isShortened || leftOut.isShortened ? ['texts shortened'] : []),
  ];
  return parts.length === 0 ? null : `Truncated: ${parts.join('; ')}.`;
};

const halve = (text: string): string => fitText(text, Math.floor(text.length / 2)).text;

const shortened = (view: View): View => ({
  ...view,
  leftOut: { ...view.leftOut, isShortened: true },
});

/** Texts are halved down to these lengths before the next kind of content is touched. */
const keptSection = 400;
const keptFact = 100;
const keptSummary = 200;
const keptTitle = 60;

/** The next smaller view, least important content first; null where nothing is left to give up. */
const shrink = (view: View): View | null => {
  const { sections, facts, links, leftOut } = view;
  const longestSection = sections.findLast(({ text }) => text.length > keptSection);
  if (longestSection)
    return shortened({
      ...view,
      sections: sections.map((section) =>
        section.text.length > keptSection ? { ...section, text: halve(section.text) } : section,
      ),
    });
  if (sections.length > 0)
    return {
      ...view,
      sections: sections.slice(0, -1),
      leftOut: { ...leftOut, sections: leftOut.sections + 1 },
    };
  if (facts.some(({ name, value }) => value.length > keptFact || name.length > keptFact))
    return shortened({
      ...view,
      facts: facts.map(({ name, value }) => ({
        name: name.length > keptFact ? halve(name) : name,
        value: value.length > keptFact ? halve(value) : value,
      })),
    });
  if (facts.length > 0)
    return {
      ...view,
      facts: facts.slice(0, -1),
      leftOut: { ...leftOut, facts: leftOut.facts + 1 },
    };
  if (links.length > 0)
    return {
      ...view,
      links: links.slice(0, -1),
      leftOut: { ...leftOut, links: leftOut.links + 1 },
    };
  if (view.summary.length > keptSummary)
    return shortened({ ...view, summary: halve(view.summary) });
  if (view.title.length > keptTitle) return shortened({ ...view, title: halve(view.title) });
  return null;
};

/** Builds smaller and smaller views until the payload's size is within the budget. */
export const composeWithin = <Payload>(
  start: View,
  budget: number,
  build: (view: View) => { readonly payload: Payload; readonly isShortened: boolean },
  sizeOf: (payload: Payload) => number,
): Composed<Payload> => {
  let view = start;
  for (;;) {
    const { payload, isShortened } = build(view);
    if (sizeOf(payload) <= budget)
      return { payload, isTruncated: leftOutSentence(view.leftOut, isShortened) !== null };
    const smaller = shrink(view);
    if (smaller === null) return { payload, isTruncated: true };
    view = smaller;
  }
};

/** Fits texts and remembers whether any had to be cut. */
export const startFitting = () => {
  let isShortened = false;
  return {
    fit: (text: string, limit: number, escapeWith?: (text: string) => string): string => {
      const fitted = fitText(text, limit, escapeWith);
      isShortened ||= fitted.isCut;
      return fitted.text;
    },
    isShortened: () => isShortened,
  };
};
