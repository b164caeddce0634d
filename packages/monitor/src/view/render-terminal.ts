import type { Verdict } from '@dhash/quality-gates';
import { createColors } from 'picocolors';
import { formatDuration, formatValue, type PollMark, plain, verdictWords } from './format.ts';
import { breaksBelow, isBeyond, limitText } from './limit.ts';
import { noticeText } from './notice-text.ts';
import { spark } from './spark.ts';
import { sparkLength, type TerminalState } from './terminal-state.ts';

type Colors = ReturnType<typeof createColors>;
type Paint = (text: string) => string;
/** A piece of a line: its text counts for the width, its paint does not. */
type Piece = readonly [text: string, paint?: Paint];

const headlines: Readonly<Record<NonNullable<TerminalState['ended']> | 'watching', string>> = {
  watching: 'WATCHING',
  promote: 'PROMOTE',
  inconclusive: 'INCONCLUSIVE',
  rollback: 'ROLLBACK',
  freeze: 'FREEZE',
  alert: 'ALERT',
  advise: 'ADVICE',
  interrupted: 'INTERRUPTED',
  'stood-down': 'STOOD DOWN',
};
const markText: Readonly<Record<PollMark, string>> = {
  ok: '✔',
  failed: '✖',
  unknown: '?',
  missed: '·',
};
const verdictMarks: Readonly<Record<Verdict['verdict'], string>> = {
  pass: '✔',
  break: '✖',
  nodata: '?',
  pending: '…',
};

const widthOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((width, [text]) => width + [...text].length, 0);

/** Pieces to one line of at most `width` characters: a wrapped line would break the redraw. */
const line = (pieces: readonly Piece[], width: number): string => {
  let left = width;
  let out = '';
  for (const [text, paint] of pieces) {
    const chars = [...text];
    const fits = chars.length <= left;
    const shown = fits
      ? text
      : `${chars.slice(0, Math.max(0, left - 1)).join('')}${left > 0 ? '…' : ''}`;
    out += paint === undefined || shown === '' ? shown : paint(shown);
    left -= Math.min(left, chars.length);
    if (!fits) break;
  }
  return out;
};

/** `left` and `right` at the two ends of a line; the right end goes where there is no room. */
const spread = (left: readonly Piece[], right: readonly Piece[], width: number): string => {
  const gap = width - widthOf(left) - widthOf(right);
  return gap < 2 ? line(left, width) : line([...left, [' '.repeat(gap)], ...right], width);
};

