import type { Message } from '../message.ts';
import { utf8Bytes } from '../text/cut.ts';
import { footerLine, severityLook } from './severity-look.ts';
import {
  type Composed,
  composeWithin,
  leftOutSentence,
  startFitting,
  type View,
  viewOf,
} from './view.ts';

/**
 * Bytes of the serialised body. The vendor's 28,672 are counted after its own inflation (24,453
 * sent became 28,897 and failed inside the flow: msteams-docs#11274; 19,609 failed on a legacy
 * connector: prometheus-msteams#29).
 */
const teamsBudgetBytes = 18_000;
const titleLimit = 256;
const textLimit = 10_000;
const factNameLimit = 256;
const factValueLimit = 2000;
const urlLimit = 2000;
const caps = { facts: 40, sections: 30, links: 6, schemes: ['https:'] };

/** An Adaptive Card element, of the kinds used here. */
export type TeamsElement =
  | {
      readonly type: 'TextBlock';
      readonly text: string;
      readonly wrap: true;
      readonly size?: 'Large' | 'Small';
      readonly weight?: 'Bolder';
      readonly color?: 'Default' | 'Warning' | 'Attention';
      readonly fontType?: 'Monospace';
      readonly isSubtle?: true;
      readonly spacing?: 'Small' | 'Medium';
    }
  | {
      readonly type: 'FactSet';
      readonly facts: readonly { readonly title: string; readonly value: string }[];
    };

/** Body of a POST to a Workflows webhook: one Adaptive Card. */
export interface TeamsPayload {
  readonly type: 'message';
  readonly attachments: readonly [
    {
      readonly contentType: 'application/vnd.microsoft.card.adaptive';
      readonly contentUrl: null;
      readonly content: {
        readonly $schema: 'http://adaptivecards.io/schemas/adaptive-card.json';
        readonly type: 'AdaptiveCard';
        readonly version: '1.4';
        readonly msteams: { readonly width: 'full' };
        readonly body: readonly TeamsElement[];
        readonly actions: readonly {
          readonly type: 'Action.OpenUrl';
          readonly title: string;
          readonly url: string;
        }[];
      };
    },
  ];
}

/** Backslashes before what a TextBlock would take for markup; a newline becomes a paragraph. */
const escapeTeams = (text: string): string =>
  text.replace(/[\\[\]()*_]/g, '\\$&').replaceAll('\n', '\n\n');

const actsElements = ({ acts }: View): TeamsElement[] =>
  acts === null
    ? []
    : [
        {
          type: 'TextBlock',
          text: `${acts.heading}: ${escapeTeams(acts.what)}`,
          wrap: true,
          weight: 'Bolder',
        },
        ...acts.commands.map(
          (command): TeamsElement => ({
            type: 'TextBlock',
            text: escapeTeams(command),
            wrap: true,
            fontType: 'Monospace',
            spacing: 'Small',
          }),
        ),
      ];

const build = (view: View) => {
  const { fit, isShortened } = startFitting();
  const look = severityLook[view.severity];
  const facts = view.facts.map(({ name, value }) => ({
    title: fit(name, factNameLimit, escapeTeams),
    value: fit(value, factValueLimit, escapeTeams),
  }));
  const sections = view.sections.flatMap(({ title, text }): TeamsElement[] => [
    ...(title === ''
      ? []
      : [
          {
            type: 'TextBlock',
            text: fit(title, titleLimit, escapeTeams),
            wrap: true,
            weight: 'Bolder',
            spacing: 'Medium',
          } as const,
        ]),
    { type: 'TextBlock', text: fit(text, textLimit, escapeTeams), wrap: true, spacing: 'Small' },
  ]);
  const heading: TeamsElement = {
    type: 'TextBlock',
    text: fit(`${look.symbol}${view.title}`, titleLimit, escapeTeams),
    wrap: true,
    size: 'Large',
    weight: 'Bolder',
    color: look.teams,
  };
  const summary = view.summary === '' ? [] : [fit(view.summary, textLimit, escapeTeams)];
  const usable = view.links.filter(({ url }) => url.length <= urlLimit);
  const leftOut = leftOutSentence(
    { ...view.leftOut, links: view.leftOut.links + view.links.length - usable.length },
    isShortened(),
  );
  const small = [...(leftOut === null ? [] : [leftOut]), ...view.notes, footerLine(view)];
  const payload: TeamsPayload = {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          msteams: { width: 'full' },
          body: [
            heading,
            ...actsElements(view),
            ...summary.map((text): TeamsElement => ({ type: 'TextBlock', text, wrap: true })),
            ...(facts.length === 0 ? [] : [{ type: 'FactSet', facts } as const]),
            ...sections,
            ...small.map(
              (line): TeamsElement => ({
                type: 'TextBlock',
                text: fit(line, factValueLimit, escapeTeams),
                wrap: true,
                size: 'Small',
                isSubtle: true,
                spacing: 'Small',
              }),
            ),
          ],
          actions: usable.map(({ title, url }) => ({
            type: 'Action.OpenUrl',
            title: fit(title, 60),
            url,
          })),
        },
      },
    ],
  };
  return { payload, isShortened: leftOut !== null };
};

/** {@link renderTeams}, with whether anything was left out. */
export const composeTeams = (
  message: Message,
  notes: readonly string[] = [],
): Composed<TeamsPayload> =>
  composeWithin(viewOf(message, caps, notes), teamsBudgetBytes, build, (payload) =>
    utf8Bytes(JSON.stringify(payload)),
  );

/** An Adaptive Card in at most 18,000 bytes; where it was cut, the card says "Truncated: …". */
export const renderTeams = (message: Message, notes: readonly string[] = []): TeamsPayload =>
  composeTeams(message, notes).payload;
