import { describeWritten } from '../words/describe-written.ts';
import { formatDuration, formatInstant } from '../words/format.ts';
import { downMs } from './down-ms.ts';
import { asSentence } from './in-words.ts';
import type { RunPage } from './run-page.ts';
import { firstSentence } from './tell-run.ts';

/** Text from outside in Markdown: it stands there as it is, on one line. */
const plain = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .replace(/[\\`*_[\]<>#|~]/g, (mark) => `\\${mark}`);

/** In back quotes: more of them than the text has in a row. */
const code = (text: string): string => {
  const line = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const ticks = '`'.repeat(longest + 1);
  return longest === 0 ? `${ticks}${line}${ticks}` : `${ticks} ${line} ${ticks}`;
};

const downWords = ({ down }: RunPage): string => {
  if (down.length === 0) return 'The service was not stopped.';
  const ms = downMs(down);
  return down
    .map(
      ({ fromMs, toMs }) =>
        `${formatInstant(fromMs)} to ${toMs === null ? '(not seen to be well since)' : `${formatInstant(toMs)}: ${formatDuration(toMs - fromMs)}`}`,
    )
    .map((line) => `- ${line}`)
    .concat(ms === null ? [] : [`- in all: ${formatDuration(ms)}`])
    .join('\n');
};

const timelineText = ({ timeline }: RunPage): string => {
  const rows = timeline.map(({ atMs, name, part, ms, result, says }) => {
    const what = name === '' ? '' : `${name}${part === 'rollback' ? ' (rollback)' : ''}`;
    const took = ms === null ? '' : formatDuration(ms);
    const how = result === 'happened' ? says : `${result}${says === '' ? '' : `: ${says}`}`;
    return `| ${formatInstant(atMs)} | ${plain(what)} | ${took} | ${plain(how)} |`;
  });
  return ['| when | step | took | what |', '| --- | --- | --- | --- |', ...rows].join('\n');
};

const dataText = ({ setAside, run }: RunPage): string => {
  if (setAside === null) return 'Nothing was set aside.';
  const written =
    setAside.written === null
      ? 'What was live when the data was put back.'
      : `Since the backup there had come: ${plain(describeWritten(setAside.written))}.`;
  const files = setAside.files.map(
    ({ file, sha256 }) => `- ${code(file)}, SHA-256 ${code(sha256)}`,
  );
  return [
    written,
    '',
    ...files,
    '',
    `To get it back: ${code(`npx dhash-rollout salvage ${run}`)}`,
  ].join('\n');
};

const checklist = ({ env, run, head, setAside, state, watch }: RunPage): string => {
  const type = (text: string) => code(`npx dhash-rollout ${text}`);
  return [
    `- [ ] The service is well, seen by a person: ${type(`status --env ${env}`)}`,
    '- [ ] Users and whoever waits for the release were told',
    ...(setAside === null
      ? []
      : [`- [ ] It is decided what becomes of the data set aside: ${type(`salvage ${run}`)}`]),
    ...(state.closed ? [] : [`- [ ] The run is closed: ${type(`status --env ${env}`)} says how`]),
    `- [ ] The record is what was written: ${type(`journal verify ${run} --head ${head}`)}`,
    '- [ ] The cause is known, and a test fails on it',
    ...(watch === null
      ? []
      : [
          `- [ ] The gates are as they should be: ${type(`gates replay --env ${env} --samples monitor_logs/${run}/samples.ndjson`)}`,
        ]),
  ].join('\n');
};

/**
 * `incident.md`: what is known of the incident, filled in, and what people have to add. Markdown; text from
 * outside can't become markup in it. Pure.
 */
export const incidentText = (page: RunPage): string => {
  const { story, service, env, run, user, host, left, wayBack } = page;
  return `# Incident: ${plain(service)} ${plain(env)}, ${formatInstant(page.openedAtMs)}

## Summary

${plain(firstSentence(story))}

- Run: ${code(run)}, begun by ${plain(user)} on ${plain(host)}
- Now: ${plain(asSentence(story.now))}
- Way back: ${wayBack === null ? 'none' : wayBack.file === null ? 'the release alone' : code(wayBack.file)}${(wayBack?.proofs ?? []).map((proof) => `\n- ${plain(asSentence(proof))}`).join('')}

## Impact

${plain(asSentence(story.why ?? 'Not known from the record'))} Who noticed it, and what they lost: (to be filled in)

## Downtime

${downWords(page)}

## Timeline

${timelineText(page)}

## Data set aside

${dataText(page)}

## Checklist

${checklist(page)}

## Follow-ups

${left.map(({ text, command }) => `- [ ] ${plain(asSentence(text))}${command === null ? '' : ` ${code(command)}`}`).join('\n') || '- [ ] (to be filled in)'}
- [ ] Owner and date of each

Record: ${code(page.head)}
`;
};