const wrap = (text: string, width: number): string[] => {
  const lines = [''];
  for (const word of plain(text).split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last === '' || last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
};

const headline = (state: TerminalState, colors: Colors, width: number): string => {
  const state_ = state.ended ?? 'watching';
  const paint =
    state_ === 'promote'
      ? colors.green
      : state_ === 'watching'
        ? colors.cyan
        : state_ === 'rollback' || state_ === 'freeze' || state_ === 'alert'
          ? colors.red
          : colors.yellow;
  const word = ` ${headlines[state_]} `;
  const right: Piece[] = state.run === null ? [] : [[`run ${plain(state.run)}`, colors.dim]];
  return spread(
    [
      [word, (text) => colors.inverse(colors.bold(paint(text)))],
      [`  ${plain(state.title)}`, colors.bold],
    ],
    right,
    width,
  );
};

const progress = (state: TerminalState, colors: Colors, width: number): string => {
  const { durationMs } = state.policy;
  const passedMs = Math.min(durationMs, Math.max(0, state.nowMs - state.startedAt));
  const leftMs = durationMs - passedMs;
  const times = ` ${formatDuration(passedMs)} of ${formatDuration(durationMs)}`;
  const rest = state.ended === null && leftMs > 0 ? `, ${formatDuration(leftMs)} left` : '';
  const room = Math.max(0, width - times.length - rest.length);
  const full = durationMs > 0 ? Math.floor((passedMs / durationMs) * room) : room;
  return line(
    [
      ['━'.repeat(full), colors.cyan],
      ['─'.repeat(room - full), colors.dim],
      [times],
      [rest, colors.dim],
    ],
    width,
  );
};

const health = (state: TerminalState, colors: Colors, width: number): string => {
  const paints: Record<PollMark, Paint> = {
    ok: colors.green,
    failed: colors.red,
    unknown: colors.yellow,
    missed: colors.dim,
  };
  const missed = state.missed === 0 ? '' : `, ${state.missed} missed`;
  const next =
    state.nextAt === null ? '' : ` · next in ${formatDuration(state.nextAt - state.nowMs)}`;
  const right: Piece[] = [
    [`${state.polls} ${state.polls === 1 ? 'poll' : 'polls'}${missed}${next}`, colors.dim],
  ];
  const room = Math.max(0, width - widthOf(right) - 'health  '.length - 2);
  const marks = state.marks.slice(-Math.min(room, sparkLength));
  return spread(
    [['health  '], ...marks.map((mark): Piece => [markText[mark], paints[mark]])],
    right,
    width,
  );
};

const sparkPieces = (
  values: readonly (number | null)[],
  { threshold, below }: { threshold: number; below: boolean },
  colors: Colors,
): Piece[] =>
  [...spark(values, threshold)].map((bar, index): Piece => {
    const beyond = isBeyond(values[index] ?? null, threshold, below);
    return [bar, beyond ? colors.red : colors.cyan];
  });

/** Whether a gate's sentence stands under its line: where something is wrong. */
const isTold = ({ verdict }: Verdict): boolean => verdict === 'break' || verdict === 'nodata';

const gates = (state: TerminalState, colors: Colors, width: number): string[] => {
  const all = Object.entries(state.assessment?.gates ?? {});
  if (all.length === 0) {
    return Object.keys(state.policy.gates).map((gate) =>
      line(
        [['… ', colors.dim], [plain(gate)], ['  waiting for the first poll', colors.dim]],
        width,
      ),
    );
  }
  const paints: Record<Verdict['verdict'], Paint> = {
    pass: colors.green,
    break: (text) => colors.bold(colors.red(text)),
    nodata: colors.yellow,
    pending: colors.dim,
  };
  const rows = all.map(([gate, verdict]) => {
    const below = breaksBelow(state.policy, gate);
    const name = verdict.mode === 'observe' ? `${plain(gate)} (observe)` : plain(gate);
    return {
      gate,
      verdict,
      below,
      name,
      value: formatValue(verdict.value, verdict.unit),
      limit: limitText(verdict, below),
    };
  });
  const column = (pick: (row: (typeof rows)[number]) => string): number =>
    Math.max(...rows.map((row) => pick(row).length));
  const nameWidth = Math.min(
    column((row) => row.name),
    Math.max(12, width - 46),
  );
  const valueWidth = column((row) => row.value);
  const limitWidth = column((row) => row.limit);
  return rows.flatMap(({ gate, verdict, below, name, value, limit }) => {
    const paint = paints[verdict.verdict];
    const shownName = name.length > nameWidth ? `${name.slice(0, nameWidth - 1)}…` : name;
    const fixed: Piece[] = [
      [`${verdictMarks[verdict.verdict]} `, paint],
      [shownName.padEnd(nameWidth)],
      [`  ${value.padStart(valueWidth)}`, colors.bold],
      [`  ${limit.padEnd(limitWidth)}`, colors.dim],
      [`  ${verdictWords[verdict.verdict].padEnd(7)}  `, paint],
    ];
    const room = Math.max(0, width - widthOf(fixed));
    const values = (state.values[gate] ?? []).slice(-Math.min(room, sparkLength));
    const row = line(
      [
        ...fixed,
        ...(room === 0 ? [] : sparkPieces(values, { threshold: verdict.threshold, below }, colors)),
      ],
      width,
    );
    return isTold(verdict)
      ? [
          row,
          ...wrap(verdict.sentence, width - 4).map((text) =>
            line([['    '], [text, paint]], width),
          ),
        ]
      : [row];
  });
};

/**
 * The watch as one block of lines: what it is, how far it is, then gate by gate value, threshold,
 * verdict and spark line (red where beyond the threshold). Pure; no line is wider than `width`.
 */
export const renderTerminal = (
  state: TerminalState,
  { width, color }: { readonly width: number; readonly color: boolean },
): string => {
  const colors = createColors(color);
  const wide = Math.max(20, width);
  const { gates: judged = {}, reasons: all = [] } = state.assessment ?? {};
  const told = new Set(
    Object.values(judged)
      .filter(isTold)
      .map(({ sentence }) => sentence),
  );
  const reasons = state.ended === null ? [] : all.filter((reason) => !told.has(reason));
  return [
    headline(state, colors, wide),
    progress(state, colors, wide),
    health(state, colors, wide),
    ...(state.trouble === null
      ? []
      : wrap(state.trouble, wide - 8).map((text) =>
          line([['        '], [text, colors.red]], wide),
        )),
    ...(state.notice === null
      ? []
      : wrap(noticeText(state.notice), wide - 8).map((text) =>
          line([['        '], [text, colors.yellow]], wide),
        )),
    '',
    ...gates(state, colors, wide),
    ...(reasons.length === 0 ? [] : ['']),
    ...reasons.flatMap((reason) => wrap(reason, wide)).map((text) => line([[text]], wide)),
  ].join('\n');
};
