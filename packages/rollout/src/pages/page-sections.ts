import { escapeHtml } from '@dhash/basics/escape-html';
import { tile } from '@dhash/monitor';
import { describeWritten } from '../words/describe-written.ts';
import { formatDuration, formatInstant } from '../words/format.ts';
import { downMs } from './down-ms.ts';
import { asSentence } from './in-words.ts';
import type { RunPage } from './run-page.ts';
import { firstSentence } from './tell-run.ts';

const marks = { good: '✔', bad: '✖', warn: '!', off: '…' } as const;

/** Markup of a command that can be typed. */
const command = (text: string): string =>
  `<code class="cmd" tabindex="0">${escapeHtml(text)}</code>`;

const until = ({ openedAtMs, closedAtMs }: RunPage): string =>
  closedAtMs === null
    ? `${formatInstant(openedAtMs)}, still open`
    : `${formatInstant(openedAtMs)} to ${formatInstant(closedAtMs)} (${formatDuration(closedAtMs - openedAtMs)})`;

/** What happened, why, what it cost, what serves now: all that most readers want. */
export const storySection = (page: RunPage): string => {
  const { story, service, env, user, host } = page;
  return `<header>
<p>${escapeHtml(service)} · ${escapeHtml(env)} · ${escapeHtml(page.state.kind)}</p>
<h1 class="story">${escapeHtml(firstSentence(story))}</h1>
<p class="facts"><span>${escapeHtml(until(page))}</span><span>by ${escapeHtml(user)} on ${escapeHtml(host)}</span></p>
</header>
<main>
<section class="decision story ${story.tone}" aria-label="How it ended">
<p class="word"><b>${marks[story.tone]} ${escapeHtml(story.word)}</b></p>
<p class="now">Now: ${escapeHtml(asSentence(story.now))}</p>
<p id="replayed" class="replayed" hidden></p>
</section>`;
};

export const tilesSection = ({
  story,
  timeline,
  down,
  setAside,
  openedAtMs,
  closedAtMs,
}: RunPage): string => {
  const ms = downMs(down);
  const steps = timeline.filter(({ kind }) => kind === 'step');
  const failed = steps.filter(({ result }) => result === 'failed').length;
  const watched = timeline.reduce(
    (sum, row) => (row.kind === 'watch' ? sum + (row.ms ?? 0) : sum),
    0,
  );
  return `<dl class="tiles">
${tile('Took', closedAtMs === null ? '–' : formatDuration(closedAtMs - openedAtMs), closedAtMs === null ? 'still open' : 'from begin to end')}
${tile('Service down', down.length === 0 ? '0 s' : ms === null ? 'not ended' : formatDuration(ms), down.length === 0 ? 'it was not stopped' : down.length === 1 ? 'once' : `${down.length} times`)}
${tile('Watched', watched === 0 ? '–' : formatDuration(watched), watched === 0 ? 'it was not' : escapeHtml(story.word.toLowerCase()))}
${tile('Steps', String(steps.length), failed === 0 ? 'none failed' : `${failed} failed`)}
${setAside === null ? '' : tile('Set aside', setAside.files.length === 0 ? '–' : `${setAside.files.length} zip${setAside.files.length === 1 ? '' : 's'}`, 'what was live')}
</dl>`;
};

export const leftSection = ({ left, state }: RunPage): string => {
  const items = left.map(
    ({ text, command: typed }) =>
      `<li>${escapeHtml(asSentence(text))}${typed === null ? '' : command(typed)}</li>`,
  );
  return `<h2>${state.closed ? 'What is left to do' : 'What can be done now'}</h2>
<ul class="card todo">${items.length === 0 ? '<li>Nothing.</li>' : items.join('\n')}</ul>`;
};

/** What was taken out of the live data, and how it comes back. */
export const dataSection = ({ setAside, wayBack, run }: RunPage): string => {
  if (setAside === null && wayBack === null) return '';
  const aside =
    setAside === null
      ? ''
      : `<h2>What was set aside</h2>
<div class="card prose"><p>${setAside.written === null ? 'What was live when the data was put back.' : `Since the backup there had come: ${escapeHtml(describeWritten(setAside.written))}.`}</p>
${setAside.files.map(({ file, sha256 }) => `<p><code>${escapeHtml(file)}</code><br>SHA-256 <code>${escapeHtml(sha256)}</code></p>`).join('\n')}
<p>To look at it, and to get it back:</p>${command(`npx dhash-rollout salvage ${run}`)}</div>`;
  const back =
    wayBack === null
      ? ''
      : `<h2>The way back</h2>
<div class="card prose"><p>${wayBack.file === null ? 'The release alone: no data goes back.' : `<code>${escapeHtml(wayBack.file)}</code>`}${wayBack.sha256 === null ? '' : `<br>SHA-256 <code>${escapeHtml(wayBack.sha256)}</code>`}</p>
${wayBack.file === null ? '' : wayBack.proofs.length === 0 ? '<p>It was never drilled.</p>' : wayBack.proofs.map((proof) => `<p>${escapeHtml(asSentence(proof))}</p>`).join('\n')}</div>`;
  return `${aside}\n${back}`;
};

export const recordSection = ({ run, head, watch, policy, tool, env }: RunPage): string => {
  const rows: [string, string | undefined][] = [
    ['Run', run],
    ['Journal head', head],
    ['Policy fingerprint', watch?.policy.fingerprint],
    ['SHA-256 of samples', watch?.samplesSha256],
    ['Made with', tool],
  ];
  const shown = rows.flatMap(([name, value]) =>
    value === undefined || value === ''
      ? []
      : [`<dt>${name}</dt><dd><code>${escapeHtml(value)}</code></dd>`],
  );
  const gates =
    policy.length === 0
      ? ''
      : `<details class="card"><summary>The gates, as they were</summary><div class="prose">${policy.map((sentence) => `<p>${escapeHtml(sentence)}</p>`).join('')}</div></details>`;
  return `<h2>Record</h2>
<dl class="card record">${shown.join('\n')}</dl>
${gates}
<div class="card prose"><p>Whether the record is still what was written, and this page again:</p>${command(`npx dhash-rollout journal verify ${run} --head ${head}`)}${command(`npx dhash-rollout report ${run} --env ${env}`)}</div>`;
};
