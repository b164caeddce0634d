import { openEnvironment } from '../../environment/environment.ts';
import { type ServiceAct, serviceByHand } from '../../takeover/service-by-hand.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface ServiceFlags extends GlobalOptions {
  readonly env: string;
  readonly reason: string;
}

const descriptions: Record<ServiceAct, string> = {
  start: 'start the active release, wait until it is healthy, and put that on the record',
  stop: 'stop the active release, see that it stopped, and put that on the record',
};

export const registerService: Register = (program, run) => {
  for (const act of ['start', 'stop'] as const)
    withGlobalOptions(
      program
        .command(act)
        .description(descriptions[act])
        .requiredOption('--env <name>', 'environment of rollout.yaml')
        .option('--reason <text>', 'why, for the record', 'by hand'),
    ).action((flags: ServiceFlags) =>
      run(act, flags, async (context) =>
        serviceByHand(context, await openEnvironment(context, flags.env), act, flags.reason),
      ),
    );
};
