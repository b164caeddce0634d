import { explain } from '@dhash/quality-gates';
import { lookAtGates } from '@dhash/quality-gates/config';
import { lookAtService } from '../service/look-at-service.ts';
import { policyOf, serviceOf, type WatchServiceOptions } from '../service/watch-service.ts';
import { plain } from '../view/format.ts';
import type { Format } from './read-arguments.ts';

/** Looks at each gate on what the service shows now: a line a gate. Gives the exit code. */
export const runLook = async (
  options: WatchServiceOptions & { readonly signal: AbortSignal },
  format: Format,
  say: (line: string) => void,
): Promise<number> => {
  const policy = await policyOf(options);
  const { signal, version } = options;
  const { samples, names, warnings } = await lookAtService(serviceOf(options), {
    policy,
    version,
    signal,
  });
  const gates = lookAtGates(policy, samples, { names });
  const exit = gates.every(({ state }) => state === 'ready') ? 0 : 3;
  if (format === 'json') {
    say(JSON.stringify({ type: 'result', gates, warnings, sample: samples.at(-1), exit }));
    return exit;
  }
  for (const line of explain(policy)) say(plain(line));
  for (const { state, sentence } of gates) say(plain(`${state}: ${sentence}`));
  for (const warning of warnings) say(plain(`warning: ${warning}`));
  return exit;
};
