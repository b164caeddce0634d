import type { ServiceNow } from '../environment/service-now.ts';
import { runWords } from '../record/run-words.ts';
import { type Situation, standingOf } from '../record/standing.ts';
import { isDown } from './read-status.ts';

/** Why the service is down, as far as the newest run tells. */
const whyDown = ({ state, held }: Situation): string => {
  if (state === null || state.closed) return 'no run is open that stopped it';
  const word = state.status === 'rolling back' ? 'rollback' : runWords[state.kind];
  if (state.service === 'untouched') return `no step of the open ${word} stopped it`;
  const where = state.at === null ? '' : ` at ${state.at}`;
  return held === 'change'
    ? `stopped by the ${word} that is running now${where}`
    : `stopped by this ${word}, cut off${where}`;
};

/**
 * The state in words, one line: what someone at 3 a.m. must know first. Pure.
 */
export const headline = (
  { config }: { readonly config: { readonly service: string; readonly env: string } },
  now: { readonly service: ServiceNow; readonly situation: Situation },
): string => {
  const { service, situation } = now;
  const place = `${config.service} ${config.env}`;
  if (isDown(now)) return `${config.env.toUpperCase()} IS DOWN: ${whyDown(situation)}`;
  const health = service.health.ok === true ? 'is up' : 'ANSWERS BUT IS NOT WELL';
  const release = service.active === null ? 'no release is active' : `release ${service.active}`;
  const up = service.active === null ? `${place}: ${release}` : `${place} ${health}: ${release}`;
  return `${up}; ${openWords(situation)}`;
};

const openWords = (situation: Situation): string => {
  const { state, held, drift } = situation;
  if (state === null) return 'no run yet';
  if (drift !== null) return `${drift}`;
  switch (standingOf(situation)) {
    case 'closed':
      return 'no run is open';
    case 'deploying':
      return held === 'change' ? 'a deploy is running' : 'a deploy was cut off';
    case 'undoing':
      return held === 'change' ? 'a deploy is being undone' : 'the undo of a deploy was cut off';
    case 'unmigrating':
      return held === 'change'
        ? 'a migration is being taken back'
        : 'the undo of a migration was cut off';
    case 'migrating':
      return held === 'change' ? 'a migration is running' : 'a migration was cut off';
    case 'asked to roll back':
      return 'a rollback had begun nothing yet';
    case 'awaiting guard':
      return 'NOBODY WATCHES IT: its deploy awaits its guard';
    case 'watched':
      return held === 'watch' ? 'its watch is running' : 'NOBODY WATCHES IT: its watch was cut off';
    case 'inconclusive':
      return 'its watch could not decide';
    case 'gate broke':
      return 'A GATE BROKE and nothing was rolled back: a person must act';
    case 'rolling back':
      return held === 'change' ? 'a rollback is running' : 'A ROLLBACK WAS CUT OFF';
    case 'not validated':
      return 'A ROLLBACK DID NOT VALIDATE: people are needed';
    case 'not rolled back':
      return 'A GATE BROKE AND THE ROLLBACK COULD NOT BE DONE: people are needed';
    case 'deploy stuck':
    case 'migration stuck':
      return 'AN UNDO FAILED: people are needed';
  }
};
